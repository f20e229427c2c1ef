"""A sweep that is followed: its sentence, buttons and pictures, drawn again while it goes on."""

from __future__ import annotations

import streamlit as st

from cu_core.service import spawn
from cu_core.spec import SweepRecord
from cu_core.store.sweeps import SweepVerb
from cu_core.sweeps import axes
from ui import blocks, session, sweep_best, sweep_card, sweep_figures, sweep_table, sweep_words

POLL_S = 1.5
LIVE = ("queued", "running", "paused")
GIVEN = "sweep/given"  # in the session: (sweep, id of the last command)
MORE = 50


def follow(record: SweepRecord) -> None:
    """Draws the sweep, and keeps drawing it until it has ended."""
    pace = _pace(record)

    @st.fragment(run_every=pace)
    def view() -> None:
        with blocks.guarded():
            now = session.store().sweep(record.sweep_id)
            if _pace(now) != pace:
                st.rerun()
            _draw(now)

    view()


def _pace(record: SweepRecord) -> float | None:
    waits = _unheard(record.sweep_id)
    return POLL_S if record.state in LIVE or waits else None


def _unheard(sweep_id: str) -> bool:
    """Whether the owner has yet to answer this tab's last command."""
    of, given = st.session_state.get(GIVEN, ("", None))
    return of == sweep_id and given is not None and session.store().acknowledged(given) is None


def _draw(record: SweepRecord) -> None:
    session.notices("sweep")
    blocks.verdict(sweep_words.sentence(record), soft=[record.name, sweep_words.state(record)])
    _banner(record)
    if record.request is None:
        return
    _buttons(record)
    progress = record.progress
    for note in progress.notes:
        blocks.note(note)
    if record.state in LIVE and progress.wanted:
        ended = sum(trial.state != "running" for trial in progress.trials)
        share = min(ended / progress.wanted, 1.0)
        st.progress(share, text=f"{ended:,} of {progress.wanted:,} trials ended")
    _faults(record)
    sweep_best.show(record)
    sweep_card.show(record)
    sweep_figures.show(record)
    sweep_table.show(record)


def _banner(record: SweepRecord) -> None:
    """What keeps a sweep from going on."""
    if record.state in ("failed", "damaged"):
        blocks.error(record.message)
    elif record.state in ("lost", "paused"):
        st.warning(blocks.plain(record.message), icon=":material/info:")
    else:
        blocks.note(record.message)


def _buttons(record: SweepRecord) -> None:
    if session.store().is_study(record.sweep_id):
        own = "" if session.read_only() else "; a sweep of your own begins in the sidebar"
        blocks.note(f"Recorded with Lethe{own}.")
        return
    if session.read_only():
        return
    live = record.state in LIVE
    trials = record.progress.trials
    unheard = _unheard(record.sweep_id)
    with st.container(
        horizontal=True, vertical_alignment="center", key="sweep-buttons", gap="small"
    ):
        if live:
            _button(record, "Stop", "stop", ":material/stop:", unheard)
        if record.state in ("lost", "stopped", "failed"):
            _button(record, "Resume", "resume", ":material/play_arrow:", unheard)
        if _has_more(record):
            _button(record, f"{MORE} more", "more", ":material/add:", unheard, MORE)
        rests = not live and any(trial.front and not trial.confirmed for trial in trials)
        if rests and record.request and record.request.seeds == 1:
            label = "Confirm the front with three seeds"
            _button(record, label, "confirm", ":material/verified:", unheard)
        if unheard:
            blocks.note("Told; the sweep answers at its next look.")


def _has_more(record: SweepRecord) -> bool:
    """Whether there are settings that nobody has asked for: a grid has so many and no more."""
    request, catalog = record.request, session.store().catalog()
    if request is None or request.sampler != "grid":
        return True
    methods = {method.key: method for method in catalog.methods} if catalog else {}
    return bool(methods) and record.progress.wanted < axes.grid_size(request, methods)


def _button(
    record: SweepRecord,
    label: str,
    verb: SweepVerb,
    icon: str,
    disabled: bool,
    value: int | None = None,
) -> None:
    st.button(
        label,
        key=f"sweep-{verb}-{record.sweep_id}",
        icon=icon,
        disabled=disabled,
        on_click=command,
        args=(record.sweep_id, verb, value),
    )


def command(sweep_id: str, verb: SweepVerb, value: int | None = None) -> None:
    """Leaves word for the sweep's owner, and sees to it that there is one."""
    given = session.attempt(session.store().sweep_command, sweep_id, verb, value, session.whose())
    if given is not None:
        st.session_state[GIVEN] = (sweep_id, given)
        session.attempt(spawn.lead, session.store(), sweep_id)


def _faults(record: SweepRecord) -> None:
    found = sweep_words.faults(record.progress.trials)
    wrong = sum(t.state == "failed" or t.below_floor for t in record.progress.trials)
    if found:
        with st.expander(f"What went wrong ({wrong:,})"):
            for numbers, text in found:
                blocks.entry(numbers, text)
