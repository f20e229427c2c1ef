"""The followed run: its sentence, its buttons, the Stage, its numbers; alive while the run is.

One fragment draws all of it, once a second while a worker holds the run, afterwards only while an
answer is awaited. The Stage's key is the run's id, so neither a poll nor the end of the run mounts
it anew.
"""

from __future__ import annotations

import time

import streamlit as st

from cu_core.files import sources_hash
from cu_core.spec import Catalog, RunProgress, RunRecord, Summary, trial_of
from cu_core.stage import learning, replay
from cu_core.store import RunReader
from ui import (
    asked,
    attacks,
    blocks,
    compare_runs,
    engine,
    figures,
    hand,
    handover,
    map_requests,
    moments,
    network,
    results,
    session,
    settling,
    sheets,
    story_draft,
    tray,
    wording,
)
from ui.stage import stage

SOON_S, POLL_S = 0.3, 1.0  # between two looks: until there is a picture, and from then on
SETTLE_S = 2.0  # ... and while the exact figures of a run that has ended are counted
SOON_FOR_S = 8.0  # a picture that takes longer is waited for at the slower pace


def follow(record: RunRecord, catalog: Catalog) -> None:
    """Draws the run, and keeps drawing it until it has ended."""
    pace, followed = _pace(record), st.session_state.get(session.RUN)

    @st.fragment(run_every=pace)
    def view() -> None:
        with blocks.guarded():
            if not session.store().is_known(record.run_id):
                st.rerun()  # the whole page says that it has been deleted
            now = session.store().run(record.run_id)
            moved = st.session_state.get(session.RUN) != followed or hand.moved()
            engine.look_after(session.store(), now)
            if _pace(now) != pace or moved or engine.is_news(session.store()):
                st.rerun()  # another pace or run, other buttons, the sidebar: the whole page, once
            with st.container(key="live"):
                _draw(now, catalog)

    handover.panel([record.run_id])  # first: a drawing that is cut short would drop its files
    view()


def _pace(record: RunRecord) -> float | None:
    if record.state in ("queued", "starting") or _soon(record):
        return SOON_S
    if record.state in session.LIVE:
        return POLL_S
    if settling.settles(record):
        return SETTLE_S
    waits = map_requests.awaited(record.run_id) or sheets.awaited(record.run_id)
    return map_requests.POLL_S if waits else None


def _soon(record: RunRecord) -> bool:
    """Whether this running run may have its first picture any moment, and the tab has none yet."""
    if record.state != "running" or _sent(record).frames:
        return False
    seen: dict[str, float] = st.session_state.setdefault("seen-running", {})
    since = seen.setdefault(record.run_id, time.monotonic())
    return time.monotonic() - since < SOON_FOR_S


def _draw(record: RunRecord, catalog: Catalog) -> None:
    if record.state == "damaged":
        why = "This run was made by a later Lethe" if record.later else "This run cannot be read"
        blocks.verdict(why, soft=[record.name])
        blocks.error(record.message)
        return
    reader = session.store().reader(record.run_id)
    progress, sent = reader.progress(), _sent(record)
    if f"stage-{record.run_id}" not in st.session_state:
        sent.forget_all()  # no Stage has been drawn since the page was opened
    exact, solid = map_requests.states(reader, progress)
    more = asked.answers(record, reader) | {"opens": moments.of_run(record)}
    data = replay.blob(record, reader, progress, catalog, sent, exact, solid, more, True)
    summary = record.summary or replay.so_far(sent, progress)
    head, controls, scene, gathered, numbers = (st.container() for _ in range(5))
    with head:
        session.notices("run")
        blocks.told(record.made_by)
        _headline(record, reader, progress, summary, catalog, sent)
    with controls:
        network.bar(record, progress)
    with scene:
        _scene(record, reader, data, progress)
    with gathered:
        tray.show(hand.of_run(record), hand.shown(record), beside_a_run=True)
    with numbers:
        if summary.metrics and not moments.hides("table"):
            _numbers(record, reader, catalog, progress, summary)
        if data is not None and record.state not in session.LIVE:
            _onward(record)


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
        nobody = "Waiting for a worker" if engine.broken(session.store()) else ""
        ahead = session.store().ahead(record.run_id)
        blocks.verdict(nobody or wording.waiting(ahead), soft=quiet)
    elif record.state in ("done", "stopped") and summary.verdict:
        if moments.hides("verdict"):
            blocks.verdict(wording.tab(record, progress), soft=quiet)
            return
        _said(summary)
        blocks.facts([summary.stopped_by], quiet)
    else:
        pictured = max(sent.last_step, 0)
        sentence = wording.sentence(record, progress, summary.metrics, catalog, pictured)
        blocks.verdict(sentence, [record.message], quiet)


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
            on_ask=lambda: asked.answer(record, key),
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
    of_trial = trial_of(record.request) is not None
    for said in (*summary.remarks(titles, of_trial), *(summary.notes or progress.forget.notes)):
        blocks.note(said)
    with st.expander("All metrics"):
        results.table(catalog.metrics, summary, progress.class_names)
    if record.state not in session.LIVE:
        figures.show(reader, progress, summary)
        attacks.show(record, reader, progress, summary)
    if summary.provenance:
        blocks.note(summary.provenance.other_sources(sources_hash()))
    blocks.reproduce(record.command)


def _samples(progress: RunProgress) -> dict[str, int]:
    """Of how many samples a share is, by metric, while the run does not say it itself."""
    chosen = progress.forget
    drawn = chosen.n_drawn or chosen.n_forget
    whole = dict.fromkeys(("forget_acc_train", "ua"), chosen.n_forget)
    return whole | dict.fromkeys(("knn_probe_forget", "planted_home"), drawn)


def _onward(record: RunRecord) -> None:
    """Where a run goes from here: as a file, or beside others."""
    with st.container(horizontal=True, key="onward"):
        handover.offer([record.run_id], _screen(record))
        compare_runs.offer(record)
        story_draft.offer(record.run_id)


def _screen(record: RunRecord) -> dict[str, object]:
    """What the address opened of the run, and what a person has chosen to see since in this tab."""
    state = st.session_state.get(f"stage-{record.run_id}") or {}
    found = {**moments.asked().opens, **(state.get("screen") or {})}
    if state.get("frame") is None:
        return found
    found.pop("step", None)
    return {**found, "frame": state["frame"]}
