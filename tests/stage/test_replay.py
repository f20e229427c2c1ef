"""What a tab is sent: every frame, in the same places for a live tab, a late one and a file."""

import base64
import re
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cu_core.errors import StoreError
from cu_core.spec import (
    AtlasFacts,
    Catalog,
    ForgetFacts,
    GhostFacts,
    RunProgress,
    UnlearnRequest,
)
from cu_core.stage import export, replay, unpack
from cu_core.store import RunWriter, Store
from tests.pages import fabricate
from tests.store.samples import P, arrays, probe
from tests.tab import Tab, assert_same_picture


class Worker:
    """Writes a run frame by frame, as a worker does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.run_id = store.enqueue(UnlearnRequest())
        self._take_up()
        self.writer.probe(probe(), atlas=np.frombuffer(b"PNG", np.uint8))
        self.writer.put(RunProgress(scale=2.0, class_names=("a", "b", "c")))

    def _take_up(self) -> None:
        self.claimed = self.store.claim_run(self.run_id, ("queued", "lost", "stopped"))
        self.writer: RunWriter = self.store.writer(self.run_id)
        self.writer.move("starting", "running")

    def go(self, *steps: int) -> None:
        for step in steps:
            self.writer.snapshot(step, **arrays(step))
            self.writer.metrics(step, {"ta": float(step)})

    def die(self, resume_at: int) -> None:
        """Killed, and taken up by another one from a checkpoint at this step."""
        self.writer.close()
        self.claimed.release()
        self._take_up()
        self.writer.truncate(resume_at + 1)
        self.writer.probe(probe(), atlas=np.frombuffer(b"PNG", np.uint8))

    def ghost(self) -> None:
        places = np.where(probe().is_forget[:, None], arrays(0)["xy"], np.nan).astype(np.float32)
        self.writer.probe_extras(ghost=places, ghost_share=np.full((P, 3), 85, np.uint8))
        self.writer.put(RunProgress(ghost=GhostFacts(fidelity=0.9)))

    def end(self) -> None:
        self.writer.finish(fabricate.summary())
        self.writer.move(("running", "paused"), "done")
        self.writer.close()
        self.claimed.release()


@pytest.fixture
def worker(store: Store) -> Worker:
    return Worker(store)


def exported(store: Store, run_id: str) -> Tab:
    """What the downloaded page holds."""
    html = export.formats()["html"].make(store, store.run(run_id)).decode()
    (run,) = re.findall(r'id="run"[^>]*>([A-Za-z0-9+/=]+)<', html)
    tab = Tab(store, run_id)
    tab.take(zlib.decompress(base64.b64decode(run)))
    return tab


def test_every_way_to_a_frame_shows_it_in_the_same_place(store: Store, worker: Worker) -> None:
    live, late = Tab(store, worker.run_id), Tab(store, worker.run_id)
    live.poll()
    assert live.header == {}  # nothing before the first frame
    for step in range(4):
        worker.go(step)
        live.poll()
        live.poll()
    late.poll()
    worker.writer.move("running", "paused")
    live.poll()
    worker.writer.move("paused", "running")
    worker.go(4, 5, 6)
    live.poll()
    worker.ghost()
    live.poll()
    assert {"ghost", "ghost_share"} <= live.parts.keys()
    worker.die(resume_at=4)
    live.poll()
    assert [f["step"] for f in live.frames] == [0, 1, 2, 3, 4]
    for step in range(5, 9):
        worker.go(step)
        live.poll()
    worker.end()
    live.poll()
    late.poll()

    replayed = Tab(store, worker.run_id)
    replayed.poll()
    assert [f["step"] for f in replayed.frames] == list(range(9))
    assert_array_equal(replayed.frames[8]["share"].argmax(1), replayed.frames[8]["pred"])
    for tab in (live, late, exported(store, worker.run_id)):
        assert_same_picture(tab, replayed)
        assert tab.header["scale"] == 2.0 and tab.header["ghost"] == {"fidelity": 0.9}
        assert "floor" not in tab.header


def test_the_page_is_told_how_large_the_forget_set_is(store: Store, worker: Worker) -> None:
    worker.go(0)
    tab = Tab(store, worker.run_id)
    tab.poll()
    assert tab.header["forget_size"] is None  # a record of before it was kept
    worker.writer.put(RunProgress(forget=ForgetFacts(n_forget=5421, n_drawn=3)))
    worker.go(1)
    tab.poll()
    assert tab.header["forget_size"] == 5421


def test_nothing_new_is_nothing_sent(store: Store, worker: Worker) -> None:
    tab = Tab(store, worker.run_id)
    worker.go(0, 1, 2, 3)
    for _ in range(3):
        tab.poll()
    assert tab.blobs == 1
    worker.ghost()
    seen = []
    for step in range(4, 8):
        worker.go(step)
        tab.poll()
        seen.append("ghost" in unpack(tab.last)[1])
    assert seen == [True, True, False, False]  # twice, in case that the page missed one


def test_a_page_that_lacks_frames_is_sent_everything_again(store: Store, worker: Worker) -> None:
    tab = Tab(store, worker.run_id)
    worker.go(*range(6))
    worker.ghost()
    tab.poll()
    worker.end()
    tab.poll()
    tab.sent.forget_from(0)  # reloaded
    again = Tab(store, worker.run_id)
    again.sent = tab.sent
    again.poll()
    assert_same_picture(again, tab)


def test_a_long_run_shows_every_kth_frame_and_the_newest(
    store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LIMIT", 6)
    live, strides, whole = Tab(store, worker.run_id), [], []
    for step in range(40):
        worker.go(step)
        live.poll()
        header, late = live.header, Tab(store, worker.run_id)
        strides.append(header.get("every", 1))
        shown = [f["step"] for f in live.frames]
        assert shown == sorted({*range(0, step + 1, strides[-1]), step})
        assert header["total"] == len(shown) <= 6
        assert header.get("on_record", step + 1) == step + 1
        late.poll()
        assert_same_picture(live, late)
        if step > replay.OVERLAP and header["start"] == 0:
            whole.append(step)
    assert whole == [6, 11, 21]  # sent anew when k grew, and only then
    assert [strides[step] for step in (5, *whole, 39)] == [1, 2, 4, 8, 8]
    worker.ghost()
    worker.end()
    live.poll()
    page = exported(store, worker.run_id)
    assert_same_picture(page, live)
    assert (page.header["every"], page.header["on_record"], page.header["total"]) == (8, 40, 6)
    (curve,) = (c for c in page.header["curves"] if c["key"] == "ta")
    assert curve["steps"] == list(range(40))  # curves are whole


def test_a_page_that_misses_polls_of_a_long_run_ends_with_the_same_frames(
    store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LIMIT", 6)
    tab, asked = Tab(store, worker.run_id), 0
    for some in (range(6), range(6, 11)):  # as many frames, but other ones
        worker.go(*some)
        tab.poll()
    assert [f["step"] for f in tab.frames] == [0, 2, 4, 6, 8, 10]
    for step in range(11, 50):
        worker.go(step)
        seen, tab.take = tab.take, (lambda _: None) if step % 10 in (1, 2) else tab.take
        try:
            tab.poll()
        except AssertionError:
            asked += 1
            tab.sent.forget_from(0)
            tab.poll()
        tab.take = seen
    assert asked == 3  # it missed where k grew, at 11, 21 and 41, and not at 31
    worker.die(resume_at=20)  # fewer frames, in another step of k
    worker.go(21)
    late = Tab(store, worker.run_id)
    for each in (tab, late):
        each.poll()
    assert_same_picture(tab, late)
    assert [f["step"] for f in late.frames] == [0, 8, 16, 21]


def test_up_to_the_limit_the_bytes_are_those_of_no_limit(
    store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.ghost()
    made = []
    for step in range(6):
        worker.go(step)
        made.append([])
        for limit in (6, 10**9):
            monkeypatch.setattr(replay, "LIMIT", limit)
            record, reader = store.run(worker.run_id), store.reader(worker.run_id)
            sent = replay.Sent(record.run_id)
            made[-1].append(replay.blob(record, reader, reader.progress(), Catalog(), sent))
        header, _ = unpack(made[-1][0])
        assert made[-1][0] == made[-1][1] and not {"every", "on_record"} & header.keys()


def test_views_of_frames_that_are_not_in_the_page_do_not_travel(
    store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LIMIT", 6)
    every = list(range(11))  # the page has 0, 2, 4, ..., 10
    worker.go(*every)
    facts = {**SOLID, "steps": every, "quality": [{"fidelity": s / 10} for s in every]}
    places = solid(11)
    store.save_view(worker.run_id, "solid", places, facts)
    tab = Tab(store, worker.run_id)
    told = {"state": "done", "done": 11, "total": 11, **facts}
    for step, state in ((7, "none"), (8, "fitting")):
        tab.poll(exact={"state": "fitting", "step": step}, solid=told)
        assert tab.header["exact"]["state"] == state
    assert tab.header["solid"]["steps"] == every[::2] == [f["step"] for f in tab.frames]
    assert [q["fidelity"] for q in tab.header["solid"]["quality"]] == [s / 10 for s in every[::2]]
    assert tab.parts["xyz"].shape == (6, P, 3)
    worker.go(11)  # k grows; this frame has no place in 3-D yet
    tab.poll(exact={"state": "fitting", "step": 6}, solid=told)
    assert [f["step"] for f in tab.frames] == [0, 4, 8, 11]
    assert tab.header["exact"] == {"state": "none"} and tab.header["solid"]["steps"] == [0, 4, 8]
    assert tab.parts["xyz"].shape == (3, P, 3)
    worker.end()
    for step in (4, 6):  # the last one that a page can show
        view = {"step": step, "seconds": 2.0}
        store.save_view(worker.run_id, f"exact-{step}", {"xy": arrays(5)["xy"]}, view)
    assert exported(store, worker.run_id).header["exact"]["step"] == 4


SOLID = {"steps": [0, 1], "quality": [{}, {}], "skipped": [], "with_ghost": True, "ghost": 0.8}


def solid(n: int) -> dict[str, np.ndarray]:
    xyz = np.random.default_rng(0).normal(size=(n, P, 3)).astype(np.float32)
    ghost = np.where(probe().is_forget[:, None], xyz[0], np.nan).astype(np.float32)
    return {"xyz": xyz, "ghost_xyz": ghost, "reference": xyz[0]}


def test_views_travel_once_they_are_there_and_end_in_the_file(store: Store, worker: Worker) -> None:
    worker.go(0, 1)
    tab = Tab(store, worker.run_id)
    none: dict[str, Any] = {"state": "none"}
    tab.poll(exact=none, solid=none)
    assert tab.header["exact"] == tab.header["solid"] == none
    tab.poll(
        exact={"state": "fitting", "step": 1}, solid={"state": "working", "done": 0, "total": 2}
    )
    assert tab.header["exact"]["state"] == "fitting" and "xyz" not in tab.parts
    worker.end()
    page = exported(store, worker.run_id)
    assert page.header["exact"] is None and page.header["solid"] is None

    store.save_view(worker.run_id, "exact-1", {"xy": arrays(5)["xy"]}, {"step": 1, "seconds": 2.0})
    store.save_view(worker.run_id, "solid", solid(2), SOLID)
    words = {"state": "done", "step": 1, "seconds": 2.0}
    told = {"state": "done", "done": 2, "total": 2, "steps": [0, 1], "quality": [{}, {}]}
    tab.poll(exact=words, solid=told)
    assert tab.header["exact"]["step"] == 1 and len(tab.header["exact"]["box"]) == 4
    assert tab.parts["xyz"].shape == (2, P, 3) and len(tab.header["solid"]["box"]) == 4
    assert_array_equal((tab.parts["ghost_xyz"] == 65535).all(1), ~probe().is_forget)
    page = exported(store, worker.run_id)
    assert_same_picture(page, tab)
    assert page.header["verdict"] == fabricate.summary().verdict
    assert page.header["command"].startswith("python -m cu_core unlearn")


def test_a_view_that_is_gone_by_now_is_not_promised(store: Store, worker: Worker) -> None:
    worker.go(0, 1)
    tab = Tab(store, worker.run_id)
    tab.poll(
        exact={"state": "done", "step": 1},
        solid={"state": "done", "done": 2, "total": 2, "steps": [0, 1], "quality": [{}, {}]},
    )
    assert tab.header["exact"] == {"state": "none"} and tab.header["solid"]["steps"] == []
    assert "exact" not in tab.parts and "xyz" not in tab.parts


def test_a_solid_map_that_is_not_complete_does_not_travel_in_a_file(
    store: Store, worker: Worker
) -> None:
    worker.go(0, 1, 2)
    worker.end()
    store.save_view(worker.run_id, "solid", solid(2), SOLID)
    assert exported(store, worker.run_id).header["solid"] is None


@pytest.mark.parametrize(
    "name,file",
    [
        ("contrastive, class:5, digits", "lethe-contrastive-class-5-digits.html"),
        ("../../etc/passwd", "lethe-etc-passwd.html"),
        (
            fabricate.HOSTILE,
            "lethe-img-src-x-onerror-alert-1-bold-x-red-cat-link-javascript-1.html",
        ),
        ("Größe №1", "lethe-grosse-no1.html"),
        ("x" * 200, f"lethe-{'x' * 60}.html"),
    ],
)
def test_a_file_is_named_after_its_run_in_plain_letters(store: Store, name: str, file: str) -> None:
    record = store.run(fabricate.finished(store, name=name))
    assert export.file_name(record) == file


def test_a_name_without_plain_letters_gives_way_to_the_id(store: Store) -> None:
    record = store.run(fabricate.finished(store, name="数据"))
    assert export.file_name(record) == f"lethe-{record.run_id}.html"


def test_a_run_without_a_frame_has_no_page(store: Store) -> None:
    run_id = store.enqueue(UnlearnRequest())
    with pytest.raises(StoreError, match="has no frame"):
        export.formats()["html"].make(store, store.run(run_id))


def test_frames_from_before_there_were_shares_play_without(store: Store, worker: Worker) -> None:
    from tests.store.test_views import without_shares

    worker.go(0, 1)
    worker.end()
    without_shares(store, worker.run_id, 0)
    record, reader = store.run(worker.run_id), store.reader(worker.run_id)
    data = replay.blob(record, reader, reader.progress(), Catalog(), replay.Sent(record.run_id))
    assert data is not None and "share" not in unpack(data)[1]


def test_what_was_planted_is_drawn_and_has_a_curve(store: Store, worker: Worker) -> None:
    worker.writer.probe(replace(probe(), true_label=(probe().label + 1) % 3))
    worker.go(0, 1)
    for step, home in ((0, 5.0), (1, 80.0)):
        worker.writer.metrics(step, {"planted_home": home, "planted_trigger": None})
    tab = Tab(store, worker.run_id)
    tab.poll()
    assert_array_equal(tab.parts["true_label"], (probe().label + 1) % 3)
    lines = {line["key"]: line["values"] for line in tab.header["curves"]}
    assert lines["planted_home"] == [5.0, 80.0] and "planted_trigger" not in lines


def test_an_overview_comes_first_and_then_the_whole_at_once_or_asked_for(store: Store) -> None:
    worker = Worker(store)
    worker.writer.put(RunProgress(atlas=AtlasFacts(mime="image/png", tile=1, columns=1)))
    worker.go(*range(4 * replay.OVERVIEW))
    worker.end()
    early, whole = Tab(store, worker.run_id), Tab(store, worker.run_id)
    whole.poll()
    early.poll(overview=True)
    assert early.header["overview"] and early.header["start"] == 0 and "atlas" not in early.header
    assert early.header["steps"][0] == 0 and early.header["steps"][-1] == 4 * replay.OVERVIEW - 1
    assert len(early.frames) <= replay.OVERVIEW < len(whole.frames)
    early.poll(overview=True)  # nothing has changed on record: the page lacks it all the same
    assert not early.header["overview"] and early.header["start"] == 0 and early.header["atlas"]
    assert_same_picture(early, whole)
    blobs = early.blobs
    early.poll(overview=True)
    assert early.blobs == blobs  # and then it is at rest

    early.sent.forget_all()  # the page is opened anew
    early.poll(overview=True)
    assert early.header["overview"]
    for _ in range(2):  # a slow one asks again, though the whole is on its way
        early.sent.forget_from(0)  # it asks for the rest
        early.poll(overview=True)
        assert not early.header["overview"]
        assert_same_picture(early, whole)


def test_a_run_of_few_frames_comes_whole_at_once(store: Store) -> None:
    worker = Worker(store)
    worker.go(*range(replay.OVERVIEW))
    tab = Tab(store, worker.run_id)
    tab.poll(overview=True)
    assert not tab.header["overview"] and len(tab.frames) == replay.OVERVIEW


def test_a_live_run_goes_on_after_its_overview(store: Store) -> None:
    worker = Worker(store)
    worker.go(*range(50))
    tab, other = Tab(store, worker.run_id), Tab(store, worker.run_id)
    tab.poll(overview=True)
    worker.go(50, 51)
    tab.poll(overview=True)
    worker.go(52)
    tab.poll(overview=True)
    other.poll()
    assert_same_picture(tab, other)
