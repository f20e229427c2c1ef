"""The followed run: its sentence, its buttons, the Stage, its numbers; alive while the run is.

One fragment draws all of it, once a second while a worker holds the run, afterwards only while an
answer is awaited. The Stage's key is the run's id, so neither a poll nor the end of the run mounts
it anew.
"""

from __future__ import annotations

import time

import streamlit as st

from cu_core.files import sources_hash
from cu_core.spec import Catalog, RunProgress, RunRecord, Summary
from cu_core.stage import export, replay
from cu_core.store import RunReader
from cu_core.store.mailbox import Verb
from ui import blocks, figures, map_requests, results, session, wording
from ui.stage import stage

SOON_S, POLL_S = 0.3, 1.0  # between two looks: until a worker has it, and from then on
ACKNOWLEDGE_S = 0.3  # a running worker answers a command well within this


def follow(record: RunRecord, catalog: Catalog) -> None:
    """Draws the run, and keeps drawing it until it has ended."""
    pace = _pace(record)

    @st.fragment(run_every=pace)
    def view() -> None:
        with blocks.guarded():
            now = session.store().run(record.run_id)
            if _pace(now) != pace:
                st.rerun()  # another pace, other buttons, the sidebar: the whole page, once
            _draw(now, catalog)

    view()


def _pace(record: RunRecord) -> float | None:
    if record.state in ("queued", "starting"):
        return SOON_S
    if record.state in session.LIVE:
        return POLL_S
    return map_requests.POLL_S if map_requests.awaited(record.run_id) else None


def _draw(record: RunRecord, catalog: Catalog) -> None:
    if record.state == "damaged":
        blocks.verdict("This run cannot be read", soft=[record.name])
        blocks.error(record.message)
        return
    reader = session.store().reader(record.run_id)
    progress, sent = reader.progress(), _sent(record)
    exact, solid = map_requests.states(reader, progress)
    data = replay.blob(record, reader, progress, catalog, sent, exact, solid)
    summary = record.summary or replay.so_far(sent, progress)
    head, controls, scene, numbers = (st.container() for _ in range(4))
    with head:
        session.notices("run")
        _headline(record, reader, progress, summary, catalog)
    with controls:
        if record.state in session.LIVE:
            _buttons(record, progress)
        else:
            _resume_button(record)
    with scene:
        _scene(record, data)
    with numbers:
        if summary.metrics:
            _numbers(record, reader, catalog, progress, summary)
        if data is not None and record.state not in session.LIVE:
            _download(record)


def _sent(record: RunRecord) -> replay.Sent:
    held: replay.Sent | None = st.session_state.get("sent")
    if held is None or held.run_id != record.run_id:
        held = st.session_state["sent"] = replay.Sent(record.run_id)
    return held


# --- what is said -----------------------------------------------------------------------------


def _headline(
    record: RunRecord,
    reader: RunReader,
    progress: RunProgress,
    summary: Summary,
    catalog: Catalog,
) -> None:
    quiet = [wording.given_name(record), wording.settings(record)]
    if record.state == "failed":
        blocks.verdict(f"Ended with an error at step {record.step:,}", soft=quiet)
        blocks.error(record.message, reader.log_tail(), "Log")
    elif record.state == "queued":
        blocks.verdict(wording.waiting(session.runs_ahead(record)), soft=quiet)
    elif record.state in ("done", "stopped") and summary.verdict:
        blocks.verdict(summary.verdict, [summary.stopped_by], quiet)
    else:
        sentence = wording.sentence(record, progress, summary.metrics, catalog)
        message = record.message if record.state in ("lost", "stopped") else ""
        blocks.verdict(sentence, [message], quiet)


def _scene(record: RunRecord, data: bytes | None) -> None:
    key = f"stage-{record.run_id}"
    if data is not None:
        stage(
            data,
            key=key,
            on_need=lambda: _need(key),
            on_check=lambda: map_requests.request_exact(record.run_id, key),
            on_solid=lambda: map_requests.request_solid(record.run_id),
        )
    elif record.state in session.LIVE:
        blocks.empty(
            "The map appears here",
            "It starts to move as soon as the original model has placed the images.",
        )
    else:
        blocks.empty("No picture was kept", "The run ended before its first one.")


