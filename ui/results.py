"""What was measured, in tiles and in a table: unlearned, original, retrained, and the gap between.

Several retrained seeds make a band of every reference; where the unlearned model lies no further
from one than they do from each other, the gap says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import streamlit as st

from cu_core.spec import BOUNDS, FEW, HIGH, LOW, MetricCard, ModelValues, Summary
from ui.blocks import NO_REFERENCE, gap, is_number, metric_text, note, percent, term

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
FAR = 0.05  # of a metric's range: a gap to retrained that is marked
WORTH = 1.0  # percent: of a metric with a value for each class, rows below it are left out
INSIDE = "seeds differ as much"
HEADS = ("Unlearned", "Original", "Retrained", "Gap to retrained")


def tiles(
    metrics: Sequence[MetricCard],
    summary: Summary,
    counts: Mapping[str, int] | None = None,
    limit: int = 4,
) -> None:
    """The few numbers that matter most, each with the question that it answers, beside original
    and retrained. ``counts``: of how many samples a metric is a share, where that is known."""
    known = {m.key: m for m in metrics if is_number(summary.metrics.get(m.key))}
    keys = [*(k for k in FIRST if k in known), *(k for k in known if k not in FIRST)]
    made = [_tile(known[key], summary, (counts or {}).get(key, 0)) for key in keys[:limit]]
    if made:
        st.html(f'<div class="lethe-tiles">{"".join(made)}</div>')


def _tile(metric: MetricCard, summary: Summary, n: int) -> str:
    key = metric.key
    value, beside = summary.metrics[key], (summary.retrained or {}).get(key)
    far = gap(value, beside, metric)
    text = f"retrained {_share(beside, metric, n)} · gap {far}" if far else NO_REFERENCE
    text = ", ".join(part for part in (text, _inside(summary, key)) if part)
    models = (("original", summary.original.get(key)), ("retrained", beside), ("now", value))
    bars = "".join(_bar(name, one, metric) for name, one in models)
    return (
        f'<div title="{escape(metric.help)}"><div class="lethe-help">{FIRST.get(key, "")}</div>'
        f'<div>{escape(metric.title)}</div><div class="value">'
        f"{escape(_share(value, metric, n))}</div>"
        f'<div class="bars" aria-hidden="true">{bars}</div>'
        f'<div class="lethe-help">{escape(text)}</div></div>'
    )


def _share(value: float | None, metric: MetricCard, n: int) -> str:
    """A percentage of few samples as a count: "5 of 6"."""
    if not is_number(value) or metric.unit != "%" or not 0 < n < FEW:
        return metric_text(value, metric)
    return f"{round(value * percent(metric) * n / 100):,} of {n:,}"


def _bar(name: str, value: float | None, metric: MetricCard) -> str:
    low, high = metric.range
    if not (is_number(value) and math.isfinite(high - low) and high > low):
        return ""
    width = min(max((value - low) / (high - low), 0.0), 1.0) * 100
    return f'<span>{name}</span><i class="{name}"><i style="width:{width:.1f}%"></i></i>'


def table(metrics: Sequence[MetricCard], summary: Summary, class_names: Sequence[str] = ()) -> None:
    """Every metric in its group: unlearned, original, retrained, gap; those without a value last,
    with the reason."""
    note(_small_print(summary))
    rows: dict[str, list[str]] = {name: [] for name in (*GROUPS, OTHERS, MISSING)}
    for metric in metrics:
        found = list(_rows(metric, summary, class_names))
        rows[_group(metric, summary)] += found
    heads = "".join(f'<th scope="col" class="number">{term(name)}</th>' for name in HEADS)
    bodies = "".join(
        f'<tr class="group"><th colspan="{len(HEADS) + 1}" scope="rowgroup">{name}</th></tr>'
        + "".join(own)
        for name, own in rows.items()
        if own
    )
    st.html(
        f'<div class="lethe-scroll"><table class="lethe-table"><thead><tr><th scope="col">Metric'
        f"</th>{heads}</tr></thead><tbody>{bodies}</tbody></table></div>"
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


def _small_print(summary: Summary) -> str:
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


def _rows(metric: MetricCard, summary: Summary, class_names: Sequence[str]) -> Iterator[str]:
    """A metric's row; of one with several values (by layer, by class) a row for each of them."""
    title = escape(f"{metric.title}{_unit(metric)}")
    about = f'{title}<div class="lethe-help">{escape(metric.help)}</div>'
    parts = _parts(metric, summary)
    if metric.quiet and not any(_known(metric.key, summary)):
        return
    if metric.key in summary.metrics or metric.key in summary.reasons:
        kind = "far" if _is_far(metric.key, metric, summary) else ""
        yield _row(f'<th scope="row">{about}</th>', _cells(metric.key, metric, summary), kind)
    elif parts:
        yield _row(f'<th scope="row">{about}</th>', "<td></td>" * len(HEADS))
    for part in parts:
        head = f'<th scope="row" class="part">{escape(_part_title(part, metric, class_names))}</th>'
        kind = "part far" if _is_far(part, metric, summary) else "part"
        yield _row(head, _cells(part, metric, summary), kind)


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


def _row(head: str, cells: str, kind: str = "") -> str:
    return f'<tr class="{kind}">{head}{cells}</tr>'


def _parts(metric: MetricCard, summary: Summary) -> list[str]:
    """Keys of the values by block or class; a class that none of the models gives is left out."""
    sources = (summary.metrics, summary.original, summary.retrained or {})
    found = [
        part
        for part in dict.fromkeys(k for source in sources for k in source)
        if part.startswith(f"{metric.key}/") and not part.endswith(BOUNDS)
    ]
    if metric.per_class:
        found = [p for p in found if any((source.get(p) or 0.0) >= WORTH for source in sources)]
    return found


def _cells(key: str, metric: MetricCard, summary: Summary) -> str:
    values, retrained = summary.metrics, summary.retrained
    value, beside = values.get(key), (retrained or {}).get(key)
    n, why = summary.counts.get(key, 0), summary.reasons.get(key)
    return "".join(
        (
            _cell(_text(value, metric, n), why, _interval(key, values, metric)),
            _cell(_text(summary.original.get(key), metric, n), None),
            _cell(_text(beside, metric, n), None, _band(key, summary, metric)),
            _cell(gap(value, beside, metric), None, _inside(summary, key)),
        )
    )


def _span(low: str, high: str) -> str:
    """ "89.9 % to 90.7 %"; "" where there is none, or nothing between."""
    return f"{low} to {high}" if low and high and low != high else ""


def _interval(key: str, values: ModelValues, metric: MetricCard) -> str:
    """The 95 % bootstrap over samples, where the metric has one."""
    return _span(*(_text(values.get(f"{key}/{end}"), metric) for end in (LOW, HIGH)))


def _band(key: str, summary: Summary, metric: MetricCard) -> str:
    """Lowest and highest of the retrained seeds."""
    band = summary.band.get(key)
    return _span(_text(band.low, metric), _text(band.high, metric)) if band else ""


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


def _cell(text: str, reason: str | None, more: str = "") -> str:
    if not text:
        return f'<td class="number words lethe-help">{escape(reason or "–")}</td>'
    small = f'<div class="lethe-help">{escape(more)}</div>' if more else ""
    return f'<td class="number">{escape(text)}{small}</td>'
