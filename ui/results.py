"""What was measured, in tiles and in a table: unlearned, original, retrained, and the gap between.

What stands in them is decided in ``cu_core.stage.numbers``, which what is handed out reads too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

import streamlit as st

from cu_core import glossary
from cu_core.spec import MetricCard, Summary
from cu_core.stage import numbers
from cu_core.stage.numbers import HEADS, NO_REFERENCE, Cell, Row, Tile
from ui.blocks import note
from ui.words import word


def tiles(
    metrics: Sequence[MetricCard],
    summary: Summary,
    counts: Mapping[str, int] | None = None,
    limit: int = 4,
) -> None:
    """The few numbers that matter most, each with the question that it answers, beside original
    and retrained. ``counts``: of how many samples a metric is a share, where that is known."""
    made = [_tile(one) for one in numbers.tiles(metrics, summary, counts, limit)]
    if made:
        st.html(f'<div class="lethe-tiles">{"".join(made)}</div>')


def _tile(tile: Tile) -> str:
    text = f"retrained {tile.retrained} · gap {tile.gap}" if tile.gap else NO_REFERENCE
    text = ", ".join(part for part in (text, tile.inside) if part)
    bars = "".join(
        f'<span>{name}</span><i class="{name}"><i style="width:{share * 100:.1f}%"></i></i>'
        for name, share in tile.bars
    )
    term = glossary.of_metric(tile.metric.key)
    title = word(tile.metric.title, "tile", term) if term else escape(tile.metric.title)
    about = "" if term else f' title="{escape(tile.metric.help)}"'
    return (
        f'<div{about}><div class="lethe-help">{tile.question}</div>'
        f'<div>{title}</div><div class="value">{escape(tile.value)}</div>'
        f'<div class="bars" aria-hidden="true">{bars}</div>'
        f'<div class="lethe-help">{escape(text)}</div></div>'
    )


def table(metrics: Sequence[MetricCard], summary: Summary, class_names: Sequence[str] = ()) -> None:
    """Every metric in its group: unlearned, original, retrained, gap; those without a value last,
    with the reason."""
    note(numbers.small_print(summary))
    heads = "".join(f'<th scope="col" class="number">{word(name, "table")}</th>' for name in HEADS)
    found = numbers.rows(metrics, summary, class_names)
    bodies = "".join(
        f'<tr class="group"><th colspan="{len(HEADS) + 1}" scope="rowgroup">{name}</th></tr>'
        + "".join(map(_row, own))
        for name, own in groupby(found, lambda row: row.group)
    )
    st.html(
        f'<div class="lethe-scroll"><table class="lethe-table"><thead><tr><th scope="col">Metric'
        f"</th>{heads}</tr></thead><tbody>{bodies}</tbody></table></div>"
    )


def _row(row: Row) -> str:
    kind = " ".join(["part"] * row.part + ["far"] * row.far)
    about = "" if row.part else f'<div class="lethe-help">{escape(row.help)}</div>'
    head = f'<th scope="row"{" class=part" * row.part}>{escape(row.title)}{about}</th>'
    cells = "".join(map(_cell, row.cells)) or "<td></td>" * len(HEADS)
    return f'<tr class="{kind}">{head}{cells}</tr>'


def _cell(cell: Cell) -> str:
    if not cell.text:
        return f'<td class="number words lethe-help">{escape(cell.why or "–")}</td>'
    small = f'<div class="lethe-help">{escape(cell.more)}</div>' if cell.more else ""
    return f'<td class="number">{escape(cell.text)}{small}</td>'
