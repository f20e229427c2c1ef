"""Distances to the retrained model, relearning and gaps: loops, known values, reasons."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cu_core import metrics
from cu_core.metrics.distances import jensen_shannon
from cu_core.metrics.gap import avg_gap, band, compare, gaps, inside
from cu_core.spec import ModelOutputs
from tests.metrics.scenes import beside, model

FAR = ("profile_js", "profile_tv", "js_retrained", "activation_distance")


def softmax(row: np.ndarray) -> np.ndarray:
    e = np.exp(row.astype(float) - row.max())
    return e / e.sum()


def js(p: np.ndarray, q: np.ndarray) -> float:
    total = 0.0
    for a, b in zip(p, q, strict=True):
        for own in (a, b):
            total += own * np.log2(2 * own / (a + b)) / 2 if own else 0
    return total


def test_jensen_shannon_of_disjoint_answers_is_one_bit() -> None:
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.25, 0.75])
    assert jensen_shannon(p, q) == pytest.approx(1) and jensen_shannon(p, p) == 0


@settings(max_examples=80, deadline=None)
@example(weights=[(0.0, 5e-324), (1.0, 1.0)])
@given(
    weights=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=12).filter(
        lambda w: all(sum(column) > 1e-6 for column in zip(*w, strict=True))
    )
)
def test_jensen_shannon_is_symmetric_in_range_and_the_loop(
    weights: list[tuple[float, float]],
) -> None:
    p, q = (np.array(column) / sum(column) for column in zip(*weights, strict=True))
    both = float(jensen_shannon(p, q)), float(jensen_shannon(q, p))
    assert both[0] == pytest.approx(both[1], abs=1e-12) and 0 <= both[0] <= 1
    assert both[0] == pytest.approx(js(p, q), abs=1e-9)


def test_distances_are_the_loops() -> None:
    scene, seeds = model(1), [model(2, knows=False), model(3, knows=False)]
    untrained = replace(model(4), logits=np.zeros_like(scene.logits))
    scene = replace(beside(scene, None, *seeds), untrained=untrained)
    values, _ = metrics.measure(scene, over="references")
    rows = np.flatnonzero(scene.is_forget)

    def profile(s: ModelOutputs) -> np.ndarray:
        return np.bincount(s.logits[rows].argmax(1), minlength=4) / len(rows)

    def mean(measure: object) -> float:
        pairs = [
            measure(softmax(scene.logits[i]), softmax(o.logits[i]))  # type: ignore[operator]
            for o in seeds
            for i in rows
        ]
        return float(np.mean(pairs))

    tv = np.mean([np.abs(profile(scene) - profile(o)).sum() / 2 for o in seeds])
    assert values["profile_tv"] == pytest.approx(100 * tv, abs=1e-3)
    wanted = np.mean([js(profile(scene), profile(o)) for o in seeds])
    assert values["profile_js"] == pytest.approx(wanted, abs=1e-5)
    assert values["js_retrained"] == pytest.approx(mean(js))
    assert values["activation_distance"] == pytest.approx(mean(lambda a, b: np.linalg.norm(a - b)))
    random = np.full(4, 0.25)
    zrf = 1 - np.mean([js(softmax(scene.logits[i]), random) for i in rows])
    assert values["zrf"] == pytest.approx(zrf)


def test_equal_answers_are_no_distance_and_a_model_is_no_reference_of_its_own() -> None:
    one = model(2, knows=False)
    twin = replace(one, z=one.z.copy())
    values, _ = metrics.measure(beside(twin, None, one), over="references")
    assert [values[key] for key in FAR] == pytest.approx([0, 0, 0, 0], abs=1e-9)
    _, reasons = metrics.measure(beside(one, None, one), over="references")
    assert all("a second retrained seed" in reasons[key] for key in FAR)
    assert reasons["zrf"] == "not computed: no untrained model was looked at"


# --- relearning ---------------------------------------------------------------------------------


def forgotten(accuracy: list[float]) -> ModelOutputs:
    scene = model(1)
    logits = scene.logits.copy()
    logits[:, 1] -= 50
    return replace(scene, logits=logits, relearn=lambda: accuracy)


def test_relearn_time_counts_updates_and_its_ratio() -> None:
    original = model(1)
    retrained = forgotten([0.0, 10.0, 50.0, 90.0, 97.0, 99.0])
    retrained = replace(retrained, z=retrained.z.copy())
    scene = beside(forgotten([40.0, 99.0, 100.0]), original, retrained)
    values, _ = metrics.measure(scene, over="references")
    assert values["relearn_time"] == 2 and values["ain"] == pytest.approx(2 / 5)
    values, _ = metrics.measure(beside(original, original, retrained), over="references")
    assert values["relearn_time"] == 0 and values["ain"] == 0


def test_relearning_has_its_reasons() -> None:
    original = model(1)
    _, reasons = metrics.measure(beside(forgotten([1.0] * 50), original, model(2)), "references")
    assert reasons["relearn_time"] == "not computed: not learned again within 50 updates"
    assert "from the start" in reasons["ain"]
    never = replace(forgotten([]), relearn=None)
    _, reasons = metrics.measure(beside(never, original), "references")
    assert reasons["relearn_time"] == "not computed: the forget set was not learned again"
    assert "one retrained seed" in reasons["ain"]


# --- gaps ---------------------------------------------------------------------------------------


def four(ra: float, ua: float, ta: float, mia: float) -> dict[str, float | None]:
    return {"ra": ra, "ua": ua, "ta": ta, "mia_efficacy": mia}


@pytest.mark.parametrize(
    "row,gap",
    [
        (four(99.99, 4.12, 94.57, 10.81), 0.25),  # CoUn
        (four(99.99, 3.76, 94.70, 9.51), 0.65),  # fine-tune
        (four(99.97, 5.40, 93.81, 10.97), 0.38),  # l1-sparse
    ],
)
def test_avg_gap_is_that_of_the_printed_table(row: dict[str, float | None], gap: float) -> None:
    retrained = four(100.00, 4.81, 94.67, 11.02)
    assert avg_gap(row, retrained) == pytest.approx(gap, abs=0.0051)


def test_avg_gap_is_of_four_or_none() -> None:
    assert avg_gap(four(1, 1, 1, 1), None) is None
    assert avg_gap({**four(1, 1, 1, 1), "mia_efficacy": None}, four(1, 1, 1, 1)) is None


def test_a_gap_has_the_sign_of_the_page_and_its_mean_none() -> None:
    value, retrained = four(90, 8, 94, 11), four(100, 5, 95, 12)
    assert gaps(value, retrained) == four(-10, 3, -1, -1)
    assert avg_gap(value, retrained) == pytest.approx((10 + 3 + 1 + 1) / 4)


def test_an_attack_that_its_bias_decides_counts_for_nothing() -> None:
    """Three retrained models that it answers with all, all and none."""
    told = [four(100, 100, 99, mia) for mia in (100.0, 100.0, 0.0)]
    seeds = [{**seed, "mia_loss_auc": auc} for seed, auc in zip(told, (0.5, 0.6, 0.9), strict=True)]
    value = {**four(100, 97, 99, 100), "mia_loss_auc": 0.5}
    found = compare(value, seeds)
    assert found["avg_gap"] is None and found["avg_gap_without_mia"] == pytest.approx(1)
    assert "mia_efficacy" not in found["inside"] and found["inside"]["mia_loss_auc"]
    assert found["void"] == {"mia_efficacy": "3 retrained seeds read 0 to 100: decided by its bias"}
    assert found["gap"]["mia_efficacy"] == 0 and found["band"]["mia_efficacy"] == (0, 100)
    near = compare(value, seeds[:2])
    assert not near["void"] and near["avg_gap"] == pytest.approx(0.75)
    assert not compare(value, seeds[:1])["void"] and not compare(value, [])["void"]


def test_inside_is_the_spread_of_the_seeds() -> None:
    seeds = [four(100, 5, 94, 11), four(99, 5, 95, 13), {**four(99, 7, 95, 12), "ta": None}]
    marks = inside(four(99.5, 7.5, 94, 8.9), seeds)
    assert marks == {"ra": True, "ua": False, "mia_efficacy": False}
    assert inside(four(1, 1, 1, 1), seeds[:1]) == {} and inside(four(1, 1, 1, 1), []) == {}


@pytest.mark.parametrize(
    ("key", "far", "near"),
    [
        ("js_retrained", 0.31, 0.3),  # a distance: as far as the farthest seed is from the others
        ("cka_forget_retrained", 0.19, 0.2),  # a likeness: as like as the least like seed
        ("cka_layers_forget_retrained/1", 0.19, 0.2),
    ],
)
def test_a_distance_is_held_against_those_of_the_seeds(key: str, far: float, near: float) -> None:
    seeds = [{key: 0.2}, {key: 0.3}, {key: 0.25}]
    assert band(seeds) == {key: (0.2, 0.3)}
    assert inside({key: far}, seeds) == {key: False}
    assert inside({key: near}, seeds) == {key: True}


def test_bounds_and_what_all_models_share_have_no_band() -> None:
    seeds = [{"cka_forget_seeds": 0.5, "ta/low": 1.0, "ta": 2.0}] * 2
    assert band(seeds) == {"ta": (2.0, 2.0)} and band(seeds[:1]) == {}


def test_bounds_of_an_interval_have_no_gap() -> None:
    value = {"mia_loss_auc": 0.6, "mia_loss_auc/low": 0.5, "mia_loss_auc/high": 0.7}
    assert gaps(value, {key: 0.5 for key in value}) == {"mia_loss_auc": pytest.approx(0.1)}
