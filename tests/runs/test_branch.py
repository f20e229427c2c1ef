"""Branches on digits: bit for bit their parent until they turn, and from there on if nothing is
changed; taken up, rewound and repeated like any run."""

import shlex
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import engine, methods
from cu_core.cli._options import add_fields, request_of
from cu_core.errors import BadRequest
from cu_core.runs.execute import check, events, execute
from cu_core.service.contract import toy
from cu_core.spec import Leg, Snapshot, StepLog, UnlearnRequest
from cu_core.store import Store

REQUEST = UnlearnRequest(probe_size=200, reference=False, max_steps=24, every=4)
AT = 10  # between two pictures


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


def run(store: Store, request: UnlearnRequest) -> str:
    claimed = store.claim_new(request)
    execute(store, claimed)
    return claimed.run_id


@pytest.fixture(scope="module")
def parent(store: Store) -> str:
    return run(store, REQUEST)


def sha(store: Store, run_id: str) -> str:
    return store.run(run_id).summary.weights_sha256


def frames(store: Store, run_id: str) -> dict[int, dict[str, Any]]:
    reader = store.reader(run_id)
    return {row.step: reader.frame(row.step) for row in reader.snapshots()}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.array_equal(a[name], b[name]) for name in ("z", "logits", "xy"))


@pytest.mark.parametrize("step", [1, AT, 12])
def test_with_nothing_changed_it_is_its_parent(store: Store, parent: str, step: int) -> None:
    branch = run(store, store.branch(parent, step))
    assert sha(store, branch) == sha(store, parent)
    ours, theirs = frames(store, branch), frames(store, parent)
    assert list(ours) == list(theirs) == [0, 4, 8, 12, 16, 20, 24]
    assert all(same(ours[step], theirs[step]) for step in theirs)
    assert store.reader(branch).metrics() == store.reader(parent).metrics()


@pytest.mark.parametrize("knobs", [{"ce_weight": 0.2}, {"lr": 0.001}, {"batch_size": 16}])
def test_with_a_knob_turned_it_is_its_parent_until_then(
    store: Store, parent: str, knobs: dict[str, Any]
) -> None:
    branch = run(store, store.branch(parent, AT, hparams=knobs))
    ours, theirs = frames(store, branch), frames(store, parent)
    for step in theirs:
        assert step not in ours or same(ours[step], theirs[step]) == (step <= AT), step
    for name, (steps, values) in store.reader(parent).metrics().items():
        known = dict(zip(*store.reader(branch).metrics()[name], strict=True))
        until = [s for s in steps if s <= AT]
        assert [known[s] for s in until] == values[: len(until)], name


def test_of_the_optimizer_the_momenta_stay_and_not_what_it_goes_by() -> None:
    before, after = toy.job(16), toy.job(16)
    old = methods.get("contrastive").make(batch_size=16, lr=0.1, weight_decay=0.0)
    new = methods.get("contrastive").make(batch_size=16, lr=0.2, weight_decay=0.01)
    engine.begin(old, before)
    list(engine.run(old, before, total=3))
    saved = engine.save(before, 3)
    engine.turn(new, after, saved)
    assert after.optimizer.param_groups[0]["lr"] == 0.2
    assert after.optimizer.param_groups[0]["weight_decay"] == 0.01
    momenta = after.optimizer.state_dict()["state"]
    for k, state in saved["optimizer"]["state"].items():
        assert torch.equal(momenta[k]["momentum_buffer"], state["momentum_buffer"])


def test_another_method_begins_with_the_model_as_it_is_and_makes_all_its_updates(
    store: Store, parent: str
) -> None:
    changes = {"method": "gradient-ascent", "hparams": {"epochs": 2}, "max_steps": None}
    run_id = run(store, store.branch(parent, AT, **changes))
    progress = store.reader(run_id).progress()
    own = -(-progress.forget.n_forget // 64)  # batches of an epoch, of its usual size
    assert progress.total == AT + 2 * own
    ours, theirs = frames(store, run_id), frames(store, parent)
    assert same(ours[8], theirs[8])
    losses = {n for n in store.reader(run_id).metrics() if n.startswith("loss/")}
    assert len(losses) > len([n for n in store.reader(parent).metrics() if n.startswith("loss/")])


def test_a_branch_of_a_branch_needs_neither(store: Store, parent: str) -> None:
    first = run(store, store.branch(parent, 4, hparams={"ce_weight": 0.2}))
    second = store.branch(first, 16)
    assert [leg.until for leg in second.first] == [4, 16]
    expected = sha(store, first)
    back = store.branch(first, 3)  # before its parent turned: the grandparent's way
    assert [leg.until for leg in back.first] == [3]
    assert back.hparams["ce_weight"] != 0.2
    store.delete(first)
    assert sha(store, run(store, second)) == expected
    assert sha(store, run(store, back)) == sha(store, parent)


@pytest.mark.parametrize("stop", [AT - 1, AT, AT + 1, 18])
def test_a_branch_that_is_stopped_and_taken_up_equals_the_unbroken_one(
    store: Store, parent: str, stop: int
) -> None:
    request = store.branch(parent, AT, hparams={"ce_weight": 0.2, "lr": 0.005})
    unbroken = run(store, request)
    claimed = store.claim_new(request)
    with closing(events(store, claimed)) as going:
        for event in going:
            if isinstance(event, StepLog | Snapshot) and event.step == stop:
                break
    assert store.run(claimed.run_id).state == "stopped"
    execute(store, store.claim_run(claimed.run_id, ("stopped",)))
    assert sha(store, claimed.run_id) == sha(store, unbroken)


@pytest.mark.parametrize("back", [0, 6, AT, 16])
def test_a_branch_rewinds_across_its_turn(store: Store, parent: str, back: int) -> None:
    request = store.branch(parent, AT, method="coun", hparams={"epochs": 1})
    unbroken = run(store, request)
    claimed = store.claim_new(request)
    told = False
    for event in events(store, claimed):
        if isinstance(event, StepLog) and event.step == 18 and not told:
            told = True
            store.command(claimed.run_id, "rewind", back)
            store.command(claimed.run_id, "resume")
    assert told and sha(store, claimed.run_id) == sha(store, unbroken)


def test_its_command_makes_it_again(store: Store, parent: str, tmp_path: Path) -> None:
    from argparse import ArgumentParser

    request = store.branch(parent, AT, hparams={"temperature": 0.3})
    words = shlex.split(request.command())
    assert words[:4] == ["python", "-m", "cu_core", "unlearn"]
    parser = ArgumentParser()
    add_fields(parser, UnlearnRequest)
    read = request_of(UnlearnRequest, parser.parse_args(words[4:]))
    assert read == request.model_copy(update={"parent": None})


@pytest.mark.parametrize(
    ("legs", "wrong"),
    [
        ([Leg(until=80, method="contrastive")], "ends after 24 updates"),
        ([Leg(until=24, method="contrastive")], "no branch goes on at step 24"),
        ([Leg(until=3, method="nothing")], "No method is called 'nothing'"),
        ([Leg(until=3, method="contrastive", knobs={"lr": 9})], "Contrastive.lr"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    store: Store, legs: list[Leg], wrong: str
) -> None:
    with pytest.raises(BadRequest, match=wrong):
        check(store, REQUEST.model_copy(update={"first": tuple(legs)}))
