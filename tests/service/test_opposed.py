"""Who pushes and pulls a forget sample: the very samples that the method is given in its steps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import methods, models
from cu_core.errors import BadRequest
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.service.opposed import who_opposes
from cu_core.spec import Leg, Method, TrainRequest, UnlearnRequest, WhoOpposes
from cu_core.store import Store

STEPS, REPEATS = 7, 2


class Watched:
    """Batches that note which samples they hand out, told by their contents."""

    def __init__(self, batches: Any, x: torch.Tensor, seen: list[list[int]]) -> None:
        self._batches, self._x, self._seen = batches, x, seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batches, name)

    def batch(self, *args: Any, **more: Any) -> Any:
        x, y = self._batches.batch(*args, **more)
        same = (x.flatten(1)[:, None] == self._x).all(2)  # (B, N)
        assert (same.sum(1) == 1).all()  # no two digits are alike
        self._seen.append(same.int().argmax(1).tolist())
        return x, y


def handed_out(
    setup: Setup, request: UnlearnRequest, method: Method, first: int = 0, until: int = STEPS
) -> tuple[list[list[int]], list[list[int]]]:
    """(forget, retain) samples of each of these updates of the method itself, as it counts."""
    shape, n_classes = setup.dataset.shape, setup.dataset.n_classes
    job = make_job(setup, method, models.build(request.model, shape, n_classes, request.head, 0))
    every = setup.resident.normalise(setup.resident.train_x).flatten(1)
    seen: tuple[list[list[int]], list[list[int]]] = [], []
    job.forget, job.retain = (
        Watched(part, every, notes)
        for part, notes in zip((job.forget, job.retain), seen, strict=True)
    )
    method.start(job)
    for t in range(first, until):
        method.step(job, t)
    return seen


@pytest.mark.parametrize("draw", ["fresh", "first", "balanced"])
def test_they_are_those_that_the_method_was_given(tmp_path: Path, draw: str) -> None:
    store = Store(tmp_path, bundled=None)
    knobs = {"retain_draw": draw, "retain_batches": REPEATS, "batch_size": 40}
    request = UnlearnRequest(forget="random:0.1", hparams=knobs)
    run = store.enqueue(request)
    setup = Setup(request, store.home)
    assert setup.forget is not None
    forget, retain = handed_out(setup, request, method_of(request, setup.forget))
    label = setup.dataset.train_y
    last = {index: t for t, batch in enumerate(forget) for index in batch}
    asked = tuple(int(i) for i in setup.forget.index)
    told = who_opposes(store, WhoOpposes(run=run, step=STEPS, index=asked)).of
    assert told.keys() == last.keys()
    for index, t in last.items():
        same = label[retain[t]] == label[index]
        assert told[index].update == t + 1
        assert told[index].push == tuple(np.array(retain[t])[same])
        assert told[index].pull == tuple(np.array(retain[t])[~same])


KNOBS = {"batch_size": 40, "retain_batches": REPEATS}
OTHER = {"batch_size": 30, "retain_batches": 3}


@pytest.mark.parametrize(
    ("first", "knobs", "counted"),  # (knobs, own steps, and how many updates came before) of each
    [
        ([Leg(until=7, method="gradient-ascent")], KNOBS, [(KNOBS, 0, 13, 7)]),
        (
            [Leg(until=4, method="contrastive", knobs=OTHER)],
            KNOBS,
            [(OTHER, 0, 4, 0), (KNOBS, 4, 6, 0)],
        ),
        (
            [
                Leg(until=3, method="contrastive", knobs=KNOBS),
                Leg(until=7, method="gradient-ascent"),
            ],
            OTHER,
            [(KNOBS, 0, 3, 0), (OTHER, 0, 2, 7)],
        ),
    ],
    ids=["another method", "other knobs", "there and back"],
)
def test_those_of_a_branch_are_those_of_the_stretch_that_made_the_update(
    tmp_path: Path, first: list[Leg], knobs: dict[str, Any], counted: list[Any]
) -> None:
    store = Store(tmp_path, bundled=None)
    request = UnlearnRequest(forget="random:0.1", first=tuple(first), hparams=knobs)
    run = store.enqueue(request)
    setup = Setup(request, store.home)
    last: dict[int, tuple[int, list[int]]] = {}
    for own, start, until, before in counted:
        method = methods.get("contrastive").make(None, **own)
        forget, retain = handed_out(setup, request, method, start, until)
        for t, (batch, met) in enumerate(zip(forget, retain, strict=True), before + start):
            last |= {index: (t + 1, met) for index in batch}
    step = counted[-1][3] + counted[-1][2]
    assert setup.forget is not None
    asked = tuple(int(i) for i in setup.forget.index)
    told = who_opposes(store, WhoOpposes(run=run, step=step, index=asked)).of
    assert {i: one.update for i, one in told.items()} == {i: at for i, (at, _) in last.items()}
    assert all(sorted(one.push + one.pull) == sorted(last[i][1]) for i, one in told.items())


def test_at_a_step_of_another_method_there_is_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path, bundled=None)
    leg = Leg(until=7, method="gradient-ascent")
    run = store.enqueue(UnlearnRequest(first=(leg,)))
    for step in (0, 7):
        with pytest.raises(BadRequest, match="sets no samples against each other"):
            who_opposes(store, WhoOpposes(run=run, step=step, index=(3,)))


def test_a_sample_that_has_not_taken_part_and_one_that_is_kept_have_none(tmp_path: Path) -> None:
    store = Store(tmp_path, bundled=None)
    run = store.enqueue(UnlearnRequest(forget="class:5"))
    setup = Setup(store.run(run).request, store.home)
    assert setup.forget is not None
    kept = int(setup.retain_index(setup.forget)[0])
    gone = tuple(int(i) for i in setup.forget.index)
    assert who_opposes(store, WhoOpposes(run=run, step=0, index=(*gone, kept))).of == {}
    first = who_opposes(store, WhoOpposes(run=run, step=1, index=(*gone, kept))).of
    assert 0 < len(first) < len(gone) and kept not in first
    assert all(not one.push and one.pull for one in first.values())  # none carries the label


@pytest.mark.parametrize(
    "request_, words",
    [
        (UnlearnRequest(method="fine-tune"), "sets no samples against each other"),
        (UnlearnRequest(hparams={"retain_draw": "hard"}), "that model is gone"),
        (TrainRequest(), "unlearns nothing"),
    ],
)
def test_what_cannot_be_named_is_said(tmp_path: Path, request_: Any, words: str) -> None:
    store = Store(tmp_path, bundled=None)
    run = store.enqueue(request_)
    with pytest.raises(BadRequest, match=words):
        who_opposes(store, WhoOpposes(run=run, step=4, index=(3,)))
