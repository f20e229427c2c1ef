"""What a worker records and a page reads: numbers, snapshots, damage, a disk that is full."""

import gc
import math
import resource
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sqlalchemy.sql.compiler import SQLCompiler

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION, ForgetFacts, RunProgress, StepLog, Summary
from cu_core.store import RunWriter, Store
from cu_core.store import reader as reader_module
from cu_core.store.reader import _stride
from cu_core.store.runtables import decode_value, encode_value
from cu_core.store.writer import to_float16
from tests.store.samples import REQUEST, P, arrays, finished, probe, running


@given(st.none() | st.floats())
@example(math.nan)
@example(-math.inf)
def test_every_number_is_stored_as_what_it_is(value: float | None) -> None:
    stored, kind = encode_value(value)
    assert stored is None or math.isfinite(stored)  # all that SQLite keeps faithfully
    back = decode_value(stored, kind)
    assert back == value or (back is not None and value is not None and back != back != value)


def test_metrics_come_back_by_name_in_step_order(store: Store) -> None:
    claimed, writer = running(store)
    writer.steps(
        [StepLog(2, 0.1, {"contrast": np.float32(2), "ce": math.nan})], RunProgress(step=2)
    )
    writer.steps([StepLog(1, 0.0, {"contrast": 1.5, "ce": -math.inf})])
    writer.metrics(2, {"ua": None, "ra": math.inf, "share/0": 0.25})
    reader = store.reader(claimed.run_id)
    curves = reader.metrics()
    assert curves["loss/contrast"] == ([1, 2], [1.5, 2.0])
    assert curves["loss/ce"][1][0] == -math.inf and math.isnan(curves["loss/ce"][1][1] or 0)
    assert curves["ua"] == ([2], [None]) and curves["ra"] == ([2], [math.inf])
    assert set(reader.metrics(since=1)) == set(curves) and reader.metrics(since=2) == {}
    assert reader.progress().step == 2
    writer.metrics(2, {"ua": 7.0})  # measured again: replaced, not doubled
    assert reader.metrics()["ua"] == ([2], [7.0])


def test_a_snapshot_comes_back_and_knows_its_classes(store: Store) -> None:
    claimed, writer = running(store)
    for step in (0, 10, 20):
        writer.snapshot(step, **arrays(step))
    reader = store.reader(claimed.run_id)
    assert [row.step for row in reader.snapshots()] == [0, 10, 20]
    assert [row.step for row in reader.snapshots(since_step=10)] == [20]
    assert reader.snapshots()[1].path.name == "000010.safetensors"
    frame, given_ = reader.frame(10), arrays(10)
    for name in ("z", "logits", "test_logits"):
        assert frame[name].dtype == np.float16
        assert_array_equal(frame[name], given_[name])
    assert_array_equal(frame["xy"], given_["xy"])
    frames = reader.frames()
    assert frames.xy.dtype == np.float32 and frames.xy.shape == (3, P, 2)
    assert_array_equal(frames.pred[2], given_["logits"].argmax(1) * 0 + (np.arange(P) + 20) % 3)
    assert frames.quality[1] == {"fidelity": 1 / 11}
    last = reader.frames(from_index=2)
    assert (last.steps, last.start, last.total, last.damaged) == ([20], 2, 3, 0)
    assert reader.frames(9).steps == [] and reader.frames(9).total == 3
    with pytest.raises(StoreError, match="no snapshot of step 11"):
        reader.frame(11)


def test_a_close_call_keeps_its_class_and_a_huge_logit_stays_finite(store: Store) -> None:
    claimed, writer = running(store)
    content = arrays(0)
    content["logits"] = np.tile(np.float32([1.0, 1.00001, 0.0]), (P, 1))  # a tie in float16
    content["z"] = np.full((P, 5), 1e9, np.float32)
    content["z"][0] = (np.nan, np.inf, -np.inf, -1e9, 1)
    writer.snapshot(0, **content)
    reader = store.reader(claimed.run_id)
    assert (reader.frames().pred == 1).all()
    z = reader.frame(0)["z"]
    assert z[1, 0] == 65504 and z[0, 3] == -65504
    assert np.isnan(z[0, 0]) and z[0, 1] == np.inf and z[0, 2] == -np.inf


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_half_changes_a_finite_value_by_rounding_and_range_alone(values: list[float]) -> None:
    given_ = np.array(values, np.float32)
    kept = to_float16(given_)
    assert_array_equal(np.isfinite(kept), np.isfinite(given_))
    inside = np.isfinite(given_) & (np.abs(given_) < 65504)
    assert_array_equal(kept[inside], given_[inside].astype(np.float16))


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1  # the last section: xy
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [flip_a_byte, cut_short, empty, Path.unlink])
def test_a_damaged_snapshot_costs_one_frame(store: Store, spoil) -> None:  # type: ignore[no-untyped-def]
    run_id = finished(store, (0, 10, 20))
    reader = store.reader(run_id)
    assert reader.frames().damaged == 0  # and is remembered as sound
    spoil(reader.snapshots()[1].path)
    for again in (reader, store.reader(run_id)):
        frames = again.frames()
        assert (frames.steps, frames.total, frames.damaged) == ([0, 20], 2, 1)
        assert again.frames(1).steps == [20]
        with pytest.raises(StoreError, match="snapshot of step 10 is damaged"):
            again.frame(10)
        assert_array_equal(again.frame(20)["xy"], arrays(20)["xy"])
    assert store.run(run_id).state == "done"


