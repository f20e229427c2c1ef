"""Recorded passes: when they are taken, and that what they compute is what would be computed.

There is no GPU here: in place of a CUDA graph stands a recording that computes the passes anew.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from cu_core import engine, methods, models
from cu_core.models.capture import SEEN, Body, Capture, next_update, quicken
from cu_core.models.checkpoint import weights_sha256
from cu_core.service.contract import toy
from cu_core.service.contract.stepping import kind_job, made, steps
from cu_core.spec import Job


class Recording:
    """Stands in for ``cuda_graph``; ``scale`` other than 1 makes recordings that are wrong."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale, self.made, self.replayed = scale, 0, 0

    def __call__(self, passes: Body, x: Tensor) -> Callable[[Tensor], Tensor]:
        self.made += 1
        passes(x)  # as the warm-up of a recording does: statistics move

        def replay(batch: Tensor) -> Tensor:
            self.replayed += 1
            return passes(batch) * self.scale

        return replay


@pytest.fixture
def model() -> Any:
    return models.build("small-cnn", (1, 8, 8), 3, seed=2).train()


def images(n: int = 8) -> Tensor:
    return torch.randn(n, 1, 8, 8, generator=torch.Generator().manual_seed(n))


def recorded(model: Any, scale: float = 1.0) -> Recording:
    recording = Recording(scale)
    model.capture = Capture(model.body, "float32", recording)
    return recording


def update(model: Any, x: Tensor) -> Tensor:
    next_update(model)
    return model(x)[1].detach()


def test_a_shape_that_keeps_coming_is_recorded_once_and_then_replayed(model: Any) -> None:
    recording = recorded(model)
    for _ in range(SEEN - 1):
        update(model, images())
    assert recording.made == 0
    for _ in range(5):
        update(model, images())
    assert recording.made == 1 and recording.replayed == 5 + 1  # one to compare
    update(model, images(7))
    assert recording.made == 1 and recording.replayed == 6


def test_the_second_pass_of_an_update_has_a_recording_of_its_own(model: Any) -> None:
    """The first one's would overwrite what the first pass keeps for its way back."""
    recording = recorded(model)
    for _ in range(SEEN):
        update(model, images())
    assert recording.made == 1
    for _ in range(SEEN):
        update(model, images())
        model(images())
    assert recording.made == 2
    before = recording.replayed
    update(model, images())
    model(images())
    assert (recording.made, recording.replayed) == (2, before + 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.body[1].eval(),
        lambda model: next(model.body.parameters()).requires_grad_(False),
        lambda model: setattr(model.body[0], "weight", copy.deepcopy(model.body[0].weight)),
    ],
)
def test_what_was_recorded_otherwise_is_not_replayed(
    model: Any, change: Callable[[Any], Any]
) -> None:
    recording = recorded(model)
    for _ in range(SEEN):
        update(model, images())
    before = recording.replayed
    change(model)
    update(model, images())
    assert recording.replayed == before


def test_gradients_in_eval_mode_take_ordinary_passes(model: Any) -> None:
    """Fisher information asks one pass for a gradient of each class."""
    recording = recorded(model.eval())
    for _ in range(SEEN + 2):
        update(model, images())
    assert recording.made == 0


def test_looking_takes_ordinary_passes(model: Any) -> None:
    recording = recorded(model)
    for _ in range(SEEN):
        update(model, images())
    before = recording.replayed
    next_update(model)
    with torch.no_grad():
        model(images())
    assert recording.replayed == before


def test_recording_leaves_statistics_and_random_numbers_as_they_were(model: Any) -> None:
    twin = copy.deepcopy(model)
    recorded(model)
    stream = torch.get_rng_state()
    for _ in range(SEEN):
        next_update(model)
        z, wanted = model(images())[1], twin(images())[1]
    assert torch.equal(z, wanted) and torch.equal(stream, torch.get_rng_state())
    for mine, other in zip(model.buffers(), twin.buffers(), strict=True):
        assert torch.equal(mine, other)


def test_a_pass_of_the_same_update_can_still_go_back_after_a_recording(model: Any) -> None:
    """NegGrad+ makes two passes of different sizes before it asks for gradients."""
    twin = copy.deepcopy(model)
    recording = recorded(model)
    for n in range(SEEN + 1):
        next_update(model)
        grads = []
        for net in (model, twin):
            loss = sum(net(images(size))[1].square().mean() for size in (20 + n, 8))
            grads.append(torch.autograd.grad(loss, list(net.body.parameters())))
        for mine, other in zip(*grads, strict=True):
            assert torch.equal(mine, other)
    assert recording.made == 1


def test_a_recording_that_differs_is_not_used_and_says_so(model: Any) -> None:
    recording = recorded(model, scale=1.5)
    for _ in range(SEEN + 3):
        update(model, images())
    assert recording.replayed == 1  # to compare
    assert "differ" in model.capture.fault


def test_where_nothing_can_be_recorded_ordinary_passes_are_taken(model: Any) -> None:
    def refused(passes: Body, x: Tensor) -> Any:
        raise RuntimeError("operation not permitted when stream is capturing")

    twin = copy.deepcopy(model)
    model.capture = Capture(model.body, "float32", refused)
    for _ in range(SEEN + 1):
        assert torch.equal(update(model, images()), twin(images())[1].detach())
    assert "not permitted" in model.capture.fault


def test_a_copy_of_the_model_has_no_graphs(model: Any) -> None:
    recorded(model)
    assert copy.deepcopy(model).capture is None


@pytest.mark.parametrize("key", ["contrastive", "coun", "scrub", "unsir"])
def test_a_method_ends_with_the_same_weights_with_and_without(key: str) -> None:
    """Whatever passes a method makes, in whatever modes."""

    def job() -> Job:
        found = kind_job(made(methods.get(key)))
        net = models.build("mlp", (toy.DIM,), toy.CLASSES, seed=3)
        found.model = net
        return found

    plain, quick = job(), job()
    steps(made(methods.get(key)), plain, 9)
    engine.begin(made(methods.get(key)), quick)
    quicken(quick.model, None)
    recording = Recording()
    quick.model.capture.record = recording
    list(engine.run(made(methods.get(key)), quick, total=9))
    assert recording.replayed > 0
    assert weights_sha256(plain.model) == weights_sha256(quick.model)


def test_an_optimizers_kernels_become_one(model: Any) -> None:
    twin = copy.deepcopy(model)
    for net, quick in ((model, True), (twin, False)):
        optimizer = torch.optim.SGD(net.parameters(), 0.1, 0.9)
        if quick:
            quicken(torch.nn.Identity(), optimizer)
        assert bool(optimizer.param_groups[0]["fused"]) == quick
        for _ in range(3):
            optimizer.zero_grad()
            net(images())[0].square().mean().backward()
            optimizer.step()
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b)
