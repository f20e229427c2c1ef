"""Probes and recoverability: original 1, retrained 0, and 1 for whatever only edits the head."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from cu_core import metrics
from cu_core.metrics import knn_probe
from cu_core.metrics.knn_probe import votes
from cu_core.metrics.membership import FOLDS
from cu_core.metrics.probes import recovered
from cu_core.spec import ModelOutputs
from tests.metrics.scenes import beside, model

PROBES = ("linear_probe_forget", "prototype_probe_forget")
RHOS = ("rho_linear", "rho_prototype", "rho_knn")
ORIGINAL, RETRAINED = model(1, p=400, q=400), model(2, p=400, q=400, knows=False)


@pytest.mark.parametrize("key", RHOS)
def test_original_reads_one_and_retrained_nought(key: str) -> None:
    compute = metrics.all_metrics()[key].compute
    assert compute(beside(ORIGINAL, ORIGINAL, RETRAINED)) == 1
    assert compute(beside(RETRAINED, ORIGINAL, RETRAINED)) == 0


@pytest.mark.parametrize("key", RHOS)
def test_an_edited_head_reads_exactly_one(key: str) -> None:
    masked = ORIGINAL.logits.copy()
    masked[:, 1] -= 50  # logit mask
    distilled = np.random.default_rng(0).normal(size=masked.shape).astype(np.float32)
    for logits in (masked, distilled):
        edited = replace(ORIGINAL, logits=logits)
        assert metrics.all_metrics()[key].compute(beside(edited, ORIGINAL, RETRAINED)) == 1


@pytest.mark.parametrize("key", RHOS)
def test_half_way_lies_between(key: str) -> None:
    z, test_z = ORIGINAL.z.copy(), ORIGINAL.test_z.copy()  # type: ignore[union-attr]
    for part, label in ((z, ORIGINAL.label), (test_z, ORIGINAL.test_label)):
        part[label == 1, 1] -= 3
        part[label == 1, 2] += 3
    mixed = beside(replace(ORIGINAL, z=z, test_z=test_z), ORIGINAL, RETRAINED)
    assert 0.02 < metrics.all_metrics()[key].compute(mixed) < 0.98  # type: ignore[operator]


def test_probes_know_what_the_features_hold() -> None:
    for key in PROBES:
        compute = metrics.all_metrics()[key].compute
        assert compute(ORIGINAL) > 90 > 75 > compute(RETRAINED)  # type: ignore[operator]


def test_recoverability_is_the_formula() -> None:
    percent = {id(ORIGINAL): 90.0, id(RETRAINED): 40.0}
    scene = beside(model(3), ORIGINAL, RETRAINED)
    assert recovered(scene, lambda s: percent.get(id(s), 65.0), 500) == pytest.approx(0.5)
    assert recovered(scene, lambda s: percent.get(id(s), 15.0), 500) == pytest.approx(-0.5)


@pytest.mark.parametrize("key", [*PROBES, "knn_probe_forget"])
def test_a_reference_on_record_is_not_probed_again(key: str) -> None:
    """Whatever its embeddings say: the value on record is half-way down from the original's."""
    compute = metrics.all_metrics()
    own, original = (compute[key].compute(s) for s in (model(3, 400, 400), ORIGINAL))
    low = replace(RETRAINED, known={key: 40.0})
    rho = compute[f"rho_{key.split('_')[0]}"].compute
    assert rho(beside(model(3, 400, 400), ORIGINAL, low)) == pytest.approx(
        (own - 40) / (original - 40)  # type: ignore[operator]
    )


