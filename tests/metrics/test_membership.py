"""Attacks against loops and known numbers: a memorised set is found, a fair one is not."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import metrics
from cu_core.metrics import _roc
from cu_core.metrics.membership import mia_confidence
from cu_core.metrics.membership_ratio import rmia
from tests.metrics.scenes import beside, model, remembered

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden" / "mia_confidence.npz"
AUCS = ("mia_loss_auc", "mia_rmia_auc", "mia_embedding_auc")


def read(scene: object, key: str) -> dict[str, float]:
    found = metrics.all_metrics()[key].compute(scene)  # type: ignore[arg-type]
    assert isinstance(found, dict) and found["low"] <= found[""] <= found["high"]
    return found


@pytest.mark.skipif(not GOLDEN.exists(), reason="no reference numbers here")
def test_confidence_attack_has_the_reference_number() -> None:
    golden = np.load(GOLDEN)
    sides = [golden[f"{name}_true_class_prob"] for name in ("retain", "test", "forget")]
    assert mia_confidence(*sides) == pytest.approx(float(golden["mia_efficacy_pct"]), abs=0.5)


def test_confidence_attack_calls_the_sure_ones_members() -> None:
    rng = np.random.default_rng(0)
    sure, unsure = rng.uniform(0.9, 1.0, 300), rng.uniform(0.0, 0.6, 500)
    assert mia_confidence(sure, unsure, rng.uniform(0.9, 1.0, 50)) == 0
    assert mia_confidence(sure, unsure, rng.uniform(0.0, 0.6, 50)) == 100


@settings(max_examples=60, deadline=None)
@given(
    member=st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    outsider=st.lists(st.integers(-5, 5), min_size=1, max_size=30),
)
def test_auc_and_low_fpr_are_the_loops(member: list[int], outsider: list[int]) -> None:
    pairs = [(m > o) + (m == o) / 2 for m in member for o in outsider]
    m, o = np.array(member, float), np.array(outsider, float)
    assert _roc.auc(m, o)[""] == pytest.approx(np.mean(pairs))
    best = 0.0
    for level in (*member, *outsider):
        if np.mean(o >= level) <= 0.01:
            best = max(best, 100 * float(np.mean(m >= level)))
    assert _roc.tpr_at_low_fpr(m, o)[""] == pytest.approx(best)


def test_rmia_is_the_loop() -> None:
    rng = np.random.default_rng(0)
    p, out, pz, pz_out = (rng.random(s) for s in ((20,), (3, 20), (30,), (3, 30)))
    score = rmia(p, out, pz, pz_out)
    for i in range(20):
        x = p[i] / (1.3 / 2 * out[:, i].mean() + 0.7 / 2)
        zs = [pz[j] / (1.3 / 2 * pz_out[:, j].mean() + 0.7 / 2) for j in range(30)]
        assert score[i] == pytest.approx(np.mean([x / z > 1 for z in zs]))


@pytest.mark.parametrize("key", AUCS)
def test_a_memorised_set_is_found_and_a_fair_one_is_not(key: str) -> None:
    found = read(beside(remembered(1, 5.0), None, remembered(7, 0.0)), key)
    assert found[""] > 0.9 and found["low"] > 0.85
    fair = read(beside(remembered(2, 0.0), None, remembered(8, 0.0)), key)
    assert fair["low"] < 0.5 < fair["high"] and fair[""] == pytest.approx(0.5, abs=0.06)


def test_loss_attack_sees_what_is_stranger_than_never_seen() -> None:
    strange = remembered(1, -5.0)
    assert read(strange, "mia_loss_auc")[""] < 0.1
    assert read(strange, "mia_loss_accuracy")[""] > 90
    assert read(strange, "mia_loss_tpr")[""] < 5
    assert read(remembered(1, 8.0), "mia_loss_tpr")[""] > 80
    assert read(remembered(1, 0.0), "mia_loss_accuracy")[""] == pytest.approx(50, abs=6)


def test_class_tasks_compare_with_test_samples_of_the_same_classes() -> None:
    scene = model(q=600)
    stranger = scene.test_logits.copy()
    stranger[scene.test_label != 1] = 0
    assert read(replace(scene, test_logits=stranger), "mia_loss_auc") == read(scene, "mia_loss_auc")


def test_a_retrained_model_is_no_reference_of_its_own() -> None:
    scene = remembered(1, 1.0)
    _, reasons = metrics.measure(beside(scene, None, scene), over="references")
    assert reasons["mia_rmia_auc"] == "not computed: a second retrained seed at least is needed"
    _, reasons = metrics.measure(scene, over="references")
    assert reasons["mia_rmia_auc"] == "not computed: one retrained seed at least is needed"


def test_too_few_samples_have_a_reason() -> None:
    _, reasons = metrics.measure(model(p=40, q=40), over="references")
    assert "too few for an attack" in reasons["mia_loss_auc"]
    _, reasons = metrics.measure(model(p=240, q=240), over="references")
    assert "is none" in reasons["mia_loss_tpr"]
    _, reasons = metrics.measure(replace(model(), test_z=None), over="references")
    assert reasons["mia_embedding_auc"] == "not computed: no test embeddings were taken"


def test_attacks_are_fast_on_two_thousand_a_side_and_the_same_twice() -> None:
    scene = beside(remembered(1, 1.0, n=2000), None, remembered(2, 0.0, n=2000))
    keys = [k for k in metrics.all_metrics() if k.startswith("mia_")]
    for key in keys:
        began = time.process_time()
        first = read(scene, key)
        assert time.process_time() - began < 2.0
        assert read(scene, key) == first


def test_embedding_attack_is_fair_with_more_dimensions_than_samples() -> None:
    found = []
    for seed in range(12):
        scene, rng = remembered(seed, 0.0, n=30), np.random.default_rng(seed)
        z, test_z = (rng.normal(size=(60, 300)).astype(np.float32) for _ in range(2))
        found.append(read(replace(scene, z=z, test_z=test_z), "mia_embedding_auc")[""])
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)
