"""The end of a run, on digits and an MLP: references compared, kept, and never disturbed."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import engine, metrics, models
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest
from cu_core.models.checkpoint import weights_sha256
from cu_core.runs import evaluation, reference_models, scenes
from cu_core.runs.evaluation import Evaluation, Final
from cu_core.runs.resolve import Setup
from cu_core.spec import Probe, UnlearnRequest
from cu_core.store import Store

QUIET: Any = lambda *_: None  # noqa: E731


def setup_of(home: Path, forget: str = "class:5", model_seed: int = 0) -> Setup:
    request = UnlearnRequest(
        dataset="digits", model="mlp", forget=forget, model_seed=model_seed, train_epochs=4
    )
    return Setup(request, home)


class Bench:
    """One home with an original model and one retrained without fives."""

    def __init__(self, home: Path) -> None:
        self.store, self.setup = Store(home), setup_of(home)
        assert self.setup.forget is not None
        self.original = reference_models.ensure(self.store, self.setup, None, QUIET)
        self.retrained = reference_models.ensure(self.store, self.setup, self.setup.forget, QUIET)
        self.probe = make_probe(self.setup.dataset, self.setup.forget, 800)

    def closing(self, probe: Probe | None = None) -> Evaluation:
        probe = probe or self.probe
        observer = engine.Observer(self.setup.resident, probe)
        return Evaluation(self.store, self.setup, probe, observer)

    def model(self, model_id: str) -> Any:
        return reference_models.load_model(self.store, self.setup, model_id)

    def measure(self, model_id: str, retrained: bool = True) -> Final:
        reference = self.retrained if retrained else None
        return self.closing().measure(self.model(model_id), self.original, reference)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("home"))


def test_a_model_has_one_test_accuracy(bench: Bench) -> None:
    """What its training reported, the list of models shows, and a run says of it."""
    own = bench.closing()
    for model_id in (bench.original, bench.retrained):
        record = bench.store.model(model_id)
        assert own.own_values(model_id)["test_acc"] == pytest.approx(record.accuracy, abs=1e-9)
    assert own.counts()["test_acc"] == len(bench.setup.dataset.test_y)


def test_shares_are_of_the_whole_sets_or_of_the_probe(bench: Bench) -> None:
    counts, y = bench.closing().counts(), bench.setup.dataset
    assert counts["ua"] == counts["forget_acc_train"] == int((y.train_y == 5).sum())
    assert counts["forget_acc_test"] + counts["ta"] == len(y.test_y)
    assert counts["knn_probe_forget"] == int(bench.probe.is_forget.sum())
    assert counts["linear_probe_forget"] == int((bench.probe.test_label == 5).sum())
    assert not {"planted_home", "planted_trigger"} & counts.keys()


def test_original_and_retrained_stand_at_the_ends(bench: Bench) -> None:
    untouched = bench.measure(bench.original)
    assert untouched.values["rho_prototype"] == 1 and untouched.values["relearn_time"] == 0
    assert untouched.values["cka_forget_original"] == pytest.approx(1)
    assert untouched.values["js_retrained"] > 0.5 and untouched.values["mia_efficacy"] < 50
    assert untouched.seeds[bench.retrained]["rho_prototype"] == 0
    assert untouched.seeds[bench.retrained]["relearn_time"] > 0
    assert list(untouched.seeds) == [bench.retrained]
    ideal = bench.measure(bench.retrained).values
    assert ideal["js_retrained"] == 0 and ideal["rho_prototype"] == 0 and ideal["ain"] == 1
    assert all(untouched.original[key] is not None for key in ("ra", "zrf", "mia_loss_auc"))
    assert "cka_layers_forget_original/1" in ideal  # the first linear layer of the MLP


def test_the_model_is_left_as_it_was(bench: Bench) -> None:
    model = bench.model(bench.retrained).train()
    before, stream = weights_sha256(model), torch.get_rng_state()
    bench.closing().measure(model, bench.original, bench.retrained)
    assert weights_sha256(model) == before and model.training
    assert torch.equal(torch.get_rng_state(), stream)
    assert not any(module._forward_hooks for module in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_values_of_references_are_read_from_the_record(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.measure(bench.original)
    kept = bench.closing().cached_values(bench.original)
    assert kept is not None and kept["ra"] == first.original["ra"]
    asked: list[str] = []

    def counted(*words: Any, **names: Any) -> Any:
        asked.append("full")
        return full_measure(*words, **names)

    full_measure = evaluation.full_measure
    monkeypatch.setattr(evaluation, "full_measure", counted)
    assert bench.measure(bench.original) == first and asked == ["full"]  # the run's own model
    monkeypatch.setattr(metrics, "fingerprint", lambda *over: "other" + "-".join(over))
    assert bench.closing().cached_values(bench.original) is None
    assert bench.measure(bench.original).original == first.original and len(asked) == 4


def test_without_a_retrained_model_the_rest_is_measured(bench: Bench) -> None:
    alone = bench.measure(bench.original, retrained=False)
    assert alone.seeds == {} and alone.values["mia_loss_auc"] is not None
    assert alone.values["rho_knn"] is None and "one retrained seed" in alone.reasons["rho_knn"]


def test_a_damaged_retrained_model_costs_the_comparison_not_the_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    whole = bench.measure(bench.original)
    weights = bench.store.weights(bench.retrained)
    weights.write_bytes(weights.read_bytes()[:-1])
    left = bench.measure(bench.original)
    assert left.values["js_retrained"] is None and left.values["ra"] == whole.values["ra"]
    assert left.seeds[bench.retrained]["ra"] == whole.seeds[bench.retrained]["ra"]


def test_another_seed_in_the_cache_gives_the_noise(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    other = setup_of(tmp_path, model_seed=1)
    second = reference_models.ensure(bench.store, other, other.forget, QUIET)
    reference_models.ensure(bench.store, other, None, QUIET)  # not a retrained one
    threes = setup_of(tmp_path, "class:3", model_seed=1)
    reference_models.ensure(bench.store, threes, threes.forget, QUIET)  # of another forget set
    final = bench.measure(bench.original)
    assert list(final.seeds) == [bench.retrained, second]
    assert 0 < final.values["cka_retain_seeds"] < 1
    assert 0 < final.seeds[bench.retrained]["js_retrained"] < final.values["js_retrained"]
    assert final.seeds[second]["mia_rmia_auc"] is not None


def test_the_same_seed_in_another_precision_is_no_other_seed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    twin = bench.store.model(bench.retrained).model_copy(update={"id": "mlp-digits-twin"})
    weights = bench.store.weights(bench.retrained)
    bench.store.add_model(
        twin, lambda folder: shutil.copyfile(weights, folder / "model.safetensors")
    )
    assert list(bench.measure(bench.original).seeds) == [bench.retrained]


def test_values_are_kept_for_the_data_that_was_looked_at(bench: Bench) -> None:
    bench.measure(bench.original)
    other = bench.closing()
    other.setup = setup_of(Path(bench.setup.home))
    seen = other.setup.dataset
    other.setup.dataset = replace(seen, train_x=seen.train_x[::-1].copy())
    assert (
        bench.closing().cached_values(bench.original)
        and other.cached_values(bench.original) is None
    )


def test_a_named_model_of_other_data_is_refused(bench: Bench) -> None:
    named = setup_of(Path(bench.setup.home))
    named.request = named.request.model_copy(update={"original": bench.original})
    reference_models.check_original(bench.store, named)
    seen = named.dataset
    named.dataset = replace(seen, train_x=seen.train_x[::-1].copy())
    with pytest.raises(BadRequest, match=r"trained on other data \(digits\) than digits holds now"):
        reference_models.check_original(bench.store, named)


def test_what_is_no_number_is_not_relearned(bench: Bench) -> None:
    """argmax of NaN is class 0: a broken model would have learned it again at once."""
    model = bench.model(bench.original)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    zeros = replace(bench.probe, label=np.zeros_like(bench.probe.label))
    assert set(bench.closing(zeros).scenes.relearned(model)) == {0.0}


def test_relearning_a_single_sample_works_with_batchnorm(tmp_path: Path) -> None:
    setup = setup_of(tmp_path)
    assert setup.forget is not None
    setup.forget = replace(setup.forget, index=setup.forget.index[:1])
    probe = make_probe(setup.dataset, setup.forget, 100)
    observer = engine.Observer(setup.resident, probe)
    model = models.build("small-cnn", (1, 8, 8), 10)
    accuracy = list(Evaluation(Store(tmp_path), setup, probe, observer).scenes.relearned(model))
    assert accuracy[-1] == 100 and 0 < len(accuracy) <= scenes.RELEARN_UPDATES