def _need(key: str) -> None:
    """The page lacks frames, after a reload or a change of page: the next drawing sends them."""
    trigger = (st.session_state.get(key) or {}).get("need") or {}
    if "sent" in st.session_state:
        st.session_state["sent"].forget_from(int(trigger.get("from", 0)))


def _numbers(
    record: RunRecord, reader: RunReader, catalog: Catalog, progress: RunProgress, summary: Summary
) -> None:
    st.space("small")
    results.tiles(catalog.metrics, summary)
    if not record.summary:
        blocks.note("Estimates from the points on the map; exact figures come with the end.")
    with st.expander("All metrics"):
        results.table(catalog.metrics, summary, progress.class_names)
    if record.state not in session.LIVE:
        figures.show(reader, progress, summary)
    if summary.provenance:
        blocks.note(summary.provenance.other_sources(sources_hash()))
    blocks.reproduce(record.command)


def _download(record: RunRecord) -> None:
    """The run as a file: one format at hand, the others behind a button."""
    first, *others = export.formats().values()
    with st.container(horizontal=True, key="downloads"):
        _offer(record, first)
        if others:
            with st.popover("Other formats", type="tertiary"):
                for item in others:
                    _offer(record, item)


def _offer(record: RunRecord, item: export.ExportFormat) -> None:
    """Made when a person asks for it: drawing the page costs nothing.

    Bytes, not a callable: Streamlit 1.67 drops a deferred file when two scripts end, in whatever
    tab, before the browser has fetched it (seen as 404 while a page polled).
    """
    icon, asked_for = ":material/download:", f"{item.noun}-of"
    if st.session_state.get(asked_for) != record.run_id:
        st.button(
            f"Download as {item.title}",
            key=f"{item.noun}-make",
            icon=icon,
            type="tertiary",
            help=item.help,
            on_click=st.session_state.update,
            args=({asked_for: record.run_id},),
        )
        return
    with blocks.guarded():  # a run may lack what this file is made of
        opens = _screen(record) if item.make_seen else {}
        if opens and item.make_seen:
            made = item.make_seen(session.store(), record, opens)
        else:
            made = item.make(session.store(), record)
        st.download_button(
            f"Save the {item.noun} ({blocks.size(len(made))})",
            data=made,
            file_name=export.file_name(record, item.ending),
            mime=item.mime,
            key=f"{item.noun}-save",
            icon=icon,
            on_click="ignore",
        )


def _screen(record: RunRecord) -> dict[str, object]:
    """What a person has chosen to see of the run in this tab; nothing where they chose nothing."""
    state = st.session_state.get(f"stage-{record.run_id}") or {}
    found = dict(state.get("screen") or {})
    return {**found, "frame": state["frame"]} if state.get("frame") else found


# --- what can be done -------------------------------------------------------------------------


def _buttons(record: RunRecord, progress: RunProgress) -> None:
    steps = progress.phase == "unlearning" and record.total > 0
    waits = record.state in ("queued", "starting")
    with st.container(horizontal=True, vertical_alignment="center", key="run-buttons"):
        if record.state == "paused":
            _button(record, "resume", "play_arrow")
        else:
            _button(record, "pause", "pause", disabled=waits)
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
        _button(record, "stop", "stop", disabled=waits and record.state == "starting")
        blocks.counters("", progress)
    blocks.note(_pending_command(record))


def _button(
    record: RunRecord, verb: Verb, icon: str, field: str = "", disabled: bool = False
) -> None:
    st.button(
        verb.capitalize(),
        key=f"run-{verb}",
        icon=f":material/{icon}:",
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
    command_id = session.attempt(session.store().command, record.run_id, verb, value)
    if command_id is None:
        return
    st.session_state["pending_command"] = (record.run_id, command_id, verb)
    until = time.monotonic() + ACKNOWLEDGE_S
    while session.store().acknowledged(command_id) is None and time.monotonic() < until:
        time.sleep(0.02)


def _pending_command(record: RunRecord) -> str:
    """A line while a command is on its way; commands are answered by id."""
    run_id, command_id, verb = st.session_state.get("pending_command", ("", 0, ""))
    if run_id != record.run_id or session.store().acknowledged(command_id) is not None:
        return ""
    return f"{verb.capitalize()} is taken up after the step that is under way."


def _resume_button(record: RunRecord) -> None:
    if record.state not in ("lost", "stopped", "failed"):
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
    session.wake()
