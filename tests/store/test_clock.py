"""A clock that is set back a day in mid-run changes no order and no duration, and nothing goes."""

import time
from pathlib import Path

import pytest

from cu_core.runs.forecast import Work
from cu_core.runs.progress import Progress
from cu_core.spec import DescribeDataset, Export
from cu_core.spec.phases import UNLEARNING
from cu_core.store import Store
from cu_core.store.branches import tree
from cu_core.store.leftovers import leftovers
from cu_core.store.paths import DAY_S
from cu_core.sweeps.room import Watch
from tests.store.samples import REQUEST, arrays, finished, running


def set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a day and an hour."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - DAY_S - 3600)


def test_runs_keep_their_order_and_their_place_in_the_queue(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.enqueue(REQUEST)
    branch = REQUEST.model_copy(update={"parent": first})
    later = [store.enqueue(branch)]
    set_back(monkeypatch)
    later.append(store.enqueue(branch))
    records = store.runs()
    assert [run.run_id for run in records] == [later[1], later[0], first]
    assert records[0].created < records[-1].created - DAY_S  # as the clock has it
    assert [(run.run_id, depth) for run, depth in tree(records)] == [
        (first, 0), (later[0], 1), (later[1], 1),
    ]  # fmt: skip
    assert [store.ahead(run_id) for run_id in (first, *later)] == [0, 1, 2]
    claimed = store.claim()
    assert claimed is not None and claimed.run_id == first


def test_a_run_goes_on_in_its_steps_and_its_waits_only_grow(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, writer = running(store)
    heard: list[float] = []
    progress = Progress(writer, lambda said: heard.append(said.waits[UNLEARNING.part].spent))
    progress.expect([Work(UNLEARNING.key, 10.0, True)])
    for step in range(1, 7):
        if step == 4:
            set_back(monkeypatch)
        writer.snapshot(step, **arrays(step))
        progress.report(UNLEARNING.key, step, 6)
    assert heard == sorted(heard) and heard[0] >= 0
    assert store.reader(writer.run_id).frames().steps == [1, 2, 3, 4, 5, 6]
    watch = Watch(5.0)
    set_back(monkeypatch)
    watch.look(1.0, resting=False)
    assert 5.0 <= watch.spent < 65.0


def test_nothing_young_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Export(run=finished(store), format="gif")
    store.save_handout(asked, ".gif", b"frames")
    upload, question = store.receive("data.npz", b"rows"), store.ask(DescribeDataset(key="d"))
    set_back(monkeypatch)
    assert Path(store.receive("more.npz", b"rows")).is_file() and upload.is_file()
    store.save_handout(Export(run=asked.run, format="png"), ".png", b"picture")
    assert store.handout(asked, ".gif") is not None
    store.ask(DescribeDataset(key="e"))
    assert store.answer(question) is not None
    assert leftovers(store.paths) == []
