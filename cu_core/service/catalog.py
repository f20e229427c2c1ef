"""What Lethe offers, as plain JSON: a page builds its controls from this and needs no torch."""

import os
from typing import Any

import torch

from cu_core import data, engine, forget, methods, metrics, models
from cu_core.models.selfcheck import check_torchvision
from cu_core.spec import STOP_RULES, Method, RuleCard


def knob_cards(cls: type[Method]) -> list[dict[str, Any]]:
    """One plain dict per knob: name, type, default, low, high, options, symbol, unit, help."""
    cards = []
    for name, schema in cls.model_json_schema()["properties"].items():
        kind = "choice" if "enum" in schema else schema["type"]
        card = {k: schema.get(k) for k in ("default", "symbol", "unit", "log", "main")}
        card |= {"name": name, "type": kind, "help": schema["description"]}
        card |= {"low": schema.get("minimum"), "high": schema.get("maximum")}
        cards.append(card | {"options": schema.get("enum")})
    return cards


def method_cards() -> list[dict[str, Any]]:
    cards = []
    for key in methods.names():
        cls = methods.get(key)
        card: dict[str, Any] = {
            name: getattr(cls, name) for name in ("paper", "idea", "loss", "epoch_over")
        }
        card |= {n: getattr(cls, n) for n in ("uses_forget", "uses_retain", "augments")}
        card |= {"key": key, "title": cls.label, "kinds": list(cls.kinds)}
        card["presets"] = {name: dict(knobs) for name, knobs in cls.presets.items()}
        cards.append(card | {"knobs": knob_cards(cls)})
    return cards


def metric_cards() -> list[dict[str, Any]]:
    return [
        {
            name: getattr(m, name)
            for name in ("key", "title", "unit", "range", "better", "help", "over", "per_class")
        }
        for m in metrics.all_metrics().values()
    ]


def model_cards() -> list[dict[str, Any]]:
    return [
        {"key": a.key, "title": a.title, "help": a.help, "heads": list(a.heads)}
        for a in models.info()
    ]


def data_cards(home: Any) -> list[dict[str, Any]]:
    return [
        {
            "key": s.key,
            "title": s.title,
            "help": s.help,
            "needs_path": s.needs_path,
            "needs_download": s.needs_download,
            "downloaded": not s.needs_download or data.downloaded(s.key, home),
        }
        for s in data.sources()
    ]


def forget_rule_cards() -> tuple[RuleCard, ...]:
    return tuple(
        RuleCard(
            key=rule.key,
            title=rule.title,
            help=rule.help,
            example=rule.example,
            control=rule.control,
            endings=rule.endings,
        )
        for rule in forget.rules()
    )


def stop_rule_cards() -> tuple[RuleCard, ...]:
    rules = STOP_RULES.values()
    return tuple(RuleCard(key=rule.key, title=rule.title, help=rule.help) for rule in rules)


def device_card() -> dict[str, str]:
    key = engine.pick_device()
    label = f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"
    if key == "cuda":
        label = torch.cuda.get_device_name()
    return {"key": key, "label": label if key != "mps" else "Apple GPU"}


def catalog(home: Any) -> dict[str, Any]:
    """Everything a page offers, declared once in the files of the registries."""
    return {
        "methods": method_cards(),
        "metrics": metric_cards(),
        "models": model_cards(),
        "datasets": data_cards(home),
        "forget_rules": forget_rule_cards(),
        "stop_rules": stop_rule_cards(),
        "device": device_card(),
        "warning": check_torchvision(),
    }
