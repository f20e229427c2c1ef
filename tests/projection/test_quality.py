"""Each measure of the picture against scikit-learn or a slow loop."""

import numpy as np
import pytest
import torch

from cu_core.projection import quality
from cu_core.projection.neighbours import nearest


def scene(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(n, 6)).astype(np.float32)
    return z, (z[:, :2] + 0.5 * rng.normal(size=(n, 2))).astype(np.float32)


@pytest.mark.parametrize("n", [40, 120, 2100])
def test_trustworthiness_is_scikit_learns(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.manifold import trustworthiness

    monkeypatch.setattr(quality, "ROWS", 4000)
    z, xy = scene(n)
    near, drawn = nearest(torch.tensor(z), 15), nearest(torch.tensor(xy), 15).index
    got = quality.trustworthiness(torch.tensor(z), near, drawn)
    assert got == pytest.approx(trustworthiness(z, xy, n_neighbors=15), abs=1e-6)


@pytest.mark.parametrize("n", [40, 2100])
def test_a_cpu_ranks_as_a_gpu_does(n: int) -> None:
    z, xy = scene(n)
    z[5:25] = z[3]  # ties
    squared = nearest(torch.tensor(z), 15).squared
    assert squared is not None
    bound = squared.gather(1, nearest(torch.tensor(xy), 15).index)
    slow = torch.stack([(squared < bound[:, c, None]).sum(1) for c in range(15)], 1)
    assert torch.equal(quality._sorted(squared, bound), slow)
    assert torch.equal(quality._counted(squared, bound), slow)


def test_trustworthiness_of_many_points_is_estimated_from_some_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z, xy = scene(600)
    near, drawn = nearest(torch.tensor(z), 15), nearest(torch.tensor(xy), 15).index
    exact = quality.trustworthiness(torch.tensor(z), near, drawn)
    monkeypatch.setattr(quality, "ROWS", 150)
    some = quality.trustworthiness(torch.tensor(z), near, drawn)
    assert some != exact and some == pytest.approx(exact, abs=0.02)
    blocked = type(near)(near.index, near.distance, None)  # distances not kept: found again
    assert quality.trustworthiness(torch.tensor(z), blocked, drawn) == pytest.approx(some, abs=1e-6)


def test_fidelity_is_the_loop() -> None:
    z, xy = scene()
    rng = np.random.default_rng(1)
    label, forget = rng.integers(0, 4, 120), rng.random(120) < 0.3
    lies, drawn = nearest(torch.tensor(z), 15).index, nearest(torch.tensor(xy), 15).index
    gaps = []
    for i in np.flatnonzero(forget):
        gap = 0.0
        for c in range(4):
            in_z = sum(label[j] == c for j in lies[i]) / 15
            in_xy = sum(label[j] == c for j in drawn[i]) / 15
            gap += abs(in_z - in_xy) / 2
        gaps.append(gap)
    got = quality.forget_fidelity(torch.tensor(label), torch.tensor(forget), lies, drawn)
    assert got == pytest.approx(1 - np.mean(gaps), abs=1e-6)
    same = quality.forget_fidelity(torch.tensor(label), torch.tensor(forget), lies, lies)
    assert same == 1.0


def test_movement_measures_are_the_loops() -> None:
    _, before = scene(101)
    after = before + np.random.default_rng(2).normal(size=before.shape).astype(np.float32)
    forget = np.arange(101) % 4 == 0
    way = quality.displacement(torch.tensor(before), torch.tensor(after), 2.0)
    slow = [float(np.hypot(*(after[i] - before[i]))) / 2 for i in range(101)]
    kept = sorted(s for s, f in zip(slow, forget, strict=True) if not f)
    got = quality.jitter(way, torch.tensor(forget))
    assert got == pytest.approx(kept[(len(kept) - 1) // 2], abs=1e-6)
    assert quality.noise_floor(way) == pytest.approx(np.quantile(slow, 0.95), abs=1e-5)
    assert quality.jitter(way, torch.ones(101, dtype=torch.bool)) == pytest.approx(
        sorted(slow)[50], abs=1e-6
    )
