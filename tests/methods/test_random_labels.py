"""Which labels are taught, in which order; what the toy forgets by it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from cu_core import engine, methods
from cu_core.methods.random_labels import RandomLabels, relabelled
from cu_core.service.contract import toy
from cu_core.spec import Job


@pytest.mark.parametrize("exclude_true", [True, False])
def test_labels_are_uniform_over_the_classes_that_may_be_drawn(exclude_true: bool) -> None:
    y = torch.full((20_000,), 2)
    drawn = relabelled(y, 5, exclude_true, seed=3)
    share = torch.bincount(drawn, minlength=5) / len(y)
    wanted = torch.tensor([0.25, 0.25, 0.0, 0.25, 0.25]) if exclude_true else torch.full((5,), 0.2)
    torch.testing.assert_close(share, wanted, rtol=0, atol=0.015)
    assert torch.equal(drawn, relabelled(y, 5, exclude_true, seed=3))


def test_of_several_forgotten_classes_none_is_taught_as_another() -> None:
    y = torch.arange(20_000) % 2 * 2 + 1  # 1 and 3
    share = torch.bincount(relabelled(y, 5, True, 3, (1, 3)), minlength=5) / len(y)
    torch.testing.assert_close(share, torch.tensor([1, 0, 1, 0, 1]) / 3, rtol=0, atol=0.015)
    alone = relabelled(y, 5, True, 3)
    assert torch.equal(alone, relabelled(y, 5, True, 3, (1,)))  # one alone is as it was
    everything = relabelled(y, 5, False, 3, (1, 3))
    assert torch.equal(everything, relabelled(y, 5, False, 3))  # the released codes' draw


def test_two_classes_leave_one_wrong_label() -> None:
    y = torch.tensor([0, 1, 1, 0])
    assert torch.equal(relabelled(y, 2, True, seed=0), 1 - y)


class Diary:
    """A model that notes what it is shown; samples of the toy are told apart by their numbers."""

    def __init__(self, job: Job) -> None:
        self.steps: list[tuple[str, list[int]]] = []
        x, _ = toy.blobs()
        self.number = {tuple(row.tolist()): n for n, row in enumerate(x)}
        job.model.register_forward_pre_hook(self.note)
        self.forgotten = {self.of(row) for row in self._all(job.forget)}

    def of(self, row: Tensor) -> int:
        return self.number[tuple(row.tolist())]

    def _all(self, batches: Any) -> Tensor:
        return torch.cat([batches.batch(i)[0] for i in range(batches.n_batches)])

    def note(self, _: torch.nn.Module, args: tuple[Tensor]) -> None:
        seen = [self.of(row) for row in args[0]]
        kinds = {n in self.forgotten for n in seen}
        assert len(kinds) == 1, "a batch mixes both sets"
        self.steps.append(("forget" if kinds.pop() else "retain", seen))


@pytest.mark.parametrize("order", ["forget-first", "shuffled"])
@pytest.mark.parametrize("labels", ["fresh", "kept"])
def test_every_pass_shows_every_sample_once(order: str, labels: str) -> None:
    job = toy.job(forget_class=None)
    diary = Diary(job)
    method = RandomLabels.make(order=order, labels=labels, epochs=2)
    engine.begin(method, job)
    list(engine.run(method, job))
    n = method.steps_per_epoch(job)
    orders = []
    for k in range(2):
        steps = diary.steps[k * n : (k + 1) * n]
        assert sorted(s for _, seen in steps for s in seen) == list(range(240))
        orders.append([kind for kind, _ in steps])
    first = ["forget"] * job.forget.n_batches + ["retain"] * job.retain.n_batches
    assert sorted(orders[0]) == sorted(first)
    assert (orders[0] == orders[1] == first) == (order == "forget-first")


def test_a_kept_label_is_the_same_in_every_pass_and_a_fresh_one_is_not() -> None:
    for labels in ("kept", "fresh"):
        job = toy.job(forget_class=None)
        method = RandomLabels(labels=labels)  # type: ignore[arg-type]
        n = job.forget.n_batches
        passes = []
        for k in range(3):
            taught: dict[tuple[float, ...], int] = {}
            for i in range(k * n, (k + 1) * n):
                x, y = method._forget_batch(job, i)
                taught |= {tuple(row.tolist()): int(c) for row, c in zip(x, y, strict=True)}
            passes.append(taught)
        assert (passes[0] == passes[1] == passes[2]) == (labels == "kept")
        assert len(passes[0]) == job.forget.n


def run(n: int, **knobs: Any) -> torch.nn.Module:
    job = toy.job()
    method = methods.get("random-labels").make(**knobs)
    engine.begin(method, job)
    list(engine.run(method, job, total=n))
    return job.model


def test_the_class_is_unlearned_and_the_rest_is_kept() -> None:
    model = run(80, lr=0.05)
    assert toy.accuracy(model, {1}) < 0.1
    assert toy.accuracy(model, {0, 2, 3}) > 0.9


def test_the_presets_are_the_two_codes() -> None:
    salun, ssd = (methods.get("random-labels").make(p) for p in ("salun-code", "ssd-runner"))
    job = toy.job()
    salun.start(job)
    assert isinstance(job.optimizer, torch.optim.SGD) and not salun.exclude_true  # type: ignore[attr-defined]
    ssd.start(job)
    assert isinstance(job.optimizer, torch.optim.Adam) and ssd.exclude_true  # type: ignore[attr-defined]
