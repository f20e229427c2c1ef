"""Runs as a table: filters that the address holds, the grid, and files of its rows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from cu_core.comparison import differing as settings_of
from cu_core.comparison import rows as rows_of
from cu_core.comparison.differing import Setting
from cu_core.comparison.rows import FEATURES, MEAN, MEAN_WITHOUT, MEANS, Known, Row
from cu_core.comparison.settings import value_text
from cu_core.comparison.table import GAPS, PERCENT, POINTS, SHORT, csv, free, head, parquet, table
from cu_core.metrics.gap import ACCURACIES
from cu_core.spec import MAPPED, Catalog
from ui import blocks, session, wording

FIND, DATA, METHOD, STATE, TAG = "find", "of-data", "by-method", "in-state", "with-tag"
SWEEP = "of-sweep"
OWN = "My own runs"
DONE = "Done"
WITHIN = "within seeds"
STEPS = (1.0, 3.0, 10.0, 30.0)  # points from retrained from which a cell is darker
SHADES = (0.0, 0.1, 0.2, 0.3, 0.42)  # how much of the accent: text on it is read in both themes
POINTS_OF = {FEATURES: 100.0}  # rho counts from 0 = retrained to 1 = original
SHORT_GAPS = {MEAN_WITHOUT: "Gap, no MIA", MEAN: "Gap with MIA"}
FEATURES_HEAD = "Features left"
HELP = {
    "ua": "Unlearning accuracy: percent of the forget samples that are answered with their label.",
    "ra": "Retain accuracy: percent of the retain samples that are answered with their label.",
    "ta": "Test accuracy, percent.",
    FEATURES: "What a linear probe still reads of the forget samples: 0 as in the retrained model, "
    "1 as in the original.",
    MEAN_WITHOUT: "Mean distance to the retrained model in RA, UA and TA, points.",
    MEAN: "Mean distance to the retrained model in RA, UA, TA and MIA efficacy, points.",
}
ROW_PX, MOST_PX = 35, 640


def known() -> list[Known]:
    """The runs to choose among: one's own, or the trials of the sweep that the filter names."""
    store = session.store()
    sweeps = {
        f"Sweep: {sweep.name}, {_when(sweep.created)}": sweep.sweep_id for sweep in store.sweeps()
    }
    if not sweeps:
        return rows_of.on_record(store, store.runs(*MAPPED))
    word = st.selectbox("Which runs", [OWN, *sweeps], key=SWEEP, bind="query-params", width=680)
    sweep_id = sweeps.get(word)
    records = store.trial_runs(sweep_id)[::-1] if sweep_id else store.runs(*MAPPED)
    return rows_of.on_record(store, records)


def filtered(runs: Sequence[Known], catalog: Catalog) -> list[Row]:
    """The rows that the filters leave."""
    rows = rows_of.rows(runs, catalog)
    with st.container(horizontal=True, key="runs-filters", gap="small"):
        text = st.text_input(
            "Find",
            key=FIND,
            placeholder="in names, tags, notes",
            icon=":material/search:",
            bind="query-params",
            width=220,
        )
        data = _several("Data", DATA, (row.data for row in rows))
        method = _several("Method", METHOD, (row.method for row in rows))
        state = _several("State", STATE, (_state(row) for row in rows))
        tag = _several("Tag", TAG, (tag for row in rows for tag in row.tags))
    states = {row.state for row in rows if _state(row) in state}
    return rows_of.found(rows, text or "", data, method, states, tag)


def _several(label: str, key: str, values: Iterable[str]) -> Collection[str]:
    options = sorted({value for value in values if value}, key=str.casefold)
    if len(options) < 2 and not st.session_state.get(key) and key not in st.query_params:
        return ()
    return st.multiselect(
        label, options, key=key, placeholder="All", bind="query-params", width=220
    )


def clear() -> None:
    """No filter is set any more."""
    st.session_state[FIND] = ""
    for key in (DATA, METHOD, STATE, TAG):
        st.session_state[key] = []


def differing(runs: Sequence[Known], rows: Sequence[Row], catalog: Catalog) -> tuple[Setting, ...]:
    """What differs among the rows that are shown."""
    by_id = {run.record.run_id: (run.record, run.progress) for run in runs}
    return settings_of.differing([by_id[row.run_id] for row in rows], catalog)


def grid(rows: Sequence[Row], settings: Sequence[Setting]) -> list[Row]:
    """Draws the table; the ticked rows."""
    frame, keys = _frame(rows, settings)
    # Ticks go by place: other rows are another table, or a tick would come to mean another run.
    ids = hashlib.sha256("".join(row.run_id for row in rows).encode()).hexdigest()[:12]
    state: Any = st.dataframe(
        _styled(frame, rows, keys),
        key=f"runs-grid-{ids}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(ROW_PX * (len(rows) + 1) + 3, MOST_PX),
        column_config=_config(),
        placeholder="",
        alt="One row a run: what was asked, what came out, how far from the retrained model",
    )
    return [rows[i] for i in state["selection"]["rows"] if i < len(rows)]


