"""Runs beside one another as numbers: differences to the first, settings, figures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from cu_core.comparison.differences import MEASURES, Difference, Measure, differences
from cu_core.spec import MetricCard, RunRecord
from ui import blocks
from ui.compare_words import Row

NEAR = {
    "seeds": "no difference: retrained seeds differ as much",
    "interval": "no difference: within the interval",
}
PERCENT = MetricCard(key="", title="", unit="%")


def tiles(letters: str, titles: Sequence[str], records: Sequence[RunRecord]) -> None:
    """A row a run, a column a measure; each after the first as its difference to that."""
    summaries = [record.summary for record in records]
    columns = [(m, differences(m, summaries)) for m in MEASURES]
    columns = [(measure, values) for measure, values in columns if values]
    if not columns:
        blocks.note("No figures yet: they come with the end of a run.")
        return
    heads = "".join(
        f'<th scope="col" class="number"><abbr title="{escape(m.help)}">{escape(m.title)}</abbr>'
        "</th>"
        for m, _ in columns
    )
    rows = "".join(
        f"<tr>{run(letters[k], title)}{''.join(_cell(m, values[k]) for m, values in columns)}</tr>"
        for k, title in enumerate(titles)
    )
    st.html(
        '<div class="lethe-scroll"><table class="lethe-table lethe-compare"><thead><tr><th></th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def run(letter: str, title: str) -> str:
    """A run as the head of its row or column."""
    return (
        f'<th scope="row"><span class="lethe-letter">{escape(letter)}</span> {escape(title)}</th>'
    )


def _cell(measure: Measure, given: Difference) -> str:
    value = _value(measure, given.value)
    if not value:
        return '<td class="number words lethe-help">not measured</td>'
    more = NEAR[given.near] if given.near else _apart(measure, given)
    help_ = f'<div class="lethe-help">{escape(more)}</div>' if more else ""
    return f'<td class="number"><span class="value">{escape(value)}</span>{help_}</td>'


def _value(measure: Measure, value: float | None) -> str:
    if measure.key or value is None:
        return blocks.metric_text(value, PERCENT)
    return f"{value:.2f}"


def _apart(measure: Measure, given: Difference) -> str:
    if given.apart is None or given.value is None:
        return ""
    if abs(given.apart) < 0.05:
        return "the same"
    return blocks.gap(given.value, given.value - given.apart, PERCENT)


def settings(letters: str, rows: Sequence[Row]) -> None:
    """What was asked otherwise of the runs."""
    if not rows:
        blocks.note("These runs were asked for alike, or do not say what they went by.")
        return
    heads = "".join(
        f'<th scope="col"><span class="lethe-letter">{letter}</span></th>'
        for letter, _ in zip(letters, rows[0].values, strict=False)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row.label)}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in row.values)
        + "</tr>"
        for row in rows
    )
    st.html(
        '<div class="lethe-scroll"><table class="lethe-table small"><thead><tr><th>Setting</th>'
        f"{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )
