"""What Lethe offers, told to pages as plain cards: they build their controls of these, and need no
torch."""

import os
from pathlib import Path

import torch

from cu_core import data, engine, events, forget, methods, metrics, models
from cu_core.data import plants
from cu_core.models.selfcheck import check_torchvision
from cu_core.spec import (
    STOP_RULES,
    Catalog,
    DataCard,
    DeviceCard,
    MetricCard,
    NetworkCard,
    OriginCard,
    RuleCard,
)


def metric_cards() -> tuple[MetricCard, ...]:
    fields = MetricCard.model_fields
    return tuple(
        MetricCard(**{name: getattr(metric, name) for name in fields})
        for metric in metrics.all_metrics().values()
    )


def network_cards() -> tuple[NetworkCard, ...]:
    return tuple(
        NetworkCard(**{name: getattr(declared, name) for name in NetworkCard.model_fields})
        for declared in models.info()
    )


def origin_cards() -> tuple[OriginCard, ...]:
    return tuple(
        OriginCard(**{name: getattr(origin, name) for name in OriginCard.model_fields})
        for origin in models.all_origins()
    )


def data_cards(home: Path) -> tuple[DataCard, ...]:
    return tuple(
        DataCard(
            key=source.key,
            title=source.title,
            help=source.help,
            needs_path=source.needs_path,
            needs_download=source.needs_download,
            downloaded=not source.needs_download or data.downloaded(source.key, home),
        )
        for source in data.sources()
    )


def stop_rule_cards() -> tuple[RuleCard, ...]:
    rules = STOP_RULES.values()
    return tuple(RuleCard(key=rule.key, title=rule.title, help=rule.help) for rule in rules)


def device_card() -> DeviceCard:
    key = engine.pick_device()
    label = f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"
    if key == "cuda":
        label = torch.cuda.get_device_name()
    return DeviceCard(key=key, label=label if key != "mps" else "Apple GPU")


def catalog(home: Path) -> Catalog:
    """Everything a page offers, declared once in the files of the registries."""
    return Catalog(
        methods=tuple(methods.cards().values()),
        metrics=metric_cards(),
        models=network_cards(),
        origins=origin_cards(),
        datasets=data_cards(home),
        plants=tuple(plants.cards().values()),
        forget_rules=tuple(forget.cards().values()),
        stop_rules=stop_rule_cards(),
        events=events.cards(),
        device=device_card(),
        warning=check_torchvision(),
    )
