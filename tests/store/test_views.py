"""Shares of the classes in a snapshot, snapshots from before there were any, and views of a run."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal
from safetensors.numpy import load, save

from cu_core.errors import StoreError, UnknownRun
from cu_core.store import RunWriter, Store
from cu_core.store.probabilities import shares, softmax
from cu_core.store.writer import view_digest
from tests.store.samples import P, arrays, finished, probe, running

logits = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(2, 40)),
    elements=st.floats(-1e4, 1e4, width=32),
)


@given(logits)
def test_shares_are_the_softmax_to_a_255th_and_sum_to_the_whole(given_: Any) -> None:
    share, of_class = shares(given_)
    n, c = given_.shape
    exact = softmax(given_) * 255
    assert share.dtype == np.uint8 and share.shape == (n, c if c <= 16 else 8)
    if of_class is None:
        assert (share.sum(1, dtype=int) == 255).all()
    else:
        assert of_class.dtype == np.uint16
        assert all(len(set(row)) == 8 for row in of_class)
        assert (share.sum(1, dtype=int) <= 255).all()
        exact = np.take_along_axis(exact, of_class.astype(int), 1)
        assert (np.diff(exact, axis=1) <= 1e-9).all()  # the largest, largest first
    assert (np.abs(share - exact) < 1).all()


def test_a_logit_that_is_no_number_has_no_share() -> None:
    share, _ = shares(np.float32([[np.nan, 0, 0], [np.inf, 0, 0], [-np.inf, 3, -np.inf]]))
    assert share[0, 0] == 0 and share[0].sum(dtype=int) == 255
    assert_array_equal(share[1:], [[255, 0, 0], [0, 255, 0]])


def test_frames_hold_the_shares_of_every_class(store: Store) -> None:
    reader = store.reader(finished(store, (0, 10)))
    frames = reader.frames()
    assert frames.share is not None and frames.share.shape == (2, P, 3)
    assert frames.share_class is None
    assert_array_equal(frames.share.argmax(2), frames.pred)
    assert_array_equal(frames.share[1], shares(arrays(10)["logits"])[0])


def test_of_many_classes_the_largest_travel_with_their_names(store: Store) -> None:
    claimed, writer = running(store)
    content = arrays(0)
    content["logits"] = np.random.default_rng(0).normal(size=(P, 300)).astype(np.float32)
    writer.snapshot(0, **content)
    frames = store.reader(claimed.run_id).frames()
    assert frames.share is not None and frames.share_class is not None
    assert frames.share.shape == frames.share_class.shape == (1, P, 8)
    assert_array_equal(frames.share_class[0, :, 0], content["logits"].argmax(1))


def without_shares(store: Store, run_id: str, step: int) -> None:
    """The snapshot as an earlier version of Lethe wrote it."""
    folder = store.paths.run(run_id)
    path = folder / "snapshots" / f"{step:06d}.safetensors"
    kept = {k: v for k, v in load(path.read_bytes()).items() if k != "share"}
    path.write_bytes(save(kept))
    with sqlite3.connect(folder / "run.db") as connection:
        digest = view_digest(kept["xy"], kept["pred"])
        connection.execute("UPDATE snapshot SET view_sha256=? WHERE step=?", (digest, step))


def test_frames_from_before_there_were_shares_still_play(store: Store) -> None:
    run_id = finished(store, (0, 10, 20))
    without_shares(store, run_id, 0)
    frames = store.reader(run_id).frames()
    assert (frames.steps, frames.damaged) == ([0, 10, 20], 0)
    assert frames.share is None and frames.xy.shape == (3, P, 2)
    assert store.reader(run_id).frames(1).share is not None


def test_shares_that_were_altered_or_taken_out_are_damage(store: Store) -> None:
    run_id = finished(store, (0, 10, 20))
    folder = store.paths.run(run_id) / "snapshots"
    for step, change in ((0, {"share": None}), (10, {"share": np.zeros((P, 3), np.uint8)})):
        path = folder / f"{step:06d}.safetensors"
        kept = {k: v for k, v in (load(path.read_bytes()) | change).items() if v is not None}
        path.write_bytes(save(kept))
    frames = store.reader(run_id).frames()
    assert (frames.steps, frames.damaged) == ([20], 2)


XY = {"xy": np.ones((P, 2), np.float32)}


def test_a_view_comes_back_and_changes_nothing_else(store: Store) -> None:
    run_id = finished(store)
    reader = store.reader(run_id)
    before = {p: p.read_bytes() for p in sorted(store.paths.run(run_id).rglob("*")) if p.is_file()}
    assert reader.view("exact-20") is None and reader.views() == []
    store.save_view(run_id, "exact-20", XY, {"step": 20, "seconds": 1.5})
    found = reader.view("exact-20")
    assert found is not None and found[1] == {"step": 20, "seconds": 1.5}
    assert_array_equal(found[0]["xy"], XY["xy"])
    assert reader.view_facts("exact-20") == found[1] and reader.views() == ["exact-20"]
    assert {p: p.read_bytes() for p in before} == before


def test_a_view_of_an_earlier_life_is_none(store: Store) -> None:
    claimed, writer = running(store)
    writer.snapshot(0, **arrays(0))
    store.save_view(claimed.run_id, "solid", XY, {})
    reader = store.reader(claimed.run_id)
    assert reader.view("solid") is not None
    writer.truncate(0)
    assert reader.view("solid") is None and reader.view_facts("solid") is None
    store.save_view(claimed.run_id, "solid", XY, {}, generation=0)  # begun before the rewind
    assert reader.view("solid") is None
    store.save_view(claimed.run_id, "solid", XY, {})
    assert reader.view("solid") is not None


def test_a_damaged_view_is_a_sentence(store: Store) -> None:
    run_id = finished(store)
    store.save_view(run_id, "solid", XY, {})
    path = store.paths.run(run_id) / "views" / "solid.safetensors"
    for spoil in (path.read_bytes()[:20], b"", save(XY)):
        path.write_bytes(spoil)
        with pytest.raises(StoreError, match=r"solid\.safetensors is damaged .*Delete it"):
            store.reader(run_id).view("solid")


def test_a_view_needs_a_run_and_a_plain_name(store: Store) -> None:
    run_id = finished(store)
    for name in ("../solid", "exact-", "exact-1.5", "", "a/b"):
        with pytest.raises(StoreError, match="not the name of a view"):
            store.save_view(run_id, name, XY, {})
    with pytest.raises(UnknownRun):
        store.save_view("../../etc", "solid", XY, {})
    store.delete(run_id)
    with pytest.raises(StoreError, match="could not be made"):
        store.save_view(run_id, "solid", XY, {})
    assert not store.paths.run(run_id).exists()


def test_the_probe_written_again_keeps_what_was_added(store: Store) -> None:
    claimed, writer = running(store)
    with pytest.raises(StoreError, match="no sound probe file"):
        writer.probe_extras(ghost=XY["xy"])
    writer.probe(probe(), atlas=np.frombuffer(b"\x89PNG", np.uint8))
    writer.probe_extras(ghost=XY["xy"], ghost_share=np.zeros((P, 3), np.uint8))
    writer.close()
    writer = RunWriter(store, claimed.run_id)  # taken up again: the probe is written anew
    writer.probe(probe(), atlas=np.frombuffer(b"PNG2", np.uint8))
    back = store.reader(claimed.run_id).probe()
    assert back is not None and back["atlas"].tobytes() == b"PNG2"
    assert_array_equal(back["ghost"], XY["xy"])
    assert_array_equal(back["index"], probe().index)
    path: Path = store.paths.run(claimed.run_id) / "probe.safetensors"
    path.write_bytes(b"cut")
    writer.probe(probe())  # what cannot be read cannot be kept
    back = store.reader(claimed.run_id).probe()
    assert back is not None and "ghost" not in back
