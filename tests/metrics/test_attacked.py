"""Attacks sample by sample: their scores give the measures to the last bit, a threshold the counts
of a loop, and what is kept is what was there."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import beta

from cu_core import metrics
from cu_core.metrics import _roc, attacks
from cu_core.metrics.attacked import Attacked, attacked, counted, kept
from cu_core.metrics.membership import membership
from cu_core.spec import ModelOutputs
from tests.metrics.scenes import beside, model, remembered

AUC = {"loss": "mia_loss_auc", "rmia": "mia_rmia_auc", "embedding": "mia_embedding_auc"}


def scenes() -> dict[str, ModelOutputs]:
    """A sample task with two retrained seeds: what is remembered less than it should be."""
    seeds = (remembered(2, 0.0), remembered(3, 0.0))
    return {
        "unlearned": beside(remembered(1, -1.0), None, *seeds),
        "retrained": beside(seeds[0], None, *seeds),
        "original": beside(remembered(4, 2.0), None, *seeds),
    }


def class_scenes() -> dict[str, ModelOutputs]:
    seed = model(1, p=900, q=1200, knows=False)
    return {
        "unlearned": beside(model(2, p=900, q=1200), None, seed),
        "retrained": beside(seed, None, seed),
    }


@pytest.fixture(scope="module")
def made() -> dict[str, Attacked]:
    return {key: attacked(attack, scenes()) for key, attack in attacks().items()}


def measured(scene: ModelOutputs, key: str) -> dict[str, float]:
    found: dict[str, float] = metrics.all_metrics()[key].compute(scene)  # type: ignore[assignment]
    return found


def test_every_measure_of_membership_is_made_of_one_attack_s_scores() -> None:
    made_of = [key for attack in attacks().values() for key in attack.metrics]
    declared = [key for key in metrics.all_metrics() if key.startswith("mia_")]
    assert sorted(made_of) == sorted(declared)


@pytest.mark.parametrize("task", [scenes, class_scenes])
@pytest.mark.parametrize("key", AUC)
def test_the_area_is_the_measure(task: Any, key: str) -> None:
    given = task()
    found = attacked(attacks()[key], given)
    for name, scene in given.items():
        reading = found.readings[name]
        if name not in found.scores:
            assert key == "rmia" and "second retrained seed" in reading.why
            continue
        told = measured(scene, AUC[key])
        assert reading.auc == (told[""], told["low"], told["high"])
        _, wrong, right = found.curve(name)
        assert np.trapezoid(right, wrong) == pytest.approx(told[""], abs=1e-12)


def test_whom_the_loss_attack_is_sure_of_is_the_measure(made: dict[str, Attacked]) -> None:
    for name, scene in scenes().items():
        told, found = measured(scene, "mia_loss_tpr"), made["loss"]
        assert found.readings[name].found == (told[""], told["low"], told["high"])
        sure = found.counts(name, found.usual_cut(name))
        assert 100 * sure["forget"].hits / sure["forget"].n == pytest.approx(told[""])
        assert sure["test"].hits <= 0.01 * sure["test"].n


def test_the_usual_threshold_is_the_lowest_with_so_few_false_alarms(
    made: dict[str, Attacked],
) -> None:
    for name, score in made["loss"].scores.items():
        cut = made["loss"].usual_cut(name)
        lower = max(s for side in ("forget", "test") for s in score[side] if s < cut)
        assert (score["test"] >= lower).mean() > 0.01 >= (score["test"] >= cut).mean()


@pytest.mark.parametrize("task", [scenes, class_scenes])
def test_called_a_non_member_is_below_the_attack_s_own_threshold(task: Any) -> None:
    given = task()
    found = attacked(attacks()["confidence"], given)
    for name, scene in given.items():
        count = found.counts(name, found.usual_cut(name))["forget"]
        told = measured(scene, "mia_efficacy")[""]
        assert 100 * (count.n - count.hits) / count.n == pytest.approx(told, abs=1e-12)


def test_the_border_is_where_the_machine_changes_its_mind() -> None:
    from sklearn.svm import SVC

    rng = np.random.default_rng(0)
    retain, test, asked = rng.beta(8, 1, 300), rng.beta(3, 1, 300), rng.random(2000)
    (border,) = membership(retain, test, asked)
    learnt = SVC(C=3, gamma="auto").fit(
        np.concatenate([retain, test])[:, None], [1] * 300 + [0] * 300
    )
    assert_array_equal(border < 0, learnt.predict(asked[:, None]) == 0)


def test_a_threshold_counts_as_a_loop_does(made: dict[str, Attacked]) -> None:
    for found in made.values():
        for name, score in found.scores.items():
            for cut in found.cuts(name)[::20]:
                counts = found.counts(name, cut)
                for side, own in score.items():
                    assert counts[side][:2] == (sum(s >= cut for s in own.tolist()), len(own))


def test_thresholds_rise_from_everybody_to_nobody(made: dict[str, Attacked]) -> None:
    for found in made.values():
        for name in found.scores:
            cuts = found.cuts(name)
            assert cuts == sorted(set(cuts)) and found.usual_cut(name) in cuts
            ends = [found.counts(name, cut) for cut in (cuts[0], cuts[-1])]
            assert all(count.hits == count.n for count in ends[0].values())
            assert all(count.hits == 0 for count in ends[1].values())


def test_images_beside_a_threshold_are_the_nearest(made: dict[str, Attacked]) -> None:
    found, scene = made["loss"], scenes()["unlearned"]
    cut = float(np.median(found.scores["unlearned"]["forget"]))
    above, below = found.beside("unlearned", cut, 8)
    placed = {
        (side, int(row)): float(score)
        for side in ("forget", "retain")
        for row, score in zip(found.rows[side], found.scores["unlearned"][side], strict=True)
    }
    assert [one.score for one in above] == sorted(s for s in placed.values() if s >= cut)[:8]
    assert [one.score for one in below] == sorted(s for s in placed.values() if s < cut)[-8:][::-1]
    for one in (*above, *below):
        assert placed[one.side, one.row] == one.score
        assert scene.is_forget[one.row] == (one.side == "forget")


def test_the_band_is_the_interval_of_the_measure(made: dict[str, Attacked]) -> None:
    for name, scene in scenes().items():
        score, told = made["loss"].scores[name], measured(scene, "mia_loss_tpr")
        low, high = _roc.band(score["forget"], score["test"], np.array([0.01]))
        assert min(100 * low[0], told[""]) == pytest.approx(told["low"])
        assert max(100 * high[0], told[""]) == pytest.approx(told["high"])


def test_what_is_shown_never_turns_an_order_round(made: dict[str, Attacked]) -> None:
    for found in made.values():
        score = np.sort(np.concatenate([s for m in found.scores.values() for s in m.values()]))
        assert (np.diff(found.attack.shown(score)) >= 0).all()
    odds = attacks()["loss"].shown(np.log([0.5, 0.9, 1.0]))
    assert odds == pytest.approx([0.0, np.log(9), 40.0])


@pytest.mark.parametrize("hits,n", [(0, 12), (5, 12), (12, 12), (1, 2000)])
def test_counts_have_clopper_and_pearson_s_interval(hits: int, n: int) -> None:
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    assert counted(np.arange(n) < hits) == pytest.approx((hits, n, 100 * low, 100 * high))


def test_what_is_kept_is_read_again_as_it_was(made: dict[str, Attacked]) -> None:
    for found in made.values():
        again = kept(found.attack, found.arrays(), found.readings)
        assert again.scores.keys() == found.scores.keys()
        for name, score in found.scores.items():
            assert score.keys() == again.scores[name].keys()
            for side, own in score.items():
                assert_array_equal(own, again.scores[name][side])
            assert_array_equal(found.bands[name], again.bands[name])
        assert {s: r.tolist() for s, r in again.rows.items()} == {
            s: r.tolist() for s, r in found.rows.items()
        }


def test_what_has_no_scores_has_a_reason() -> None:
    few = {"unlearned": model(p=40, q=40)}
    for attack in attacks().values():
        found = attacked(attack, few)
        if not attack.alike:
            continue  # it learns from retain and test samples, of which there are enough
        assert not found.scores and found.readings["unlearned"].why
    without = {"unlearned": replace(remembered(1, 0.0), test_z=None)}
    found = attacked(attacks()["embedding"], without)
    assert found.readings["unlearned"].why == "no test embeddings were taken"
    some = attacked(attacks()["loss"], {"unlearned": model(p=240, q=240)}).readings["unlearned"]
    assert some.found is None and some.few.endswith("test samples of the same classes is none")


def test_the_stranger_end_is_the_attack_told_the_other_way_round() -> None:
    strange = attacked(attacks()["loss"], {"unlearned": remembered(1, -8.0)}).readings["unlearned"]
    known = attacked(attacks()["loss"], {"unlearned": remembered(1, 8.0)}).readings["unlearned"]
    assert strange.stranger is not None and strange.stranger.value > 80
    assert known.stranger is not None and known.stranger.value < 5
