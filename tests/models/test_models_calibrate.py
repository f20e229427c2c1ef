"""How a model is computed is chosen by measuring, and changes no more than last digits."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

from cu_core import models
from cu_core.models import calibrate
from cu_core.spec import ComputePlan

HALF, ORDER = {"precision": "bfloat16"}, {"layout": "contiguous"}


def image_model() -> models.Classifier:
    return models.build("small-cnn", (3, 32, 32), 4)


def clock(
    monkeypatch: pytest.MonkeyPatch, cost: dict[tuple[str, str, int], float]
) -> list[ComputePlan]:
    """``calibrate.seconds`` answers from a table, else 1; returns what was asked."""
    asked: list[ComputePlan] = []

    def told(model: object, plan: ComputePlan) -> float:
        asked.append(plan)
        return cost.get((plan.precision, plan.layout, plan.threads), 1.0)

    monkeypatch.setattr(calibrate, "seconds", told)
    return asked


@pytest.mark.parametrize(
    "cost,best",
    [
        ({}, ComputePlan(threads=2)),
        ({("bfloat16", "channels-last", 2): 0.5}, ComputePlan(precision="bfloat16", threads=2)),
        ({("bfloat16", "channels-last", 2): 0.95}, ComputePlan(threads=2)),  # as likely noise
        ({("float32", "contiguous", 2): 0.8}, ComputePlan(layout="contiguous", threads=2)),
        ({("float32", "channels-last", 1): 0.7}, ComputePlan(threads=1)),
    ],
)
def test_the_fastest_plan_is_taken_if_it_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, cost: dict[tuple[str, str, int], float], best: ComputePlan
) -> None:
    clock(monkeypatch, cost)
    assert calibrate.fastest(image_model(), threads=2) == best


def test_what_is_hopeless_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = clock(monkeypatch, {("bfloat16", "channels-last", 1): 9.0})
    assert calibrate.fastest(image_model(), threads=1) == ComputePlan(threads=1)
    assert sum(plan.precision == "bfloat16" for plan in asked) == 1


def test_a_precision_that_was_asked_for_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = clock(monkeypatch, {("bfloat16", "channels-last", 2): 0.1})
    assert calibrate.fastest(image_model(), "float32", threads=2).precision == "float32"
    assert {plan.precision for plan in asked} == {"float32"}


def test_nothing_is_measured_for_tiny_samples() -> None:
    assert calibrate.known_plan((1, 8, 8), "cpu") == ComputePlan(threads=1)
    assert calibrate.known_plan((3, 32, 32), "cpu") is None
    assert calibrate.known_plan((3, 32, 32), "mps") == ComputePlan()


@pytest.mark.parametrize("native", [True, False])
def test_on_a_gpu_large_samples_are_reduced_where_it_can(
    monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: native)
    precision = calibrate.known_plan((3, 32, 32), "cuda").precision  # type: ignore[union-attr]
    assert precision == ("bfloat16" if native else "float32")
    assert calibrate.known_plan((1, 8, 8), "cuda") == ComputePlan()


def test_measuring_leaves_weights_threads_and_random_numbers_alone() -> None:
    model, threads = image_model(), torch.get_num_threads()
    weights, stream = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    assert calibrate.seconds(model, ComputePlan(precision="bfloat16", threads=threads)) > 0
    assert torch.get_num_threads() == threads and torch.equal(stream, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())
    learnt = {name for name, _ in model.named_parameters()}
    assert all(torch.equal(weights[k], v) for k, v in model.state_dict().items() if k in learnt)


@pytest.mark.parametrize("head", ["plain", "normalised"])
@pytest.mark.parametrize("change", [HALF, ORDER])
def test_a_plan_changes_last_digits_and_no_type(head: str, change: dict[str, str]) -> None:
    model = models.build("resnet20", (3, 32, 32), 4, head, seed=1).eval()  # type: ignore[arg-type]
    x = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = []
    for plan in (ComputePlan(), ComputePlan.model_validate(change)):
        model.use(plan)
        model.zero_grad()
        logits, z = model(x)
        cross_entropy(logits, torch.arange(6) % 4).backward()
        grads = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        assert {logits.dtype, z.dtype, grads.dtype} == {torch.float32}
        found.append((logits.detach(), z.detach(), grads))
    for a, b in zip(*found, strict=True):
        assert float((a - b).norm() / a.norm()) < (0.12 if change == HALF else 2e-3)
    assert copy.deepcopy(model).plan == model.plan  # a teacher computes as its pupil does