def balanced(seed: int, known: float, n: int = 40, classes: int = 10) -> ModelOutputs:
    """A class task whose probe is half forget samples; ``known``: how far they lie apart."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(classes), [n * (classes - 1), *[n] * (classes - 1)])
    centre = 3 * rng.normal(size=(classes, 8))
    centre[0] = centre[1:].mean(0) + known * centre[0]  # of the forgotten class
    z = (centre[label] + rng.normal(size=(len(label), 8))).astype(np.float32)
    logits = np.zeros((len(label), classes), np.float32)
    return ModelOutputs(z, logits, label, label == 0, logits, label, (0,))


def test_the_vote_is_that_of_scikit_learn_on_a_set_balanced_by_hand() -> None:
    for known in (0.0, 0.1, 1.0):
        scene = balanced(1, known)
        rng, n = np.random.default_rng(0), 39  # of 40, one left out
        drawn = [rng.permutation(np.flatnonzero(scene.label == c)) for c in range(10)]
        said = votes(scene.z, scene.label, scene.is_forget)
        for place, i in enumerate(np.flatnonzero(scene.is_forget)):
            rows = np.sort(np.concatenate([own[own != i][:n] for own in drawn]))
            near = NearestNeighbors(n_neighbors=15, metric="cosine").fit(scene.z[rows])
            voted = np.bincount(scene.label[rows][near.kneighbors(scene.z[[i]])[1][0]])
            winners = np.flatnonzero(voted == voted.max())
            assert said[place] in winners and (len(winners) > 1 or said[place] == winners[0])


def test_the_share_of_forget_samples_in_the_probe_is_no_prior() -> None:
    """Half of the probe is of one class, and noise tells nothing of it: chance, not nine in ten."""
    compute = metrics.all_metrics()["knn_probe_forget"].compute
    noise = replace(balanced(2, 0.0), z=np.random.default_rng(3).normal(size=(720, 8)))
    assert knn_probe.chance(noise.label) == 10
    assert compute(noise) < 25  # type: ignore[operator]
    assert compute(balanced(2, 2.0)) > 95  # type: ignore[operator]
    assert compute(noise) == compute(replace(noise))


def test_a_class_of_too_few_takes_no_part_and_none_else_gives_a_reason() -> None:
    scene = balanced(1, 1.0)
    rare = scene.label.copy()
    rare[np.flatnonzero(rare == 9)[3:]] = 8  # three are left
    assert knn_probe.chance(rare) == pytest.approx(100 / 9)
    assert 9 not in votes(scene.z, rare, rare == 0)
    _, reasons = metrics.measure(replace(scene, label=rare, is_forget=rare == 9), "probe")
    assert "5 others of its class" in reasons["knn_probe_forget"]


def test_neighbours_in_a_contracted_cluster_are_told_apart() -> None:
    """As gradient ascent leaves them: all cosines of a cluster are 1 to float32."""
    scene = model(1, p=400, q=400)
    spread = np.random.default_rng(5).normal(size=scene.z.shape)
    spread[:, 0] += 2.0 * (scene.label == 1)  # a little to one side, by the class
    wide = (10 * np.ones(scene.z.shape[1]) + 2e-4 * spread).astype(np.float32)
    said = votes(wide, scene.label, scene.is_forget)
    apart = votes(wide.astype(np.float64) - 10, scene.label, scene.is_forget)
    assert 25 < 100 * np.mean(said == 1) < 100 and 25 < 100 * np.mean(apart == 1) <= 100


def test_what_is_no_number_gives_a_reason() -> None:
    broken = ORIGINAL.z.copy()
    broken[3, 2] = np.nan
    scene = beside(replace(ORIGINAL, z=broken), ORIGINAL, RETRAINED)
    reasons = metrics.measure(scene, "probe")[1] | metrics.measure(scene, "references")[1]
    lost = replace(ORIGINAL, logits=np.full_like(ORIGINAL.logits, np.nan))
    reasons |= {f"{k} of logits": why for k, why in metrics.measure(lost, "references")[1].items()}
    of_z = ("knn_probe_forget", "linear_probe_forget", "rho_knn", "cka_forget_original")
    of_logits = ("mia_efficacy of logits", "mia_loss_auc of logits")
    for key in (*of_z, "mia_embedding_auc", *of_logits):
        assert "are no numbers" in reasons[key], key


def test_a_probe_is_fitted_once_a_model_whatever_it_stands_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits, fit = [], LogisticRegression.fit

    def counted(self: Any, *given: Any) -> Any:
        fits.append(1)
        return fit(self, *given)

    monkeypatch.setattr(LogisticRegression, "fit", counted)
    one, two, three = (replace(model(seed, 400, 400)) for seed in (7, 8, 9))
    for scene in (one, two, three):
        metrics.measure(beside(scene, two, three), "references")
    assert len(fits) == 3 + 3 * 2 * FOLDS  # two attacks have fits of their own


def test_no_ratio_of_what_does_not_differ() -> None:
    _, reasons = metrics.measure(beside(ORIGINAL, ORIGINAL, model(4, 400, 400)), "references")
    for key in RHOS:
        assert "do not differ by more than their noise" in reasons[key]


def test_reasons_are_given() -> None:
    _, reasons = metrics.measure(model(kind="sample"), over="references")
    for key in (*PROBES, "rho_linear"):
        assert "no counterpart in the test set" in reasons[key]
    _, reasons = metrics.measure(replace(ORIGINAL, test_z=None), over="references")
    assert "no test embeddings" in reasons["linear_probe_forget"]
    _, reasons = metrics.measure(ORIGINAL, over="references")
    assert "no original model" in reasons["rho_linear"]
    _, reasons = metrics.measure(beside(ORIGINAL, ORIGINAL), over="references")
    assert "one retrained seed at least" in reasons["rho_knn"]


def test_a_sample_task_has_the_neighbour_probe() -> None:
    known, lost = model(1, kind="sample"), model(2, kind="sample", knows=False)
    assert metrics.all_metrics()["rho_knn"].compute(beside(known, known, lost)) == 1
