"""The trials as a table, its rows the one choice of all pictures; and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from cu_core.spec import OBJECTIVES, SweepRecord, SweepRequest, Trial
from ui import blocks, controls, sweep_chosen, sweep_words

HALVES = {"values": "tuning half", "reported": "other half"}
Columns = dict[str, list[Any]]


def columns(request: SweepRequest, trials: Sequence[Trial]) -> Columns:
    """By heading, a value a trial: its number, front, the knobs that vary, what it was chosen by,
    what the other half of the test set says where that is something else, seconds, state."""
    found: Columns = {"Trial": [trial.number for trial in trials]}
    found["Front"] = [trial.front for trial in trials]
    for name, axis in request.axes.items():
        values = [trial.knobs.get(name) for trial in trials]
        found[controls.title(name)] = values if not axis.choices else list(map(_text, values))
    for field, key in results(request):
        found[heading(key, field)] = [getattr(trial, field).get(key) for trial in trials]
    found["Took (s)"] = [round(trial.seconds, 1) for trial in trials]
    found["State"] = [state(trial) for trial in trials]
    return found


def results(request: SweepRequest) -> list[tuple[str, str]]:
    """(field of a trial, objective) of all that is said of it: the other half of the test set has a
    say where test accuracy has one."""
    return [
        (field, key)
        for field in HALVES
        for key in request.objectives
        if field == "values" or OBJECTIVES[key].halved
    ]


def heading(key: str, field: str, with_unit: bool = True) -> str:
    """ "Mean gap to retrained (points), tuning half"."""
    objective = OBJECTIVES[key]
    unit = f" ({objective.unit})" if objective.unit and with_unit else ""
    return f"{objective.title}{unit}" + f", {HALVES[field]}" * objective.halved


def _text(value: Any) -> str:
    return "" if value is None else controls.value_text(value)


def state(trial: Trial) -> str:
    if trial.below_floor:
        return "below the floor"
    return "confirmed" if trial.confirmed else trial.state


def as_csv(found: Columns) -> str:
    """A row a trial under the same headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found)
    writer.writerows(zip(*found.values(), strict=True))
    return out.getvalue()


def show(record: SweepRecord) -> None:
    """The sentence about its two halves, its download, and the table where a person unfolds it."""
    request, trials = record.request, record.progress.trials
    if request is None or not trials:
        return
    blocks.heading("Trials")
    if any(OBJECTIVES[key].halved for key in request.objectives):
        blocks.note(sweep_words.HONEST)
    found, sweep_id = columns(request, trials), record.sweep_id
    folded = st.expander(
        f"Table of {len(trials):,}", key=f"sweep-rows-{sweep_id}", on_change="rerun"
    )
    if folded.open:
        with folded:
            _table(sweep_id, found, trials)
    st.download_button(
        "Download as CSV",
        as_csv(found),
        f"sweep-{sweep_id}.csv",
        "text/csv",
        key=f"sweep-csv-{sweep_id}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _table(sweep_id: str, found: Columns, trials: Sequence[Trial]) -> None:
    numbers = [trial.number for trial in trials]
    chosen = set(sweep_chosen.numbers(sweep_id))
    key = sweep_chosen.table_key(sweep_id)
    st.dataframe(
        found,
        hide_index=True,
        height=360,
        key=key,
        on_select=partial(sweep_chosen.ticked, sweep_id, key, numbers),
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [i for i, n in enumerate(numbers) if n in chosen]}
        },
        column_config={
            name: st.column_config.NumberColumn(format="%.4g")
            for name, values in found.items()
            if any(isinstance(value, float) for value in values)
        },
        alt=f"{len(trials)} trials with their knobs and what came of them",
    )
