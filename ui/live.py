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
from cu_core.stage import export, learning, replay
from cu_core.store import RunReader
from ui import blocks, figures, map_requests, network, results, session, wording
from ui.stage import stage

SOON_S, POLL_S = 0.3, 1.0  # between two looks: until there is a picture, and from then on
SETTLE_S = 2.0  # ... and while the exact figures of a run that has ended are counted
SOON_FOR_S = 8.0  # a picture that takes longer is waited for at the slower pace


def follow(record: RunRecord, catalog: Catalog) -> None:
    """Draws the run, and keeps drawing it until it has ended."""
    pace = _pace(record)

    @st.fragment(run_every=pace)
    def view() -> None:
        with blocks.guarded():
            now = session.store().run(record.run_id)
            if _pace(now) != pace:
                st.rerun()  # another pace, other buttons, the sidebar: the whole page, once
            with st.container(key="live"):
                _draw(now, catalog)

    view()


def _pace(record: RunRecord) -> float | None:
    if record.state in ("queued", "starting") or _soon(record):
        return SOON_S
    if record.state in session.LIVE:
        return POLL_S
    if session.settles(record):
        return SETTLE_S
    return map_requests.POLL_S if map_requests.awaited(record.run_id) else None


def _soon(record: RunRecord) -> bool:
    """Whether this running run may have its first picture any moment, and the tab has none yet."""
    new = record.state == "running" and time.time() - record.created < SOON_FOR_S
    return new and not _sent(record).frames


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
        _headline(record, reader, progress, summary, catalog, sent)
    with controls:
        network.bar(record, progress)
    with scene:
        _scene(record, reader, data, progress)
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
    sent: replay.Sent,
) -> None:
    quiet = [wording.given_name(record), wording.settings(record, progress), _drawn(progress)]
    if record.state == "failed":
        blocks.verdict(f"Ended with an error at step {record.step:,}", soft=quiet)
        blocks.error(record.message, reader.log_tail(), "Log")
    elif record.state == "queued":
        blocks.verdict(wording.waiting(session.runs_ahead(record)), soft=quiet)
    elif record.state in ("done", "stopped") and summary.verdict:
        _said(summary)
        blocks.facts([summary.stopped_by], quiet)
    else:
        pictured = max(sent.last_step, 0)
        sentence = wording.sentence(record, progress, summary.metrics, catalog, pictured)
        message = record.message if record.state in ("lost", "stopped") else ""
        blocks.verdict(sentence, [message], quiet)


def _said(summary: Summary) -> None:
    """The verdict in ten words, and whole below them; older runs have no such line."""
    if summary.headline:
        blocks.headline(summary.headline, summary.verdict)
    else:
        blocks.verdict(summary.verdict)


def _drawn(progress: RunProgress) -> str:
    """How many of the forget set are on the map, where that is not all."""
    chosen = progress.forget
    if not 0 < chosen.n_drawn < chosen.n_forget:
        return ""
    return f"{chosen.n_drawn:,} of {chosen.n_forget:,} images to forget are drawn"


def _scene(record: RunRecord, reader: RunReader, data: bytes | None, progress: RunProgress) -> None:
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
        if not _learns(record, reader, progress):
            blocks.empty("The map appears here", wording.until_the_picture(progress))
    else:
        blocks.empty("No picture was kept", "The run ended before its first one.")


def _learns(record: RunRecord, reader: RunReader, progress: RunProgress) -> bool:
    """Until the run's own picture begins: its original model while that is trained, if it is."""
    sent: replay.Sent = st.session_state.get("sent-learning") or replay.Sent("")
    if sent.run_id != record.run_id:
        sent = st.session_state["sent-learning"] = replay.Sent(record.run_id)
    made = learning.blob(record, reader, progress, sent)
    if made is None:
        return False
    data, words = made
    blocks.note(words)
    stage(data, key=f"stage-learning-{record.run_id}", on_need=lambda: sent.forget_from(0))
    return True


def _need(key: str) -> None:
    """The page lacks frames, after a reload or a change of page: the next drawing sends them."""
    trigger = (st.session_state.get(key) or {}).get("need") or {}
    if "sent" in st.session_state:
        st.session_state["sent"].forget_from(int(trigger.get("from", 0)))


def _numbers(
    record: RunRecord, reader: RunReader, catalog: Catalog, progress: RunProgress, summary: Summary
) -> None:
    st.space("small")
    results.tiles(catalog.metrics, summary, summary.counts or _samples(progress))
    if not record.summary:
        until = "" if record.is_watched else "; exact figures come with the end"
        blocks.note(f"Estimates from the points on the map{until}.")
    titles = {metric.key: metric.title for metric in catalog.metrics}
    for said in (*summary.remarks(titles), *(summary.notes or progress.forget.notes)):
        blocks.note(said)
    with st.expander("All metrics"):
        results.table(catalog.metrics, summary, progress.class_names)
    if record.state not in session.LIVE:
        figures.show(reader, progress, summary)
    if summary.provenance:
        blocks.note(summary.provenance.other_sources(sources_hash()))
    blocks.reproduce(record.command)


def _samples(progress: RunProgress) -> dict[str, int]:
    """Of how many samples a share is, by metric, while the run does not say it itself."""
    chosen = progress.forget
    drawn = chosen.n_drawn or chosen.n_forget
    whole = dict.fromkeys(("forget_acc_train", "ua"), chosen.n_forget)
    return whole | dict.fromkeys(("knn_probe_forget", "planted_home"), drawn)


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
