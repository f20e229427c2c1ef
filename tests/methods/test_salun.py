"""SalUn: which weights move, which never do, and the update written out."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core import engine, methods
from cu_core.methods.salun import top_share
from cu_core.service.contract import toy
from cu_core.spec import Job, StepLog


def test_of_several_forgotten_classes_none_is_taught_as_another() -> None:
    y = torch.arange(3000) % 2 * 2 + 1  # 1 and 3
    salun: Any = methods.get("salun")
    assert salun.make()._random(y, 4, (1, 3)).unique().tolist() == [0, 2]
    assert salun.make(exclude_true=False)._random(y, 4, (1, 3)).unique().tolist() == [0, 1, 2, 3]
    torch.manual_seed(0)
    drawn = salun.make()._random(y, 4, (1,))
    torch.manual_seed(0)
    assert torch.equal(drawn, (y + torch.randint(1, 4, y.shape)) % 4)  # one alone is as it was


def run(job: Job, total: int | None = None, **knobs: Any) -> list[dict[str, float]]:
    method = methods.get("salun").make(**knobs)
    engine.begin(method, job)
    events = [e for e in engine.run(method, job, total=total) if isinstance(e, StepLog)]
    return [{k: float(v) for k, v in e.losses.items()} for e in events]


def vector(model: torch.nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_only_the_most_salient_weights_move(share: float) -> None:
    """Weight decay, momentum and many steps: the others stay bit for bit."""
    job, original = toy.job(), copy.deepcopy(toy.job().model).eval()
    x, y = job.forget.x[job.forget.index], job.forget.y[job.forget.index]
    loss = cross_entropy(original(x)[0], y)
    grads = torch.autograd.grad(loss, list(original.parameters()))
    saliency = torch.cat([g.flatten() for g in grads]).abs()
    run(job, 40, mask_share=share, lr=0.05, momentum=0.9, weight_decay=1e-2)
    moved = vector(job.model) != vector(original)
    n = int(share * len(moved))
    assert moved.sum() <= n and moved.sum() > 0.8 * n
    if share < 1:
        assert saliency[moved].min() >= saliency.sort(descending=True).values[n] * 0.999


def test_a_share_is_counted_exactly_even_among_equals() -> None:
    scores = torch.tensor([0.0, 3.0, 0.0, 1.0, 0.0, 0.0])
    assert top_share(scores, 0.5).tolist() == [True, True, False, True, False, False]
    assert top_share(scores, 0.01).sum() == 1 and top_share(scores, 1.0).all()


def test_the_whole_mask_is_random_labels_by_plain_sgd() -> None:
    """Three updates against torch's SGD with its own weight decay."""
    job, other = toy.job(), toy.job()
    run(job, 3, mask_share=1.0, lr=0.1, weight_decay=1e-2, exclude_true=False)
    method = methods.get("fine-tune").make()
    engine.begin(method, other)
    sgd = torch.optim.SGD(other.model.parameters(), 0.1, 0.9, weight_decay=1e-2)
    for i in range(3):
        x, y = other.forget.batch(i)
        y = (y + torch.randint(0, toy.CLASSES, y.shape)) % toy.CLASSES
        sgd.zero_grad()
        cross_entropy(other.model(x)[0], y).backward()
        sgd.step()
    torch.testing.assert_close(vector(job.model), vector(other.model))


def test_an_epoch_is_a_forget_pass_and_then_a_retain_pass() -> None:
    job = toy.job(16)
    names = [next(iter(log)) for log in run(job, 32)]
    one = ["random-label cross-entropy"] * 4 + ["cross-entropy"] * 12
    assert names == one * 2


@pytest.mark.parametrize("exclude", [True, False])
def test_labels_are_drawn_from_the_wrong_classes_or_from_all(exclude: bool) -> None:
    method = methods.get("salun").make(exclude_true=exclude)
    torch.manual_seed(0)
    y = torch.arange(4000) % 4
    drawn = method._random(y, 4)  # type: ignore[attr-defined]
    share = (drawn == y).float().mean()
    assert share == 0 if exclude else abs(share - 0.25) < 0.03
    counts = torch.bincount(drawn, minlength=4).float() / 4000
    assert ((counts - 0.25).abs() < 0.04).all()


def test_the_toy_class_is_forgotten_and_the_others_are_kept() -> None:
    job = toy.job()
    run(job, epochs=10, lr=0.02)
    assert toy.accuracy(job.model, {1}) < 0.2
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95
