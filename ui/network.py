"""The network's own controls while a run lives: pause, resume, step, rewind, stop, what it is to
pause at, and what is left to do.

Apart from the picture's player, which belongs to the Stage: this one moves the training itself.
Pause and Resume are two buttons that stay where they are: in a second session, which sees a moment
later what the first has done, a button that turned into its opposite would undo it.
"""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from cu_core.spec import RunProgress, RunRecord, Wait
from cu_core.spec.phases import PARTS, PHASES, UNLEARNING, duration, wait_words
from cu_core.store.mailbox import Verb
from ui import blocks, engine, pausing, session, wording

OVERDUE = 0.95  # how full a bar is where nobody knows what is left
ACKNOWLEDGE_S = 0.3  # a running worker answers a command well within this


def bar(record: RunRecord, progress: RunProgress) -> None:
    """Of a live run its buttons and its three parts; of one that can go on, the button for that."""
    if record.is_watched:
        _of_its_own(record, progress)
        return
    looks = session.read_only()
    if record.state not in session.LIVE:
        if not looks:
            _resume_button(record)
        return
    with st.container(key="network", gap="small"):
        if not looks:
            _buttons(record, progress)
        if record.state != "queued":
            _parts(record, progress)
        if said := _answer(record):
            st.html(f'<p class="lethe-note" role="status"><strong>{escape(said)}</strong></p>')
        blocks.note(pausing.watched(progress))


def _of_its_own(record: RunRecord, progress: RunProgress) -> None:
    """A loop that nobody here can move has no buttons; where it stands, and why."""
    if record.state in session.LIVE:
        updates = f"{progress.step:,} updates so far"
        where = "It runs in a script of your own: pause it, stop it and start it again there."
        blocks.note(f"{updates}. {where}")


def _parts(record: RunRecord, progress: RunProgress) -> None:
    """Learn, forget, compare: how far each is, what is left of it, and what goes on now."""
    here = PHASES[progress.phase].part if progress.phase in PHASES else ""
    cells = [
        _part(title, _aged(key, progress, key == here), key == here, record.state == "paused")
        for key, title in PARTS.items()
    ]
    values = [f"{key} {v:.3g}" for key, v in progress.phase_values.items() if blocks.is_number(v)]
    doing = ", ".join([wording.doing(record, progress), *values])
    st.html(
        f'<div class="lethe-parts">{"".join(cells)}</div>'
        f'<p class="lethe-note">{escape(doing or "Starting")}</p>'
    )


def _aged(part: str, progress: RunProgress, now: bool) -> Wait:
    """The wait as it is by now: what is not counted is reported once, when it begins."""
    wait = progress.waits.get(part, Wait())
    if not now or progress.phase_total > 1 or wait.left is None:
        return wait
    age = max(time.time() - progress.reported, 0.0)
    left = wait.left - age
    return wait.model_copy(update={"spent": wait.spent + age, "left": left if left > 0 else None})


def _part(title: str, wait: Wait, now: bool, paused: bool) -> str:
    whole = wait.spent + (wait.left or 0.0)
    share = wait.spent / whole if wait.left is not None and whole else OVERDUE * now
    if wait.left == 0 and not now:
        share = 1.0
    said = _said(wait, now, paused)
    return (
        f'<div class="{"now" if now else ""}" role="progressbar" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{share * 100:.0f}" aria-label="{title}">'
        f'<span><b>{title}</b> {escape(said)}</span><i><i style="width:{share * 100:.1f}%"></i></i>'
        "</div>"
    )


def _said(wait: Wait, now: bool, paused: bool) -> str:
    if wait.left == 0 and not now:
        return f"took {duration(wait.spent).removeprefix('about ')}" if wait.spent >= 1 else "ready"
    if now and paused:
        return "paused"
    if wait.left is None:
        return f"{duration(wait.spent)} so far" if now else "later"
    return f"{wait_words(wait)} left" if now else wait_words(wait)


def _buttons(record: RunRecord, progress: RunProgress) -> None:
    steps = progress.phase == UNLEARNING.key and record.total > 0
    waits = record.state in ("queued", "starting")
    with st.container(horizontal=True, vertical_alignment="center", key="run-buttons"):
        blocks.heading("The network")
        paused = record.state == "paused"
        _button(record, "pause", "pause_circle", disabled=waits, primary=not paused and not waits)
        _button(record, "resume", "play_circle", disabled=waits, primary=paused)
        _button(record, "step", "skip_next", "step-by", not steps)
        st.number_input(
            "Updates a step",
            1,
            10_000,
            key="step-by",
            width=120,
            disabled=not steps,
            label_visibility="collapsed",
            help="How many updates Step makes before it pauses again.",
        )
        with st.popover("Rewind", icon=":material/history:", disabled=not steps):
            st.number_input("Back to step", 0, max(record.total, 1), key="rewind-to")
            _button(record, "rewind", "history", "rewind-to")
        pausing.popover(record, progress, disabled=waits)
        _button(record, "stop", "stop", disabled=waits and record.state == "starting")


def _button(
    record: RunRecord,
    verb: Verb,
    icon: str,
    field: str = "",
    disabled: bool = False,
    primary: bool = False,
) -> None:
    st.button(
        verb.capitalize(),
        key=f"run-{verb}",
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        disabled=disabled,
        on_click=_command,
        args=(record, verb, field),
    )


def _command(record: RunRecord, verb: Verb, field: str) -> None:
    """Tells the worker, and waits the moment that it takes to hear it.

    ``field``: the widget with the command's number, read at the click, not when it was drawn.
    """
    if record.state == "queued":
        session.halt(record)
        return
    value: int | None = st.session_state[field] if field else None
    if value is not None and verb == "rewind":
        value = min(value, session.store().run(record.run_id).step)  # back, never forward
    give = session.store().command
    command_id = session.attempt(give, record.run_id, verb, value, session.whose())
    if command_id is None:
        return
    st.session_state["last_command"] = (record.run_id, command_id, verb, time.monotonic())
    until = time.monotonic() + ACKNOWLEDGE_S
    while session.store().acknowledged(command_id) is None and time.monotonic() < until:
        time.sleep(0.02)


def _answer(record: RunRecord) -> str:
    """A line while the last command is on its way, and for a while why it was not done; commands
    are answered by id."""
    run_id, command_id, verb, given = st.session_state.get("last_command", ("", 0, "", 0.0))
    if run_id != record.run_id:
        return ""
    note = session.store().acknowledged(command_id)
    if note is None:
        return f"{verb.capitalize()} is taken up after the step that is under way."
    recent = time.monotonic() - given < session.READ_S
    return note if recent and note.endswith(".") else ""


def _resume_button(record: RunRecord) -> None:
    if record.later or record.state not in ("lost", "stopped", "failed"):
        return
    word = f"Resume from step {record.step:,}" if record.step else "Start again"
    st.button(
        word,
        key="run-go-on",
        type="primary" if record.state == "lost" else "secondary",
        on_click=session.attempt,
        args=(resume, record),
    )


def resume(record: RunRecord) -> None:
    session.store().requeue(record.run_id)
    engine.take_up(session.store())
