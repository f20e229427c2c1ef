"""CoUn's loss as slow loops and reference numbers; its term as a switch on other methods."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from cu_core import engine, methods, models
from cu_core.data.batches import DeviceBatches
from cu_core.methods._parts import contrast_term, scheduled
from cu_core.methods.coun import coun_loss
from cu_core.models.checkpoint import weights_sha256
from cu_core.service.contract import toy
from cu_core.spec import Job

GOLDEN = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.exists(), reason=f"the reference numbers are not at {GOLDEN}"
)
SWITCHED = ("fine-tune", "neg-grad-plus", "l1-sparse", "weight-negation")


def loop(z: Tensor, z_prime: Tensor, tau: float) -> float:
    """Eq. 1 and 2, written out pair by pair."""

    def cosine(a: Tensor, b: Tensor) -> float:
        return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))

    def nll(anchors: Tensor, others: Tensor, n: int) -> float:
        sims = [cosine(anchors[n], other) / tau for other in others]
        return math.log(sum(math.exp(s) for s in sims)) - sims[n]

    n = len(z)
    return sum(nll(z, z_prime, i) + nll(z_prime, z, i) for i in range(n)) / n


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.floats(0.05, 1.0))
def test_the_loss_is_the_papers_sum(seed: int, n: int, tau: float) -> None:
    g = torch.Generator().manual_seed(seed)
    z, z_prime = torch.randn(2, n, 5, generator=g, dtype=torch.float64)
    assert float(coun_loss(z, z_prime, tau)) == pytest.approx(loop(z, z_prime, tau), abs=1e-9)


@needs_golden
def test_loss_and_gradients_equal_the_reference() -> None:
    ref = np.load(GOLDEN / "coun.npz")
    z, z_prime = (torch.tensor(ref[k]).requires_grad_() for k in ("z", "z_prime"))
    loss = coun_loss(z, z_prime, float(ref["temperature"]))
    loss.backward()
    assert abs(loss.item() - float(ref["loss"])) < 1e-5
    assert np.abs(z.grad.numpy() - ref["grad_z"]).max() < 1e-5
    assert np.abs(z_prime.grad.numpy() - ref["grad_z_prime"]).max() < 1e-5


def test_a_low_temperature_does_not_overflow() -> None:
    z = torch.randn(8, 5, requires_grad=True)
    loss = coun_loss(z, z.detach() + 0.1, 0.005)
    loss.backward()
    assert loss.isfinite() and z.grad is not None and z.grad.isfinite().all()


def images(augment: Any = "crop+flip") -> Job:
    """Noise images of 4 classes and an MLP, which has no state that two passes would change."""
    x = torch.randint(0, 256, (64, 1, 16, 16), dtype=torch.uint8)
    y = torch.arange(64) % 4
    model = models.build("mlp", (1, 16, 16), 4)
    index = np.arange(64)

    def batches(rows: Any, name: str) -> DeviceBatches:
        mean, std = torch.tensor([127.0]), torch.tensor([74.0])
        return DeviceBatches(x, y, rows, 16, 0, name, augment, mean, std)

    return Job(model, batches(index[:16], "forget"), batches(index[16:], "retain"), 4)


def test_the_term_contrasts_two_views_of_the_same_images() -> None:
    job = images()
    (x, y), (x_prime, y_prime) = job.retain.batch(5), job.retain.batch(5, view=1)
    assert torch.equal(y, y_prime) and not torch.equal(x, x_prime)
    wanted = coun_loss(job.model(x)[1], job.model(x_prime)[1], 0.2)
    torch.testing.assert_close(contrast_term(job, 5, 0.2), wanted)
    wanted.backward()  # through both views
    alone = contrast_term(images(), 5, 0.2, z=job.model(x)[1].detach())
    assert alone.requires_grad


def after(key: str, job: Job, n: int = 6, **knobs: Any) -> torch.nn.Module:
    method = methods.get(key).make(**knobs)
    engine.begin(method, job)
    list(engine.run(method, job, total=n))
    return job.model


def test_fine_tune_with_the_switch_on_is_coun() -> None:
    shared = {"epochs": 2, "lr": 0.02, "schedule": "cosine"}
    with_switch = after("fine-tune", toy.job(), coun_weight=0.7, coun_temperature=0.2, **shared)
    coun = after("coun", toy.job(), contrast_weight=0.7, temperature=0.2, **shared)
    assert weights_sha256(with_switch) == weights_sha256(coun)


@pytest.mark.parametrize("key", SWITCHED)
def test_the_switch_and_its_temperature_matter_only_when_on(key: str) -> None:
    def sha(**knobs: Any) -> str:
        return weights_sha256(after(key, toy.job(), 3, **knobs))

    assert sha() == sha(coun_temperature=0.5)
    on = {
        sha(),
        sha(coun_weight=0.5),
        sha(coun_weight=1.0),
        sha(coun_weight=1.0, coun_temperature=0.5),
    }
    assert len(on) == 4


@pytest.mark.parametrize("key", SWITCHED)
def test_off_the_second_view_is_never_made(key: str) -> None:
    job = toy.job()
    views, batch = [], job.retain.batch
    job.retain.batch = lambda i, **how: views.append(how.get("view", 0)) or batch(i, **how)
    after(key, job, 3)
    assert views == [0, 0, 0]


def closeness(model: torch.nn.Module) -> float:
    """Mean cosine of two embeddings of one retained class."""
    x, y = toy.blobs(seed=3)
    model.eval()
    with torch.no_grad():
        z = normalize(model(x)[1], dim=1)
    return float(np.mean([float((z[y == c] @ z[y == c].T).mean()) for c in (0, 2, 3)]))


def test_clusters_loosen_and_what_is_kept_stays_right() -> None:
    plain = after("fine-tune", toy.job(), 60, lr=0.05)
    coun = after("coun", toy.job(), 60, lr=0.05, contrast_weight=1.0, schedule="constant")
    assert closeness(coun) < closeness(plain) - 0.1
    assert toy.accuracy(coun, {0, 2, 3}) > 0.95


def test_the_cosine_falls_from_lr_to_where_the_paper_ends() -> None:
    rates = [scheduled("cosine", 0.1, t, 200) for t in range(201)]
    assert rates[0] == 0.1 and rates[-1] == pytest.approx(1e-4)
    assert rates[100] == pytest.approx((0.1 + 1e-4) / 2)
    assert rates == sorted(rates, reverse=True)
    assert {scheduled("constant", 0.1, t, 200) for t in range(201)} == {0.1}
