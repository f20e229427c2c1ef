"""What a watched loop leaves: a run like any other, with the person's own rows and words."""

import gc
import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import cu_core as lethe
from cu_core.errors import StoreError
from cu_core.stage import export
from cu_core.store import Store
from tests.watching.loops import blobs, network, split, train, watched


def test_a_watched_loop_is_a_run_that_plays(tmp_path):
    _, w = train(watching=lambda model, data: watched(tmp_path, model, data, name="mine"))
    store = Store(tmp_path)
    (record,) = store.runs()
    assert record.run_id == w.run_id and (record.state, record.name) == ("done", "mine")
    assert record.is_watched and record.step == 6 and w.problem == ""
    reader = store.reader(record.run_id)
    assert [row.step for row in reader.snapshots()] == [0, 2, 4, 6]
    curves = reader.metrics()
    assert curves["loss/loss"][0] == [1, 2, 3, 4, 5, 6]
    assert {"forget_acc_test", "ra", "ta"} <= curves.keys()
    assert record.summary.verdict and record.summary.forget.classes == (2,)
    page = export.formats()["html"].make(store, record)
    assert b"<html" in page[:200].lower()


def test_rows_are_those_of_the_persons_own_data_set(tmp_path):
    _, w = train(watching=lambda model, data: watched(tmp_path, model, data, points=40))
    probe = Store(tmp_path).reader(w.run_id).probe()
    y = blobs().tensors[1].numpy()
    assert len(probe["index"]) == 40 and probe["is_forget"].sum() == 20
    assert np.array_equal(y[probe["index"]], probe["label"])
    assert np.array_equal(y[probe["index"]] == 2, probe["is_forget"])
    assert np.array_equal(probe["row"], probe["index"])
    assert json.loads(probe["names"].tobytes()) == {"of": "TensorDataset"}


def test_a_retrained_model_gives_the_ghost_and_the_gaps(tmp_path):
    _, w = train(watching=lambda model, data: watched(tmp_path, model, data, reference=network()))
    store = Store(tmp_path)
    progress, summary = store.reader(w.run_id).progress(), store.run(w.run_id).summary
    assert progress.ghost is not None and "ra" in progress.retrained
    assert summary.retrained and summary.gap["ra"] is not None


def test_without_one_there_is_no_gap(tmp_path):
    _, w = train(watching=lambda model, data: watched(tmp_path, model, data))
    summary = Store(tmp_path).run(w.run_id).summary
    assert summary.retrained is None and summary.gap == {}
    assert "no retrained reference" in summary.verdict


def test_nobody_else_runs_or_resumes_it(tmp_path):
    w = watched(tmp_path, network(), blobs())
    store = Store(tmp_path)
    waiting = store.enqueue(lethe_request())
    claimed = store.claim()
    assert claimed is not None and claimed.run_id == waiting  # a live loop holds no place
    claimed.release()
    with pytest.raises(ValueError), w:
        raise ValueError("my own")
    assert store.run(w.run_id).state == "failed" and "my own" in store.run(w.run_id).message
    for take in (store.requeue, lambda run: store.claim_run(run, ("failed",))):
        with pytest.raises(StoreError, match="a script of your own"):
            take(w.run_id)


def lethe_request():
    from cu_core.spec import FetchRequest

    return FetchRequest(dataset="cifar10")


def test_one_that_nobody_closes_is_stopped_when_it_is_forgotten(tmp_path):
    w = watched(tmp_path, network(), blobs())
    run_id = w.run_id
    del w
    gc.collect()
    record = Store(tmp_path).run(run_id)
    assert record.state == "stopped" and "without closing" in record.message


def test_a_process_that_is_killed_leaves_a_run_that_is_lost_and_can_be_deleted(tmp_path):
    w = watched(tmp_path, network(), blobs())
    w.recorder.claimed.release()  # as the kernel does it
    store = Store(tmp_path)
    record = store.run(w.run_id)
    assert record.state == "lost" and "script" in record.message
    store.delete(w.run_id)
    assert store.runs() == []
    w.step(), w.close()
    assert w.problem


def test_pairs_of_arrays_and_vectors_do_as_well(tmp_path):
    x, y = blobs().tensors
    x, gone = x.flatten(1).numpy(), (y == 2).numpy()
    model = nn.Sequential(nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 4))
    pairs = {"forget": (x[gone], y[gone].numpy()), "retain": (x[~gone], y[~gone])}
    with lethe.watch(model, **pairs, home=tmp_path, classes=list("abcd")) as w:
        w.step(loss={"kept": 1.0, "gone": torch.tensor(2.0)})
    progress = Store(tmp_path).reader(w.run_id).progress()
    assert w.problem == "" and progress.class_names == ("a", "b", "c", "d")
    assert progress.atlas is None and progress.forget.n_forget == 40
    assert {"loss/kept", "loss/gone"} <= Store(tmp_path).reader(w.run_id).metrics().keys()


def test_samples_that_are_not_whole_classes_are_samples(tmp_path):
    data = blobs()
    x, y = data.tensors
    some = TensorDataset(x[:20], y[:20]), TensorDataset(x[20:], y[20:])
    with lethe.watch(network(), forget=some[0], retain=some[1], home=tmp_path) as w:
        w.step()
    facts = Store(tmp_path).run(w.run_id).summary.forget
    assert facts.kind == "sample" and facts.classes == ()


def test_the_split_is_of_one_data_set():
    forget, retain = split(blobs())
    assert forget.dataset is retain.dataset
