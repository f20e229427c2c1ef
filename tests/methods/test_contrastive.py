"""Eq. 5 and 6 as slow loops, the reference gradients, and what the loss does on the toy."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from cu_core import engine, methods
from cu_core.methods.contrastive import contrastive_loss, push_pull
from cu_core.service.contract import toy

GOLDEN = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.exists(), reason=f"the reference numbers are not at {GOLDEN}"
)


def loop(z_f: Tensor, y_f: Tensor, z_r: Tensor, y_r: Tensor, tau: float) -> float:
    """Eq. 5, and Eq. 6 without its constant, written out sample by sample."""
    total = 0.0
    for z, y in zip(z_f, y_f, strict=True):
        sims = [(float(z @ other) / tau, int(label)) for other, label in zip(z_r, y_r, strict=True)]
        same = [s for s, label in sims if label == int(y)]
        rest = [s for s, label in sims if label != int(y)]
        if same:
            total += math.log(sum(math.exp(s) for s in same))
        if rest:
            total -= sum(rest) / len(rest)
    return total / len(y_f)


def sample(seed: int, n_f: int, n_r: int, classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    z_f = normalize(torch.randn(n_f, 5, generator=g, dtype=torch.float64), dim=1)
    z_r = normalize(torch.randn(n_r, 5, generator=g, dtype=torch.float64), dim=1)
    y_f = torch.randint(classes, (n_f,), generator=g)
    y_r = torch.randint(classes, (n_r,), generator=g)
    return z_f, y_f, z_r, y_r


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 7), st.integers(1, 4),
    st.floats(0.05, 2.0),
)  # fmt: skip
def test_the_loss_is_the_papers_sum(
    seed: int, n_f: int, n_r: int, classes: int, tau: float
) -> None:
    z_f, y_f, z_r, y_r = sample(seed, n_f, n_r, classes)
    ours = float(contrastive_loss(z_f, y_f, z_r, y_r, tau))
    assert ours == pytest.approx(loop(z_f, y_f, z_r, y_r, tau), rel=1e-9, abs=1e-9)


def test_an_anchor_without_a_same_class_sample_has_a_finite_gradient() -> None:
    z_f, _, z_r, _ = sample(0, 4, 6, 3)
    z_f.requires_grad_()
    y_f, y_r = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 0, 1, 1, 1, 1])
    contrastive_loss(z_f, y_f, z_r, y_r, 0.1).backward()
    assert z_f.grad is not None and torch.isfinite(z_f.grad).all()


def test_a_class_task_is_pull_alone() -> None:
    z_f, _, z_r, _ = sample(1, 4, 6, 3)
    y_f, y_r = torch.full((4,), 9), torch.tensor([0, 1, 2, 0, 1, 2])
    push, pull = push_pull(z_f, y_f, z_r, y_r, 0.7)
    assert push.abs().max() == 0
    torch.testing.assert_close(pull, (z_f @ z_r.T / 0.7).mean(1))


@needs_golden
@pytest.mark.parametrize(
    "file,variant",
    [
        ("contrastive_class", "paper"),
        ("contrastive_class", "official"),
        ("contrastive_sample", "official"),
    ],
)
def test_gradients_equal_the_reference(file: str, variant: str) -> None:
    ref = np.load(GOLDEN / f"{file}.npz")
    z_f, z_r = (torch.tensor(ref[k]).requires_grad_() for k in ("z_f", "z_r"))
    y_f, y_r = (torch.tensor(ref[k]) for k in ("y_f", "y_r"))
    contrastive_loss(z_f, y_f, z_r, y_r, float(ref["temperature"]), variant=variant).backward()
    assert np.abs(z_f.grad.numpy() - ref["grad_z_f"]).max() < 1e-5
    assert np.abs(z_r.grad.numpy() - ref["grad_z_r"]).max() < 1e-5


@needs_golden
def test_the_papers_sample_gradient_differs_by_the_factor_on_the_push() -> None:
    ref = np.load(GOLDEN / "contrastive_sample.npz")
    z_f = torch.tensor(ref["z_f"]).requires_grad_()
    args = (torch.tensor(ref["y_f"]), torch.tensor(ref["z_r"]), torch.tensor(ref["y_r"]))
    contrastive_loss(z_f, *args, float(ref["temperature"])).backward()
    gap = np.linalg.norm(z_f.grad.numpy() - ref["grad_z_f"]) / np.linalg.norm(ref["grad_z_f"])
    assert 0.01 < gap < 0.5


def test_the_toy_class_is_forgotten_and_the_others_are_kept() -> None:
    method = methods.get("contrastive").make(epochs=10, batch_size=16, lr=0.05)
    job = toy.job(16, forget_class=1)
    assert toy.accuracy(job.model, {1}) > 0.9
    engine.begin(method, job)
    list(engine.run(method, job))
    assert toy.accuracy(job.model, {1}) == 0.0
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95


def test_the_three_presets_differ() -> None:
    made = {name: methods.get("contrastive").make(name) for name in ("paper", "official-code")}
    assert made["official-code"].retain_draw == "first"  # type: ignore[attr-defined]
    assert made["official-code"].relu_embeddings  # type: ignore[attr-defined]
    assert made["paper"].variant == "paper"  # type: ignore[attr-defined]
    assert len({str(m) for m in made.values()} | {str(methods.get("contrastive").make())}) == 3
