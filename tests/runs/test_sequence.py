"""Forgetting in stages, and every method on every kind of forget set."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import cli, engine, forget, methods
from cu_core.errors import BadForgetSet, BadRequest
from cu_core.metrics.gap import COUN
from cu_core.models.evaluate import outputs
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.spec import StepLog, UnlearnRequest
from cu_core.store import Store

FAST = ("--model", "mlp", "--epochs", "8", "--probe-size", "200", "--every", "50")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def stages(home: Path) -> list[dict[str, Any]]:
    with redirect_stdout(StringIO()) as said:
        words = ("sequence", "--stages", "2", "--forget", "random:0.2", "--method", "neg-grad-plus")
        code = cli.main([*words, "--set", "epochs=1", *FAST, "--home", str(home), "--json"])
    assert code == 0
    return list(json.loads(said.getvalue())["stages"])


def setup_of(home: Path, stage: dict[str, Any]) -> Setup:
    return Setup(UnlearnRequest(**stage["request"]), home)


# --- a sequence through the command line --------------------------------------------------------


def test_the_gap_of_every_stage_is_reported(stages: list[dict[str, Any]]) -> None:
    assert [s["state"] for s in stages] == ["done", "done"]
    assert [s["request"]["forget"] for s in stages] == ["random:0.2", "random:0.4"]
    assert [s["request"]["after"] for s in stages] == [None, "random:0.2"]
    for stage in stages:
        four = [abs(stage["metrics"][k] - stage["retrained"][k]) for k in COUN]
        assert stage["avg_gap"] == pytest.approx(np.mean(four))


def test_each_stage_starts_from_the_weights_of_the_last(
    home: Path, stages: list[dict[str, Any]]
) -> None:
    store = Store(home)
    first, second = stages
    start = store.model(second["request"]["original"])
    assert (start.kind, start.forget) == ("unlearned", "random:0.2")
    assert start.id == f"unlearned-{first['weights_sha256'][:16]}"
    setup = setup_of(home, second)
    assert start.forget_hash == setup_of(home, first).forget.hash  # type: ignore[union-attr]
    logits, _ = outputs(
        reference_models.load_model(store, setup, start.id),
        setup.resident.test_x,
        setup.resident.normalise,
    )
    found = float((logits.argmax(1) == setup.dataset.test_y).mean() * 100)
    assert first["metrics"]["test_acc"] == pytest.approx(found) == start.accuracy
    steps, seen = store.reader(second["run_id"]).metrics()["ta"]
    assert steps[0] == 0 and seen[0] == pytest.approx(found)


def test_what_is_retained_has_nothing_forgotten_so_far(
    home: Path, stages: list[dict[str, Any]]
) -> None:
    first, second = (setup_of(home, stage) for stage in stages)
    assert first.forget is not None and second.forget is not None
    assert np.array_equal(first.new, first.forget.index)
    assert len(np.intersect1d(first.new, second.new)) == 0
    assert np.array_equal(np.union1d(first.new, second.new), second.forget.index)
    job = make_job(second, methods.get("fine-tune").make(), reference_models.blank(second), "none")
    everything = np.arange(len(second.dataset.train_y))
    retained = np.setdiff1d(everything, np.union1d(first.new, second.new))
    assert np.array_equal(np.sort(job.retain.index.numpy()), retained)  # type: ignore[attr-defined]
    assert np.array_equal(np.sort(job.forget.index.numpy()), second.new)  # type: ignore[attr-defined]


def test_the_reference_of_a_stage_never_saw_any_of_it(
    home: Path, stages: list[dict[str, Any]]
) -> None:
    """It is the very model that forgetting all of it at once would be compared with."""
    at_once = Setup(UnlearnRequest(forget="random:0.4", model="mlp", train_epochs=8), home)
    assert stages[1]["models"]["retrained"] == reference_models.model_id(at_once, at_once.forget)
    assert stages[0]["models"]["retrained"] != stages[1]["models"]["retrained"]


def test_every_stage_is_measured_beside_the_model_that_knew_it_all(tmp_path: Path) -> None:
    """The second stage starts from a model that knows no threes; "original" is not that one."""
    words = ["sequence", "--stages", "2", "--forget", "class:3,5", "--method", "logit-mask", *FAST]
    assert cli.main([*words, "--home", str(tmp_path)]) == 0
    store = Store(tmp_path)
    second, first = store.runs()
    start = store.model(second.summary.models.original)
    assert start.kind == "unlearned" and start.origin == first.summary.models.original
    assert second.summary.original["forget_acc_train"] > 90  # of threes and fives
    assert second.summary.metrics["rho_prototype"] == 1  # a mask leaves what the original knew


def test_a_stage_alone_gives_the_same_bits(home: Path, stages: list[dict[str, Any]]) -> None:
    request = stages[1]["request"]
    words = ["unlearn", "--forget", "random:0.4", "--after", "random:0.2", *FAST]
    words += ["--original", request["original"], "--method", "neg-grad-plus", "--set", "epochs=1"]
    assert cli.main([*words, "--home", str(home)]) == 0
    assert Store(home).runs()[0].summary.weights_sha256 == stages[1]["weights_sha256"]


# --- what is refused, before anything runs ------------------------------------------------------


@pytest.mark.parametrize(
    "words,sentence",
    [
        (["--forget", "random:0.3", "--stages", "4"], "leave nothing to keep"),
        (["--forget", "class:3", "--stages", "2"], "is 1 of the 2 classes that 2 stages need"),
        (["--forget", "indices:x.txt", "--stages", "2"], "cannot be cut into stages"),
        (["--stages", "0"], "at least one stage"),
        (["--method", "logit-mask"], "works on whole classes"),
        (["--forget", "class:0,1,2,3,4,5,6,7,8", "--stages", "9"], "at least two classes"),
    ],
)
def test_a_sequence_that_cannot_run_leaves_no_run(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sequence", *words, "--model", "mlp", "--home", str(tmp_path)]) == 2
    assert sentence in capsys.readouterr().err
    assert not Store(tmp_path).runs()


@pytest.mark.parametrize(
    "asked,sentence",
    [
        ({"after": "random:0.1", "forget": "random:0.2"}, "name the model"),
        ({"after": "random:0.2", "forget": "random:0.1", "original": "x"}, "leaves out"),
        ({"after": "class:3", "forget": "class:3", "original": "x"}, "adds nothing"),
        ({"after": "class:3", "forget": "class:5", "original": "x"}, "leaves out"),
    ],
)
def test_a_stage_must_hold_what_was_forgotten_before(
    asked: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        Setup(UnlearnRequest(model="mlp", **asked), tmp_path)


def test_the_rules_of_a_sequence() -> None:
    assert forget.stage_rules("random:0.1", 3) == ["random:0.1", "random:0.2", "random:0.3"]
    assert forget.stage_rules("per-class:0.25", 2) == ["per-class:0.25", "per-class:0.5"]
    assert forget.stage_rules("class:3,5,7", 3) == ["class:3", "class:3,5", "class:3,5,7"]
    assert forget.stage_rules("class:3,5,7", 2) == ["class:3", "class:3,5,7"]
    with pytest.raises(BadForgetSet, match="leave nothing"):
        forget.stage_rules("random:0.1", 10)


def test_lists_of_both_sets_are_kept_with_the_run(tmp_path: Path) -> None:
    before, both = tmp_path / "before.txt", tmp_path / "both.txt"
    before.write_text("1\n2\n")
    both.write_text("1\n2\n3\n")
    store = Store(tmp_path / "home")
    asked = UnlearnRequest(forget=f"indices:{both}", after=f"indices:{before}", original="x")
    run_id = store.enqueue(asked)
    before.unlink()
    both.unlink()
    request = store.run(run_id).request
    assert isinstance(request, UnlearnRequest)
    setup = Setup(request.model_copy(update={"model": "mlp"}), store.home)
    assert setup.new.tolist() == [3]


# --- every method on every kind of forget set ---------------------------------------------------

KINDS: dict[str, dict[str, Any]] = {
    "several classes": {"forget": "class:3,5"},
    "a share of every class": {"forget": "per-class:0.1"},
    "half of everything": {"forget": "random:0.5"},
    "a second class": {"forget": "class:3,5", "after": "class:3", "original": "x"},
    "a second share": {"forget": "random:0.5", "after": "random:0.4", "original": "x"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", methods.names())
def test_a_method_runs_or_says_why_not(key: str, kind: str, tmp_path: Path) -> None:
    request = UnlearnRequest(model="mlp", device="cpu", method=key, **KINDS[kind])
    setup = Setup(request, tmp_path)
    assert setup.forget is not None
    if setup.forget.kind not in methods.get(key).kinds:
        with pytest.raises(BadRequest, match=r"works on whole classes; .* Choose class:NAME"):
            method_of(request, setup.forget)
        return
    small = {k: 1 for k in ("epochs", "steps") if k in methods.get(key).model_fields}
    method = method_of(request.model_copy(update={"hparams": small}), setup.forget)
    job = make_job(setup, method, reference_models.blank(setup), "none")
    engine.begin(method, job)
    for log in engine.run(method, job, total=min(method.total_steps(job), 20)):
        assert isinstance(log, StepLog)
        assert all(np.isfinite(float(v)) for v in log.losses.values()), log
    assert all(torch.isfinite(value).all() for value in job.model.state_dict().values())
    logits, _ = outputs(job.model, setup.resident.test_x, setup.resident.normalise)
    assert logits.shape[1] == 10 or key == "boundary-expand"  # which cuts its own at the end
