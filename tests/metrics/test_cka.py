"""Linear CKA: the formula as a loop, what it does not see, and the band between seeds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import metrics
from cu_core.metrics.cka import linear_cka
from tests.metrics.scenes import beside, model


def rotation(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


def test_cka_is_the_loop() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 5))
    a, b = x - x.mean(0), y - y.mean(0)

    def products(p: np.ndarray, q: np.ndarray) -> float:
        return sum(
            float(p[:, i] @ q[:, j]) ** 2 for i in range(p.shape[1]) for j in range(q.shape[1])
        )

    wanted = products(a, b) / np.sqrt(products(a, a) * products(b, b))
    assert linear_cka(x, y) == pytest.approx(wanted)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(3, 60),
    d=st.integers(1, 20),
    scale=st.floats(0.01, 100),
    shift=st.floats(-10, 10),
)
def test_cka_sees_no_rotation_scale_or_shift(
    seed: int, n: int, d: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(n, d + 1))
    turned = scale * x @ rotation(rng, d) + shift
    assert linear_cka(x, turned) == pytest.approx(1)
    assert linear_cka(turned, y) == pytest.approx(linear_cka(y, x), abs=1e-6)
    assert 0 <= linear_cka(x, y) <= 1


def test_three_times_rotated_is_the_same() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 8))
    assert linear_cka(x, 3 * x @ rotation(rng, 8)) == pytest.approx(1)


def test_forget_and_retain_are_read_apart() -> None:
    original = model(1)
    z = original.z.copy()
    z[original.is_forget] = np.random.default_rng(5).normal(size=(original.is_forget.sum(), 6))
    values, _ = metrics.measure(
        beside(replace(original, z=z), original, model(2, knows=False)), "references"
    )
    assert values["cka_retain_original"] == pytest.approx(1)
    assert values["cka_forget_original"] < 0.3
    assert values["cka_layers_forget_original/first"] == pytest.approx(1)
    assert set(values) >= {f"cka_layers_retain_retrained/{name}" for name in ("first", "last")}


def test_two_seeds_give_the_level_to_compare_with() -> None:
    seeds = [model(s, knows=False) for s in (2, 3, 4)]
    values, reasons = metrics.measure(beside(model(1), model(1), *seeds), "references")
    low, mid, high = (values[f"cka_retain_seeds{part}"] for part in ("/low", "", "/high"))
    assert 0 < low <= mid <= high < 1
    _, reasons = metrics.measure(beside(model(1), model(1), seeds[0]), "references")
    assert reasons["cka_retain_seeds"] == "not computed: two retrained seeds at least are needed"


def test_reasons_are_given() -> None:
    flat = replace(model(1), z=np.zeros_like(model(1).z), layers={})
    _, reasons = metrics.measure(beside(flat, model(1), model(2)), "references")
    assert "the same embedding" in reasons["cka_forget_original"]
    assert "no block's output" in reasons["cka_layers_forget_original"]
    _, reasons = metrics.measure(model(1), "references")
    assert "no original model" in reasons["cka_retain_original"]
    assert "one retrained seed" in reasons["cka_layers_retain_retrained"]
