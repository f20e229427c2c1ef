"""The best trials of a sweep before its pictures: which settings they have, and what these give."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from cu_core.spec import OBJECTIVES, SweepRecord, SweepRequest, Trial
from ui import blocks, controls, sweep_chosen, sweep_table, sweep_words

MOST = 6  # rows; the pictures have the rest
ALONE = "No other trial is better."
SEVERAL = "No other trial is better than one of these in all that is looked for."


def of(record: SweepRecord) -> list[Trial]:
    """Those on the front, the best in the first objective first."""
    if record.request is None:
        return []
    key = record.request.objectives[0]
    sign = 1 if OBJECTIVES[key].better == "low" else -1
    front = [trial for trial in record.progress.trials if trial.front]
    return sorted(front, key=lambda trial: (sign * (trial.values.get(key) or 0.0), trial.number))


def show(record: SweepRecord) -> None:
    """A row a trial, and a way to find them in every picture; nothing before one has ended."""
    request, best = record.request, of(record)
    if request is None or not best:
        return
    blocks.heading("Best settings")
    more = f" The first {MOST} of {len(best):,}." if len(best) > MOST else ""
    blocks.note((ALONE if len(request.objectives) == 1 else SEVERAL) + more)
    st.html(_table(request, best[:MOST]))
    numbers = [trial.number for trial in best]
    st.button(
        "Show them in the pictures",
        key=f"sweep-best-{record.sweep_id}",
        icon=":material/select_all:",
        type="tertiary",
        disabled=set(numbers) == set(sweep_chosen.numbers(record.sweep_id)),
        on_click=_choose,
        args=(record.sweep_id, numbers),
    )


def _choose(sweep_id: str, numbers: Sequence[int]) -> None:
    sweep_chosen.choose(sweep_id, numbers)


def _table(request: SweepRequest, best: Sequence[Trial]) -> str:
    results = sweep_table.results(request)
    heads = [controls.title(name) for name in request.axes]
    heads += [sweep_table.heading(key, field, with_unit=False) for field, key in results]
    head = "".join(f'<th scope="col" class="number">{escape(text)}</th>' for text in heads)
    rows = []
    for trial in best:
        cells = [controls.value_text(trial.knobs[name]) for name in request.axes]
        cells += [sweep_words.figure(key, getattr(trial, field).get(key)) for field, key in results]
        row = "".join(f'<td class="number">{escape(text)}</td>' for text in cells)
        rows.append(f'<tr><th scope="row">Trial {trial.number}</th>{row}</tr>')
    return (
        '<div class="lethe-scroll"><table class="lethe-table small lethe-best"><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
