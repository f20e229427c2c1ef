"""What is done with the chosen trials: the card of one, its replay, several compared."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cu_core.errors import UnknownRun
from cu_core.spec import SweepRecord, Trial, UnlearnRequest
from cu_core.sweeps import axes
from ui import blocks, compare_runs, controls, session, sweep_chosen, sweep_table, sweep_words

PLAYED = "sweep/play"  # in the session: (sweep, number) of a trial that is to be replayed
SAME = "Its replay ended with the same weights, bit for bit."
OTHER = "Its replay ended with other weights: it was made on another device, or by another version."


def show(record: SweepRecord) -> None:
    """How many are chosen, and what can be done with them; nothing where none is."""
    sweep_id = record.sweep_id
    chosen = sweep_chosen.numbers(sweep_id)
    picked = [trial for trial in record.progress.trials if trial.number in chosen]
    with st.container(
        horizontal=True, vertical_alignment="center", key="sweep-chosen", gap="small"
    ):
        said = "Draw a box in a picture, or tick rows, to choose trials."
        alone = f"Trial {picked[0].number} chosen" if len(picked) == 1 else ""
        blocks.note((alone or f"{len(picked):,} chosen") if picked else said)
        if not picked:
            return
        st.button(
            "Clear",
            key=f"sweep-clear-{sweep_id}",
            type="tertiary",
            on_click=sweep_chosen.clear,
            args=(sweep_id,),
        )
        compare_runs.link([trial.run_id for trial in picked if trial.run_id])
    if len(picked) == 1:
        _card(record, picked[0])


def _card(record: SweepRecord, trial: Trial) -> None:
    request = record.request
    assert request is not None  # a damaged record has no trials
    with st.container(key="sweep-card", border=True, gap="small"):
        blocks.heading(f"Trial {trial.number}")
        rows = [(controls.title(k), controls.value_text(v)) for k, v in trial.knobs.items()]
        rows += [
            (
                sweep_table.heading(key, field, with_unit=False),
                sweep_words.figure(key, getattr(trial, field).get(key)),
            )
            for field, key in sweep_table.results(request)
        ]
        rows += [("State", sweep_table.state(trial)), ("Run", ", ".join(trial.run_ids))]
        blocks.card(rows)
        blocks.note(trial.message)
        if trial.state == "done" and not session.read_only():
            _replay(record, trial)


# --- replay -----------------------------------------------------------------------------------


def replayed(record: SweepRecord, trial: Trial) -> UnlearnRequest | None:
    """The trial's own request, with its pictures and as no part of a sweep: as its run has it, and
    where that is gone, as it was made. None of a record that cannot be read."""
    if record.request is None:
        return None
    asked = axes.trial_request(record.request, record.sweep_id, trial.number, trial.knobs)
    with suppress(UnknownRun):
        made = session.store().run(trial.run_id).request
        asked = made if isinstance(made, UnlearnRequest) else asked
    floor = asked.floor if trial.below_floor else None
    changes = {"trial": None, "every": record.request.base.every, "floor": floor}
    return asked.model_copy(update=changes)


def play(sweep_id: str, number: int) -> None:
    """Chooses this trial alone; its card, once drawn, has it replayed."""
    sweep_chosen.choose(sweep_id, (number,))
    st.session_state[PLAYED] = sweep_id, number


def _replay(record: SweepRecord, trial: Trial) -> None:
    request = replayed(record, trial)
    if request is None:
        return
    st.button(
        "Replay with pictures",
        key=f"sweep-replay-{record.sweep_id}",
        icon=":material/replay:",
        help="The same run again, with its pictures: it ends with the same weights.",
        on_click=play,
        args=(record.sweep_id, trial.number),
    )
    if st.session_state.pop(PLAYED, None) == (record.sweep_id, trial.number):
        run_id = session.attempt(session.start, request)
        if run_id:
            session.follow(run_id)
            st.switch_page(session.page("unlearn"))
    _same_weights(request, trial)


def _same_weights(request: UnlearnRequest, trial: Trial) -> None:
    """Whether a replay that has ended came to the weights of the trial."""
    store = session.store()
    for run in store.runs(request.kind):
        if run.state == "done" and store.same_request(run.request, request):
            weights = run.summary.weights_sha256
            if weights and trial.weights_sha256:
                same = weights == trial.weights_sha256
                blocks.note(SAME) if same else st.warning(blocks.plain(OTHER))
            return
