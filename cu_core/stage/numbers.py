"""What was measured, in words: the few figures that matter most, each with the question that it
answers, and the whole table. Pages draw it, and so does what is handed out.

Several retrained seeds make a band of every reference; where the unlearned model lies no further
from one than they do from each other, the gap says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from cu_core.spec import BOUNDS, FEW, HALVES, HIGH, LOW, MetricCard, ModelValues, Summary

NO_REFERENCE = "no retrained reference"
FORGOT, KEPT, KNOWS = "Forgot?", "Kept?", "Still knows?"  # what a tile answers
FIRST = {  # the tiles in the order of what they mean
    "planted_home": FORGOT,
    "planted_trigger": FORGOT,
    "forget_acc_test": FORGOT,
    "ta": KEPT,
    "knn_probe_forget": KNOWS,
    "ra": KEPT,
    "forget_acc_train": FORGOT,
    "ua": FORGOT,
}
GROUPS = {  # of the table, by how a metric's key begins; the longest beginning counts
    "Forgot": ("forget", "ua", "planted", "prediction", "profile", "js_", "activation", "zrf"),
    "Kept": ("ra", "ta", "test_acc", "cka_retain", "cka_layers_retain"),
    "Features": ("knn", "linear", "prototype", "rho", "centroid", "centrality", "cka"),
    "Privacy": ("mia",),
    "Cost of bringing it back": ("relearn", "ain"),
}
OTHERS, MISSING = "Other measures", "Not computed"
ORDER = (*GROUPS, OTHERS, MISSING)
FAR = 0.05  # of a metric's range: a gap to retrained that is marked
WORTH = 1.0  # percent: of a metric with a value for each class, rows below it are left out
INSIDE = "seeds differ as much"
HEADS = ("Unlearned", "Original", "Retrained", "Gap to retrained")


@dataclass(frozen=True)
class Tile:
    """One figure. ``question``: "" where none is declared; ``gap``: "" without a reference;
    ``bars``: (model, share of the metric's range in 0..1) of each that has a value."""

    metric: MetricCard
    question: str
    value: str
    original: str
    retrained: str
    gap: str
    inside: str
    bars: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Cell:
    """``text``: "" without a value, and ``why`` then says why, where that is known; ``more``: what
    stands small under it."""

    text: str
    more: str = ""
    why: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the table. ``key``: of the metric, or of a part of one; ``help``: "" of a part;
    ``cells``: by ``HEADS``, none where the parts have the values; ``far``: whether the gap to
    retrained is worth an eye."""

    key: str
    title: str
    help: str
    group: str
    cells: tuple[Cell, ...] = ()
    part: bool = False
    far: bool = False


def tiles(
    metrics: Sequence[MetricCard],
    summary: Summary,
    counts: Mapping[str, int] | None = None,
    limit: int = 4,
) -> list[Tile]:
    """The few numbers that matter most, beside original and retrained. ``counts``: of how many
    samples a metric is a share, where that is known."""
    known = {m.key: m for m in metrics if is_number(summary.metrics.get(m.key))}
    keys = [*(k for k in FIRST if k in known), *(k for k in known if k not in FIRST)]
    return [_tile(known[key], summary, (counts or {}).get(key, 0)) for key in keys[:limit]]


def _tile(metric: MetricCard, summary: Summary, n: int) -> Tile:
    key = metric.key
    value, before = summary.metrics[key], summary.original.get(key)
    beside = (summary.retrained or {}).get(key)
    bars = (_bar(*one, metric) for one in (("original", before), ("retrained", beside)))
    return Tile(
        metric=metric,
        question=FIRST.get(key, ""),
        value=_share(value, metric, n),
        original=_share(before, metric, n),
        retrained=_share(beside, metric, n),
        gap=gap(value, beside, metric),
        inside=_inside(summary, key),
        bars=tuple(bar for bar in (*bars, _bar("now", value, metric)) if bar),
    )


def _bar(name: str, value: float | None, metric: MetricCard) -> tuple[str, float] | None:
    low, high = metric.range
    if not (is_number(value) and math.isfinite(high - low) and high > low):
        return None
    return name, min(max((value - low) / (high - low), 0.0), 1.0)


def rows(
    metrics: Sequence[MetricCard], summary: Summary, class_names: Sequence[str] = ()
) -> list[Row]:
    """Every metric by its group, in ``ORDER``; those without a value last, with the reason."""
    found = [row for metric in metrics for row in _rows(metric, summary, class_names)]
    return sorted(found, key=lambda row: ORDER.index(row.group))


def small_print(summary: Summary) -> str:
    """What the small figures in the table are."""
    interval = "The range under an attack's value is its 95 % interval."
    if not summary.retrained:
        interval = f"{interval} There is {NO_REFERENCE} to compare with."
    seeds = len(summary.retrained_seeds)
    if seeds < 2:
        return interval
    return (
        f"Under a value of the retrained model stands the band of {seeds} seeds, lowest to "
        f'highest; "{INSIDE}" under a gap that is no wider than that between two of them. '
        f"{interval}"
    )


def _group(metric: MetricCard, summary: Summary) -> str:
    if not is_number(summary.metrics.get(metric.key)) and not any(
        is_number(summary.metrics.get(part)) for part in _parts(metric, summary)
    ):
        return MISSING
    fitting = [
        (len(start), name)
        for name, starts in GROUPS.items()
        for start in starts
        if metric.key.startswith(start)
    ]
    return max(fitting)[1] if fitting else OTHERS


def _rows(metric: MetricCard, summary: Summary, class_names: Sequence[str]) -> Iterator[Row]:
    """A metric's row; of one with several values (by layer, by class) a row for each of them."""
    key, title = metric.key, f"{metric.title}{_unit(metric)}"
    parts, group = _parts(metric, summary), _group(metric, summary)
    if metric.quiet and not any(_known(key, summary)):
        return
    if key in summary.metrics or key in summary.reasons:
        far = _is_far(key, metric, summary)
        yield Row(key, title, metric.help, group, _cells(key, metric, summary), far=far)
    elif parts:
        yield Row(key, title, metric.help, group)
    for part in parts:
        name, far = _part_title(part, metric, class_names), _is_far(part, metric, summary)
        yield Row(part, name, "", group, _cells(part, metric, summary), part=True, far=far)


def _is_far(key: str, metric: MetricCard, summary: Summary) -> bool:
    """Whether the gap to retrained is worth an eye: wider than the seeds', and than FAR."""
    value, beside = summary.metrics.get(key), (summary.retrained or {}).get(key)
    if not (is_number(value) and is_number(beside)) or summary.inside.get(key):
        return False
    reach = metric.range[1] - metric.range[0]
    return math.isfinite(reach) and abs(value - beside) > FAR * reach


def _known(key: str, summary: Summary) -> list[bool]:
    """Of the three models, which have a value."""
    sources = (summary.metrics, summary.original, summary.retrained or {})
    return [is_number(source.get(key)) for source in sources]


def _part_title(part: str, metric: MetricCard, class_names: Sequence[str]) -> str:
    """The class or the block of the network that the part of a metric is of."""
    name = part.partition("/")[2]
    if metric.per_class:
        return class_names[int(name)] if int(name) < len(class_names) else f"class {name}"
    return f"block {name}" if name.isdigit() else name


def _parts(metric: MetricCard, summary: Summary) -> list[str]:
    """Keys of the values by block or class; a class that none of the models gives is left out."""
    sources = (summary.metrics, summary.original, summary.retrained or {})
    found = [
        part
        for part in dict.fromkeys(k for source in sources for k in source)
        if part.startswith(f"{metric.key}/") and not part.endswith((*BOUNDS, *HALVES))
    ]
    if metric.per_class:
        found = [p for p in found if any((source.get(p) or 0.0) >= WORTH for source in sources)]
    return found


def _cells(key: str, metric: MetricCard, summary: Summary) -> tuple[Cell, ...]:
    values, retrained = summary.metrics, summary.retrained
    value, beside = values.get(key), (retrained or {}).get(key)
    n, why = summary.counts.get(key, 0), summary.reasons.get(key, "")
    return (
        Cell(_text(value, metric, n), _interval(key, values, metric), why),
        Cell(_text(summary.original.get(key), metric, n)),
        Cell(_text(beside, metric, n), _band(key, summary, metric)),
        Cell(gap(value, beside, metric), _inside(summary, key)),
    )


def _interval(key: str, values: ModelValues, metric: MetricCard) -> str:
    """The 95 % bootstrap over samples, where the metric has one."""
    return _span(*(_text(values.get(f"{key}/{end}"), metric) for end in (LOW, HIGH)))


def _band(key: str, summary: Summary, metric: MetricCard) -> str:
    """Lowest and highest of the retrained seeds."""
    band = summary.band.get(key)
    return _span(_text(band.low, metric), _text(band.high, metric)) if band else ""


def _span(low: str, high: str) -> str:
    """ "89.9 % to 90.7 %"; "" where there is none, or nothing between."""
    return f"{low} to {high}" if low and high and low != high else ""


def _inside(summary: Summary, key: str) -> str:
    """Said of a gap that there is."""
    return INSIDE if summary.gap.get(key) and summary.inside.get(key) else ""


def _text(value: float | None, metric: MetricCard, n: int = 0) -> str:
    """A value as a cell has it: "%" alone is short enough for a column of numbers, which is narrow;
    another unit stands beside the title."""
    if metric.unit == "%":
        return _share(value, metric, n)
    return f"{value:,.3g}" if is_number(value) else ""


def _unit(metric: MetricCard) -> str:
    """The unit for beside the title, unless that holds it."""
    return "" if metric.unit in ("", "%") or metric.unit in metric.title else f" ({metric.unit})"


# --- numbers ----------------------------------------------------------------------------------


def is_number(value: float | None) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def metric_text(value: float | None, metric: MetricCard, digits: int = 1) -> str:
    """A metric's value with its unit: percent with one decimal, none (``digits=0``) in sentences.

    "" where there is no number.
    """
    if not is_number(value):
        return ""
    if metric.unit == "%":
        return f"{value * percent(metric):.{digits}f} %"
    return f"{value:,.3g}{' ' * bool(metric.unit)}{metric.unit}"


def _share(value: float | None, metric: MetricCard, n: int) -> str:
    """A percentage of few samples as a count: "5 of 6"."""
    if not is_number(value) or metric.unit != "%" or not 0 < n < FEW:
        return metric_text(value, metric)
    return f"{round(value * percent(metric) * n / 100):,} of {n:,}"


def percent(metric: MetricCard) -> float:
    """What a value in percent is multiplied with: 100 where the metric counts from 0 to 1."""
    return 100.0 if metric.unit == "%" and metric.range[1] <= 1 else 1.0


def gap(value: float | None, reference: float | None, metric: MetricCard) -> str:
    """How far from the retrained model, with its sign; points where the unit is percent."""
    if not (is_number(value) and is_number(reference)):
        return ""
    far = (value - reference) * percent(metric)
    if metric.unit != "%":
        return f"{far:+,.3g}".replace("-", "\u2212") if far else "0"
    far = round(far, 1)
    return f"{far:+.1f} points".replace("-", "\u2212") if far else "0.0 points"
