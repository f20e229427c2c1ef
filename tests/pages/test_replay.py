"""What a tab is sent: every frame, in the same places for a live tab, a late one and a file."""

import base64
import re
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cu_core.errors import StoreError
from cu_core.spec import UnlearnRequest
from cu_core.store import RunWriter, Store
from tests.pages import fabricate
from tests.store.samples import P, arrays, probe
from tests.tab import Tab, assert_same_picture
from ui import export, replay
from ui.stage import unpack


class Worker:
    """Writes a run frame by frame, as a worker does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.run_id = store.enqueue(UnlearnRequest())
        self._take_up()
        self.writer.probe(probe(), atlas=np.frombuffer(b"PNG", np.uint8))
        self.writer.put_many({"scale": 2.0, "class_names": ["a", "b", "c"]})

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
        self.writer.put("ghost", {"fidelity": 0.9})

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
    html = export.page(store, run_id).decode()
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
    assert page.header["verdict"] == fabricate.summary()["verdict"]
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
        export.page(store, run_id)


def test_frames_from_before_there_were_shares_play_without(store: Store, worker: Worker) -> None:
    from tests.store.test_views import without_shares

    worker.go(0, 1)
    worker.end()
    without_shares(store, worker.run_id, 0)
    record, reader = store.run(worker.run_id), store.reader(worker.run_id)
    data = replay.blob(record, reader, reader.progress(), {}, replay.Sent(record.run_id))
    assert data is not None and "share" not in unpack(data)[1]