def _frame(rows: Sequence[Row], settings: Sequence[Setting]) -> tuple[Any, dict[str, str]]:
    """The columns as a data frame; and which metric or mean those with colours are of."""
    import pandas

    columns: dict[str, Sequence[Any]] = {
        "Run": [row.title for row in rows],
        "Method": [row.method for row in rows],
    }
    for setting in settings:
        columns[free(columns, setting)] = setting.values
    keys: dict[str, str] = {}
    for key in SHORT:
        keys[name := _head(key)] = key
        columns[name] = [row.values.get(key) for row in rows]
    for key in (*MEANS, *ACCURACIES):
        keys[name := _gap_head(key)] = key
        columns[name] = [row.distance(key) for row in rows]
    columns |= {
        "Seconds": [row.seconds for row in rows],
        "State": [_state(row) for row in rows],
        "Forget": [row.forget for row in rows],
        "Data": [row.data for row in rows],
        "Tags": [list(row.tags) for row in rows],
        "Note": [row.note for row in rows],
        "Created": [pandas.Timestamp(row.created, unit="s", tz="UTC") for row in rows],
        "Why no features": [row.why for row in rows],
        "Result": [row.said for row in rows],
    }
    numbers = [*keys, "Seconds"]
    return pandas.DataFrame(columns).astype(dict.fromkeys(numbers, "float64")), keys


def _styled(frame: Any, rows: Sequence[Row], keys: Mapping[str, str]) -> Any:
    """Numbers with one decimal; within the seeds in words where the number is a gap; shades."""
    import pandas

    styler = frame.style.format(_plain, na_rep="")
    styler = styler.format("{:.1f}", subset=[*keys, "Seconds"], na_rep="")
    css = pandas.DataFrame("", index=frame.index, columns=frame.columns)
    for name, key in keys.items():
        css[name] = [_shade(row, key) for row in rows]
        inside = [i for i, row in enumerate(rows) if key in row.within]
        if inside and key in GAPS and name == _gap_head(key):
            styler = styler.format(partial(_word, WITHIN), subset=pandas.IndexSlice[inside, [name]])
    known = [i for i, row in enumerate(rows) if row.values.get(FEATURES) is not None]
    styler = styler.format("{:.2f}", subset=pandas.IndexSlice[known, [_head(FEATURES)]])
    return styler.apply(lambda _: css, axis=None)


def _word(word: str, _value: Any) -> str:
    return word


def _plain(value: Any) -> str:
    """A setting's number as it was typed; what is no number is drawn by its column."""
    return value_text(value) if isinstance(value, int | float) else str(value)


def _shade(row: Row, key: str) -> str:
    """The darker, the further from retrained; none within the seeds."""
    far = row.distance(key)
    if (
        far is None
        or (alpha := SHADES[sum(far * POINTS_OF.get(key, 1.0) >= s for s in STEPS)]) == 0
    ):
        return ""
    return f"background-color: rgba(11, 95, 255, {alpha})"


def _config() -> dict[str, Any]:
    column = st.column_config
    shown: dict[str, Any] = {
        "Run": column.TextColumn(pinned=True, width=230),
        "Tags": column.ListColumn(),
        "Created": column.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        "Note": column.TextColumn(width="medium"),
        "Result": column.TextColumn(width="large"),
    }
    for key, title in SHORT.items():
        label = FEATURES_HEAD if key == FEATURES else title
        shown[_head(key)] = column.Column(label, help=HELP[key])
    for key in MEANS:
        shown[_gap_head(key)] = column.Column(SHORT_GAPS[key], help=HELP[key])
    return shown | dict.fromkeys(map(_gap_head, ACCURACIES))  # hidden until a reader asks for them


def _head(key: str) -> str:
    return head(SHORT[key], "" if key == FEATURES else PERCENT)


def _gap_head(key: str) -> str:
    return head(GAPS[key], POINTS)


def legend(rows: Sequence[Row]) -> None:
    """What the colours mean, and what "within seeds" is where it stands."""
    if not any(row.gaps.get(key) is not None for row in rows for key in GAPS):
        return
    steps = ", ".join(f"{step:g}" for step in STEPS)
    blocks.note(
        f"A darker cell lies further from the retrained model: from {steps} points on. No colour, "
        f'and "{WITHIN}" for a gap: no further than retrained seeds lie from each other, which is '
        "no difference. It counts as 0 when you sort."
    )


def _state(row: Row) -> str:
    return wording.STATES.get(row.state, DONE)


def _when(created: float) -> str:
    return time.strftime("%d %b %Y, %H:%M", time.localtime(created))


def downloads(rows: Sequence[Row], settings: Sequence[Setting]) -> None:
    """The rows that are shown as files, made when they are asked for."""
    for title, make, ending in (("CSV", csv, "csv"), ("Parquet", parquet, "parquet")):
        st.download_button(
            title,
            partial(_file, make, rows, settings),
            f"runs.{ending}",
            key=f"runs-{ending}",
            type="tertiary",
            icon=":material/download:",
        )


def _file(make: Callable[[Any], bytes], rows: Sequence[Row], settings: Sequence[Setting]) -> bytes:
    return make(table(rows, settings))