def test_of_many_frames_every_kth_and_the_newest_are_read_and_no_other_is_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_one = tuple(range(0, 230, 10))
    reader = store.reader(finished(store, every_one))
    looked = set()
    stamped = reader_module.stamp
    monkeypatch.setattr(
        reader_module, "stamp", lambda path: looked.add(int(path.stem)) or stamped(path)
    )
    frames = reader.frames(at_most=8)
    assert (frames.every, frames.recorded, frames.total, frames.start) == (4, 23, 7, 0)
    assert frames.steps == reader.frame_steps(8) == [0, 40, 80, 120, 160, 200, 220]
    assert looked == {*frames.steps}
    assert_array_equal(frames.xy[-1], arrays(220)["xy"])
    assert reader.frames(5, at_most=8).steps == [200, 220] and reader.frames(5, 8).start == 5
    assert reader.frames(at_most=23).every == 1 and reader.frames().steps == [*every_one]
    for row in reader.snapshots()[-1:0:-11]:  # 220, 110: the newest, and one that is not shown
        flip_a_byte(row.path)
    frames = reader.frames(at_most=8)
    assert (frames.steps[-2:], frames.total, frames.recorded) == ([200, 210], 7, 22)
    assert reader.frames().damaged == 2


@given(count=st.integers(0, 5000), at_most=st.integers(2, 300))
def test_a_stride_is_the_smallest_power_of_two_that_fits(count: int, at_most: int) -> None:
    def shown(every: int) -> int:
        return len({*range(0, count, every), *range(count)[-1:]})

    every = _stride(count, at_most)
    assert every.bit_count() == 1 and shown(every) <= at_most
    assert every == 1 or shown(every // 2) > at_most


def test_a_snapshot_that_does_not_fit_leaves_the_earlier_ones(store: Store) -> None:
    claimed, writer = running(store)
    writer.snapshot(0, **arrays(0))
    content = arrays(10)
    content["z"] = np.zeros((P, 20_000), np.float32)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(StoreError, match=r"could not be written.*Free some space"):
            writer.snapshot(10, **content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    reader = store.reader(claimed.run_id)
    assert reader.frames().steps == [0] and reader.frames().damaged == 0
    assert len(list((store.home / "runs" / claimed.run_id / "snapshots").iterdir())) == 1
    writer.snapshot(10, **content)
    assert reader.frames().steps == [0, 10]


def test_metrics_that_do_not_fit_are_a_sentence_and_the_rest_is_safe(store: Store) -> None:
    claimed, writer = running(store)
    writer.metrics(0, {"ua": 1.0})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        with pytest.raises(StoreError, match=r"could not be written.*Free some space"):
            writer.metrics(1, {f"share/{i}": 0.5 for i in range(20_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.reader(claimed.run_id).metrics() == {"ua": ([0], [1.0])}
    writer.metrics(1, {"ua": 2.0})
    assert store.reader(claimed.run_id).metrics() == {"ua": ([0, 1], [1.0, 2.0])}
    assert writer._db.exec_driver_sql("PRAGMA synchronous").scalar() == 1


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(store: Store) -> None:
    _, writer = running(store)
    writer.checkpoint(b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreError, match="could not be written"):
            writer.checkpoint(bytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [p.name for p in writer.ckpt_path.parent.iterdir()] == ["last.pt"]
    assert writer.ckpt_path.read_bytes() == b"first"


def test_truncating_undoes_everything_from_a_step_on(store: Store) -> None:
    claimed, writer = running(store)
    for step in (0, 10, 20):
        writer.snapshot(step, **arrays(step))
        writer.metrics(step, {"ua": float(step)})
        writer.event(step, "note", f"at {step}")
    writer.truncate(10, RunProgress(step=9))
    reader = store.reader(claimed.run_id)
    assert reader.frames().steps == [0] and reader.metrics() == {"ua": ([0], [0.0])}
    assert [e.text for e in reader.events()] == ["at 0"]
    assert reader.progress().generation == 1 and reader.progress().step == 9
    assert len(list((store.home / "runs" / claimed.run_id / "snapshots").iterdir())) == 1
    assert writer.last_snapshot() == 0
    writer.snapshot(10, **arrays(11))  # the same step, another life
    assert_array_equal(reader.frames().xy[1], arrays(11)["xy"])


def test_the_probe_and_its_extras(store: Store) -> None:
    claimed, writer = running(store)
    reader = store.reader(claimed.run_id)
    assert reader.probe() is None
    ghost = np.ones((P, 2), np.float32)
    writer.probe(probe(), ghost=ghost[:, ::-1], atlas=np.frombuffer(b"\x89PNG", np.uint8))
    back = reader.probe()
    assert back is not None
    assert_array_equal(back["index"], probe().index)
    assert back["is_forget"].dtype == bool and back["atlas"].tobytes() == b"\x89PNG"
    assert_array_equal(back["ghost"], ghost)
    cut_short(store.home / "runs" / claimed.run_id / "probe.safetensors")
    with pytest.raises(StoreError, match="damaged"):
        reader.probe()


def test_a_reader_waits_for_a_run_that_has_not_begun(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    reader = store.reader(run_id)
    assert (reader.progress(), reader.metrics(), reader.snapshots()) == (RunProgress(), {}, [])
    assert (reader.events(), reader.summary(), reader.log_tail()) == ([], Summary(), "")
    assert reader.frames().xy.shape == (0, 0, 2)
    path = store.home / "runs" / run_id / "run.db"
    sqlite3.connect(path).close()
    path.touch()  # made by its worker a moment ago, no table yet
    assert (reader.progress(), reader.metrics()) == (RunProgress(), {})
    writer = RunWriter(store, run_id)
    writer.put(RunProgress(step=1, forget=ForgetFacts(classes=(5,))))
    assert reader.progress() == RunProgress(step=1, forget=ForgetFacts(classes=(5,)))
    writer.log_path.write_bytes(b"x\n" * 60_000 + "l\u00e4st\xff\n".encode("latin-1"))
    assert reader.log_tail(2).splitlines() == ["x", "l\ufffdst\ufffd"]


def test_the_writer_uses_a_write_ahead_log_and_mirrors_the_state(store: Store) -> None:
    claimed, writer = running(store)
    assert claimed.lock.is_locked
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 1)):
        assert writer._db.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    assert writer.read().state == "running"
    assert not writer.move("queued", "done") and writer.read().state == "running"
    assert writer.move("running", "failed", "Loss is NaN.")
    assert (writer.read().state, writer.read().message) == ("failed", "Loss is NaN.")
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.put(RunProgress(step=1))


def test_a_finished_run_is_one_file_that_a_read_only_disk_can_serve(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store.home / "runs" / finished(store)
    assert not list(folder.glob("run.db-*"))
    monkeypatch.setattr("cu_core.store.sql.os.access", lambda *_: False)
    assert store.reader(folder.name).frames().total == 3
    assert not list(folder.glob("run.db-*"))


def test_what_a_killed_writer_left_is_swept_when_the_run_is_taken_up(store: Store) -> None:
    run_id = finished(store, (0,))
    folder = store.home / "runs" / run_id / "snapshots"
    (folder / "000010.safetensors").write_bytes(b"no row")
    (folder / ".000020.safetensors.ab.tmp").write_bytes(b"half")
    RunWriter(store, run_id).close()
    assert [p.name for p in folder.iterdir()] == ["000000.safetensors"]


def test_a_run_of_a_newer_layout_is_read_but_not_written(store: Store) -> None:
    run_id = finished(store, (0,))
    with sqlite3.connect(store.home / "runs" / run_id / "run.db") as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    assert store.reader(run_id).frames().steps == [0]
    record = store.run(run_id)
    assert "Made by a later Lethe" in record.made_by and record.state == "done"
    with pytest.raises(StoreError, match="a later Lethe"):
        RunWriter(store, run_id)
    with pytest.raises(StoreError, match="a later Lethe"):
        store.requeue(run_id)
    with sqlite3.connect(store.home / "runs" / run_id / "run.db") as connection:
        connection.execute("ALTER TABLE metric RENAME TO measure")
    with pytest.raises(StoreError, match="another version of Lethe"):
        store.reader(run_id).metrics()


def test_true_labels_are_kept_where_labels_were_planted(store: Store) -> None:
    claimed, writer = running(store)
    reader = store.reader(claimed.run_id)
    writer.probe(probe(), atlas=np.frombuffer(b"\x89PNG", np.uint8))
    assert "true_label" not in (reader.probe() or {})
    planted = replace(probe(), true_label=(probe().label + 1) % 3)
    writer.probe(planted)
    back = reader.probe()
    assert back is not None and "atlas" not in back  # another probe than the one before
    assert_array_equal(back["true_label"], (probe().label + 1) % 3)
    writer.probe_extras(atlas=np.frombuffer(b"\x89PNG", np.uint8))
    writer.probe(planted)  # taken up again
    back = reader.probe()
    assert back is not None and {"true_label", "atlas"} <= back.keys()
    writer.close()
    claimed.release()


def test_a_query_is_compiled_once_for_the_files_of_all_runs(store: Store) -> None:
    """Else an app that is left open keeps 80 kB of every run that was ever looked at."""

    def compiled() -> int:
        gc.collect()
        return sum(issubclass(type(found), SQLCompiler) for found in gc.get_objects())

    store.reader(finished(store, (0,))).frames()
    before = compiled()
    for _ in range(3):
        store.reader(finished(store, (0,))).frames()
    assert compiled() == before


def test_equal_words_of_two_runs_are_one_object(store: Store) -> None:
    first, second = (store.run(finished(store)).summary.metrics for _ in range(2))
    assert first == second and [*map(id, first)] == [*map(id, second)]
