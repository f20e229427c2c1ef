"""What was measured, in tiles and in a table: unlearned, original, retrained, and the gap between.

Several retrained seeds make a band of every reference; where the unlearned model lies no further
from one than they do from each other, the gap says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from ui.blocks import NO_REFERENCE, Values, gap, is_number, note, shown

FIRST = ("forget_acc_test", "knn_probe_forget", "ra", "ta", "ua")
WORTH = 1.0  # percent: of a metric with a value for each class, rows below it are left out
INSIDE = "seeds differ as much"
HEADS = ("Unlearned", "Original", "Retrained", "Gap to retrained")

Metric = Mapping[str, Any]


def tiles(metrics: Sequence[Metric], summary: Values, limit: int = 4) -> None:
    """The few numbers that matter most: value, retrained value, gap."""
    values, retrained = summary.get("metrics") or {}, summary.get("retrained") or {}
    known = {m["key"]: m for m in metrics if m["key"] in values}
    keys = [*(k for k in FIRST if k in known), *(k for k in known if k not in FIRST)]
    made = []
    for metric in [known[k] for k in keys if is_number(values[k])][:limit]:
        key = metric["key"]
        far = gap(values[key], retrained.get(key), metric)
        beside = shown(retrained.get(key), metric)
        text = f"retrained {beside} · gap {far}" if far else NO_REFERENCE
        text = ", ".join(part for part in (text, _inside(summary, key)) if part)
        made.append(
            f'<div title="{escape(metric["help"])}"><div>{escape(metric["title"])}</div>'
            f'<div class="value">{escape(shown(values[key], metric))}</div>'
            f'<div class="lethe-help">{escape(text)}</div></div>'
        )
    if made:
        st.html(f'<div class="lethe-tiles">{"".join(made)}</div>')


def table(metrics: Sequence[Metric], summary: Values, class_names: Sequence[str] = ()) -> None:
    """Every metric: unlearned, original, retrained, gap; where one is missing, why."""
    note(_small_print(summary))
    rows = [row for metric in metrics for row in _rows(metric, summary, class_names)]
    heads = "".join(f'<th scope="col" class="number">{name}</th>' for name in HEADS)
    st.html(
        f'<table class="lethe-table"><thead><tr><th scope="col">Metric</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _small_print(summary: Values) -> str:
    """What the small figures in the table are."""
    said = "The range under an attack's value is its 95 % interval."
    seeds = len(summary.get("retrained_seeds") or ())
    if seeds < 2:
        return said
    return (
        f"Under a value of the retrained model stands the band of {seeds} seeds, lowest to "
        f'highest; "{INSIDE}" under a gap that is no wider than that between two of them. {said}'
    )


def _rows(metric: Metric, summary: Values, class_names: Sequence[str]) -> Iterator[str]:
    """A metric's row; of one with several values (by layer, by class) a row for each of them."""
    key, title = metric["key"], metric["title"]
    bare, unit = _unit_apart(metric)
    about = f'{escape(title)}{escape(unit)}<div class="lethe-help">{escape(metric["help"])}</div>'
    parts = _parts(metric, summary)
    if key in (summary.get("metrics") or {}) or key in (summary.get("reasons") or {}):
        yield _row(f'<th scope="row">{about}</th>', _cells(key, metric, bare, summary))
    elif parts:
        yield _row(f'<th scope="row">{about}</th>', "<td></td>" * len(HEADS))
    for part in parts:
        head = f'<th scope="row" class="part">{escape(_named(part, metric, class_names))}</th>'
        yield _row(head, _cells(part, metric, bare, summary), "part")


def _named(part: str, metric: Metric, class_names: Sequence[str]) -> str:
    """The class or the block of the network that the part of a metric is of."""
    name = part.partition("/")[2]
    if metric.get("per_class"):
        return class_names[int(name)] if int(name) < len(class_names) else f"class {name}"
    return f"block {name}" if name.isdigit() else name


def _row(head: str, cells: str, kind: str = "") -> str:
    return f'<tr class="{kind}">{head}{cells}</tr>'


def _parts(metric: Metric, summary: Values) -> list[str]:
    """Keys of the values by block or class; a class that none of the models gives is left out."""
    sources = [summary.get(name) or {} for name in ("metrics", "original", "retrained")]
    found = [
        part
        for part in dict.fromkeys(k for source in sources for k in source)
        if part.startswith(f"{metric['key']}/") and not part.endswith(("/low", "/high"))
    ]
    if metric.get("per_class"):
        found = [p for p in found if any((source.get(p) or 0.0) >= WORTH for source in sources)]
    return found


def _cells(key: str, metric: Metric, bare: Metric, summary: Values) -> str:
    values, reasons = summary.get("metrics") or {}, summary.get("reasons") or {}
    original, retrained = summary.get("original") or {}, summary.get("retrained")
    beside = (retrained or {}).get(key)
    return "".join(
        (
            _cell(shown(values.get(key), bare), reasons.get(key), _interval(key, values, bare)),
            _cell(shown(original.get(key), bare), None),
            _cell(
                shown(beside, bare), None if retrained else NO_REFERENCE, _band(key, summary, bare)
            ),
            _cell(gap(values.get(key), beside, metric), None, _inside(summary, key)),
        )
    )


def _span(low: str, high: str) -> str:
    """ "89.9 % to 90.7 %"; "" where there is none, or nothing between."""
    return f"{low} to {high}" if low and high and low != high else ""


def _interval(key: str, values: Values, bare: Metric) -> str:
    """The 95 % bootstrap over samples, where the metric has one."""
    return _span(*(shown(values.get(f"{key}/{end}"), bare) for end in ("low", "high")))


def _band(key: str, summary: Values, bare: Metric) -> str:
    """Lowest and highest of the retrained seeds."""
    return _span(*(shown(end, bare) for end in (summary.get("band") or {}).get(key, ("", ""))))


def _inside(summary: Values, key: str) -> str:
    """Said of a gap that there is."""
    apart = (summary.get("gap") or {}).get(key)
    return INSIDE if apart and (summary.get("inside") or {}).get(key) else ""


def _unit_apart(metric: Metric) -> tuple[Metric, str]:
    """The metric without its unit, and the unit for beside its title, unless that holds it: a
    column of numbers is narrow, and "%" alone is short enough to stand in it."""
    unit = metric.get("unit") or "%"
    if unit == "%":
        return metric, ""
    return {**metric, "unit": ""}, "" if unit in metric["title"] else f" ({unit})"


def _cell(text: str, reason: str | None, more: str = "") -> str:
    if not text:
        return f'<td class="number words lethe-help">{escape(reason or "–")}</td>'
    small = f'<div class="lethe-help">{escape(more)}</div>' if more else ""
    return f'<td class="number">{escape(text)}{small}</td>'
