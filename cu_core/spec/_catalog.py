"""What Lethe offers, declared in the files of its registries and told to pages as these cards."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from cu_core.spec._recorded import Recorded


class KnobCard(Recorded):
    """A knob: ``low`` and ``high`` of numbers, ``options`` of a choice; ``symbol`` is LaTeX."""

    name: str
    type: Literal["integer", "number", "boolean", "choice"]
    default: Any
    low: int | float | None = None
    high: int | float | None = None
    options: tuple[str, ...] | None = None
    symbol: str = ""
    unit: str = ""
    log: bool = False
    main: bool = False
    help: str = ""


class MethodCard(Recorded):
    """An unlearning method. ``kinds``: "class", "sample"; ``presets``: name -> knobs; ``below``:
    pairs of knobs of which the first must be below the second."""

    key: str
    title: str
    paper: str = ""
    idea: str = ""
    loss: str = ""
    epoch_over: str = ""
    uses_forget: bool = True
    uses_retain: bool = True
    augments: bool = False
    kinds: tuple[str, ...] = ()
    below: tuple[tuple[str, str], ...] = ()
    presets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    knobs: tuple[KnobCard, ...] = ()


class MetricCard(Recorded):
    """A metric. ``better``: near the retrained model's value, or low, or high. ``quiet``: tables
    leave it out where it has no value."""

    key: str
    title: str
    unit: str = ""
    range: tuple[float, float] = (0.0, 100.0)
    better: Literal["retrained", "low", "high"] = "retrained"
    help: str = ""
    over: str = "all"
    per_class: bool = False
    quiet: bool = False


class NetworkCard(Recorded):
    """A network that Lethe can train."""

    key: str
    title: str
    help: str = ""
    heads: tuple[str, ...] = ("plain",)


class OriginCard(Recorded):
    """A place that networks come from, by a key such as ``example``. ``missing``: what is to be
    installed first, a sentence, "" when it can be used."""

    key: str
    title: str
    help: str = ""
    example: str = ""
    missing: str = ""


class DataCard(Recorded):
    """A data source."""

    key: str
    title: str
    help: str = ""
    needs_path: bool = False
    needs_download: bool = False
    downloaded: bool = True


class RuleCard(Recorded):
    """A rule: one to forget by, to plant by, to stop by or to pause at. ``example``: as a request
    holds it; ``control``: what asks for the rest of a forget rule, ``endings``: of a file that it
    asks for.
    """

    key: str
    title: str
    help: str = ""
    example: str = ""
    control: str = ""
    endings: tuple[str, ...] = ()


class DeviceCard(Recorded):
    """What computes here."""

    key: str
    label: str


class Catalog(Recorded):
    """Everything a page offers. ``warning``: what is wrong with the installation, if anything."""

    methods: tuple[MethodCard, ...] = ()
    metrics: tuple[MetricCard, ...] = ()
    models: tuple[NetworkCard, ...] = ()
    origins: tuple[OriginCard, ...] = ()
    datasets: tuple[DataCard, ...] = ()
    plants: tuple[RuleCard, ...] = ()
    forget_rules: tuple[RuleCard, ...] = ()
    stop_rules: tuple[RuleCard, ...] = ()
    events: tuple[RuleCard, ...] = ()
    device: DeviceCard = DeviceCard(key="cpu", label="")
    warning: str | None = None
