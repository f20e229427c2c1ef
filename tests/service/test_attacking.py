"""The attacks of a short digits run: what they read is what the run's table has, on every model."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core.errors import BadRequest, StoreError
from cu_core.metrics import attacks
from cu_core.metrics.attacked import kept
from cu_core.runs.execute import execute
from cu_core.service import attacking
from cu_core.service.questions import answer
from cu_core.spec import ATTACKS, AttackFacts, Attacks, FetchRequest, UnlearnRequest
from cu_core.store import Store

pytestmark = pytest.mark.long

REQUEST = UnlearnRequest(model="mlp", forget="random:0.2", train_epochs=2, max_steps=6)
TABLE = {  # attack -> the measure that is its area
    "loss": "mia_loss_auc",
    "rmia": "mia_rmia_auc",
    "embedding": "mia_embedding_auc",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks")


def run_once(store: Store, **changed: Any) -> str:
    run_id = store.enqueue(REQUEST.model_copy(update=changed))
    execute(store, store.claim_run(run_id))
    return run_id


@pytest.fixture(scope="module")
def store(home: Path) -> Store:
    return Store(home)


@pytest.fixture(scope="module")
def made(store: Store) -> str:
    """The second of two runs, so that there are two retrained seeds."""
    run_once(store, model_seed=1)
    return run_once(store)


@pytest.fixture(scope="module")
def facts(store: Store, made: str) -> AttackFacts:
    return attacking.attack(store, Attacks(run=made))


def test_each_model_reads_what_the_table_has(store: Store, made: str, facts: AttackFacts) -> None:
    summary = store.run(made).summary
    table = {"unlearned": summary.metrics, "original": summary.original}
    table["retrained"] = summary.retrained or {}
    assert len(summary.retrained_seeds) == 2
    assert facts.gone == 0
    for key, measure in TABLE.items():
        assert facts.readings[key].keys() == table.keys()
        for model, reading in facts.readings[key].items():
            told = [table[model][name] for name in (measure, f"{measure}/low", f"{measure}/high")]
            assert reading.auc is not None and [*reading.auc] == told
    for model, reading in facts.readings["loss"].items():
        told = [table[model][f"mia_loss_tpr{end}"] for end in ("", "/low", "/high")]
        assert reading.found is not None and [*reading.found] == told


def test_the_scores_are_kept_and_give_the_confidence_attack_s_share(
    store: Store, made: str, facts: AttackFacts
) -> None:
    view = store.reader(made).view(ATTACKS)
    assert view is not None and AttackFacts.model_validate(view[1]) == facts
    found = kept(attacks()["confidence"], view[0], facts.readings["confidence"])
    summary = store.run(made).summary
    for model, values in (("unlearned", summary.metrics), ("original", summary.original)):
        share = 100 * (found.scores[model]["forget"] < 0).mean()
        assert share == pytest.approx(values["mia_efficacy"], abs=1e-12)
    probe = store.reader(made).probe()
    assert probe is not None
    np.testing.assert_array_equal(found.rows["forget"], np.flatnonzero(probe["is_forget"]))
    assert not probe["is_forget"][found.rows["retain"]].any()


def test_a_second_look_looks_at_nothing(
    store: Store, made: str, facts: AttackFacts, monkeypatch: Any
) -> None:
    monkeypatch.setattr(attacking, "looking_again", None)
    assert attacking.attack(store, Attacks(run=made)) == facts
    monkeypatch.setattr(attacking.metrics, "fingerprint", lambda *over: "others")
    with pytest.raises(TypeError):  # other measures: it has to be looked again
        attacking.attack(store, Attacks(run=made))


def test_models_that_were_deleted_are_left_out(store: Store) -> None:
    run_id = run_once(store, model_seed=7)
    retrained = store.run(run_id).summary.models.retrained
    assert retrained is not None
    store.delete_model(retrained)
    told = attacking.attack(store, Attacks(run=run_id))
    assert told.readings["loss"].keys() == {"unlearned", "original"} and told.gone == 1
    assert told.readings["rmia"]["unlearned"].auc is not None  # by the other seeds


def test_data_that_changed_are_refused_in_a_sentence(store: Store) -> None:
    run_id = run_once(store, model_seed=1, seed=1)
    summary = store.run(run_id).summary
    with closing(store.writer(run_id)) as writer:
        changed = summary.forget.model_copy(update={"hash": "0" * 16})
        writer.finish(summary.model_copy(update={"forget": changed}))
    with pytest.raises(StoreError, match="no longer holds what run"):
        attacking.attack(store, Attacks(run=run_id))


@pytest.mark.parametrize("request_", [REQUEST, FetchRequest(dataset="digits")])
def test_a_run_without_an_end_is_refused_in_a_sentence(store: Store, request_: Any) -> None:
    run_id = store.enqueue(request_)
    with pytest.raises(BadRequest, match="has no end that could be attacked"):
        answer(store, "attacks", {"run": run_id})
    with pytest.raises(BadRequest, match=r"Attacks\.run is missing"):
        answer(store, "attacks", {})
