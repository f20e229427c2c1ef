"""What was measured, in tiles and in a table: unlearned, original, retrained, and the gap between.

Several retrained seeds make a band of every reference; where the unlearned model lies no further
from one than they do from each other, the gap says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import streamlit as st

from cu_core.spec import MetricCard, ModelValues, Summary
from ui.blocks import NO_REFERENCE, gap, is_number, metric_text, note

FIRST = ("forget_acc_test", "knn_probe_forget", "ra", "ta", "ua")
WORTH = 1.0  # percent: of a metric with a value for each class, rows below it are left out
INSIDE = "seeds differ as much"
HEADS = ("Unlearned", "Original", "Retrained", "Gap to retrained")


def tiles(metrics: Sequence[MetricCard], summary: Summary, limit: int = 4) -> None:
    """The few numbers that matter most: value, retrained value, gap."""
    values, retrained = summary.metrics, summary.retrained or {}
    known = {m.key: m for m in metrics if m.key in values}
    keys = [*(k for k in FIRST if k in known), *(k for k in known if k not in FIRST)]
    made = []
    for metric in [known[k] for k in keys if is_number(values[k])][:limit]:
        key = metric.key
        far = gap(values[key], retrained.get(key), metric)
        beside = metric_text(retrained.get(key), metric)
        text = f"retrained {beside} · gap {far}" if far else NO_REFERENCE
        text = ", ".join(part for part in (text, _inside(summary, key)) if part)
        made.append(
            f'<div title="{escape(metric.help)}"><div>{escape(metric.title)}</div>'
            f'<div class="value">{escape(metric_text(values[key], metric))}</div>'
            f'<div class="lethe-help">{escape(text)}</div></div>'
        )
    if made:
        st.html(f'<div class="lethe-tiles">{"".join(made)}</div>')


def table(metrics: Sequence[MetricCard], summary: Summary, class_names: Sequence[str] = ()) -> None:
    """Every metric: unlearned, original, retrained, gap; where one is missing, why."""
    note(_small_print(summary))
    rows = [row for metric in metrics for row in _rows(metric, summary, class_names)]
    heads = "".join(f'<th scope="col" class="number">{name}</th>' for name in HEADS)
    st.html(
        f'<table class="lethe-table"><thead><tr><th scope="col">Metric</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _small_print(summary: Summary) -> str:
    """What the small figures in the table are."""
    interval = "The range under an attack's value is its 95 % interval."
    seeds = len(summary.retrained_seeds)
    if seeds < 2:
        return interval
    return (
        f"Under a value of the retrained model stands the band of {seeds} seeds, lowest to "
        f'highest; "{INSIDE}" under a gap that is no wider than that between two of them. '
        f"{interval}"
    )


def _rows(metric: MetricCard, summary: Summary, class_names: Sequence[str]) -> Iterator[str]:
    """A metric's row; of one with several values (by layer, by class) a row for each of them."""
    title = escape(f"{metric.title}{_unit(metric)}")
    about = f'{title}<div class="lethe-help">{escape(metric.help)}</div>'
    parts = _parts(metric, summary)
    if metric.quiet and not any(_known(metric.key, summary)):
        return
    if metric.key in summary.metrics or metric.key in summary.reasons:
        yield _row(f'<th scope="row">{about}</th>', _cells(metric.key, metric, summary))
    elif parts:
        yield _row(f'<th scope="row">{about}</th>', "<td></td>" * len(HEADS))
    for part in parts:
        head = f'<th scope="row" class="part">{escape(_part_title(part, metric, class_names))}</th>'
        yield _row(head, _cells(part, metric, summary), "part")


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


def _row(head: str, cells: str, kind: str = "") -> str:
    return f'<tr class="{kind}">{head}{cells}</tr>'


def _parts(metric: MetricCard, summary: Summary) -> list[str]:
    """Keys of the values by block or class; a class that none of the models gives is left out."""
    sources = (summary.metrics, summary.original, summary.retrained or {})
    found = [
        part
        for part in dict.fromkeys(k for source in sources for k in source)
        if part.startswith(f"{metric.key}/") and not part.endswith(("/low", "/high"))
    ]
    if metric.per_class:
        found = [p for p in found if any((source.get(p) or 0.0) >= WORTH for source in sources)]
    return found


def _cells(key: str, metric: MetricCard, summary: Summary) -> str:
    values, retrained = summary.metrics, summary.retrained
    value, beside = values.get(key), (retrained or {}).get(key)
    missing = None if retrained else NO_REFERENCE
    return "".join(
        (
            _cell(_text(value, metric), summary.reasons.get(key), _interval(key, values, metric)),
            _cell(_text(summary.original.get(key), metric), None),
            _cell(_text(beside, metric), missing, _band(key, summary, metric)),
            _cell(gap(value, beside, metric), None, _inside(summary, key)),
        )
    )


def _span(low: str, high: str) -> str:
    """ "89.9 % to 90.7 %"; "" where there is none, or nothing between."""
    return f"{low} to {high}" if low and high and low != high else ""


def _interval(key: str, values: ModelValues, metric: MetricCard) -> str:
    """The 95 % bootstrap over samples, where the metric has one."""
    return _span(*(_text(values.get(f"{key}/{end}"), metric) for end in ("low", "high")))


def _band(key: str, summary: Summary, metric: MetricCard) -> str:
    """Lowest and highest of the retrained seeds."""
    band = summary.band.get(key)
    return _span(_text(band.low, metric), _text(band.high, metric)) if band else ""


def _inside(summary: Summary, key: str) -> str:
    """Said of a gap that there is."""
    return INSIDE if summary.gap.get(key) and summary.inside.get(key) else ""


def _text(value: float | None, metric: MetricCard) -> str:
    """A value as a cell has it: "%" alone is short enough for a column of numbers, which is narrow;
    another unit stands beside the title."""
    if metric.unit == "%":
        return metric_text(value, metric)
    return f"{value:,.3g}" if is_number(value) else ""


def _unit(metric: MetricCard) -> str:
    """The unit for beside the title, unless that holds it."""
    return "" if metric.unit in ("", "%") or metric.unit in metric.title else f" ({metric.unit})"


def _cell(text: str, reason: str | None, more: str = "") -> str:
    if not text:
        return f'<td class="number words lethe-help">{escape(reason or "–")}</td>'
    small = f'<div class="lethe-help">{escape(more)}</div>' if more else ""
    return f'<td class="number">{escape(text)}{small}</td>'
