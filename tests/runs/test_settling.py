"""A verdict on a draw: intervals that hold, references alike, and the exact figures afterwards."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core.runs import whole
from cu_core.runs.execute import execute
from cu_core.runs.settling import settle
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

pytestmark = pytest.mark.long

WHOLE = ("forget_acc_train", "forget_acc_test", "ua", "ra", "ta", "test_acc")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits are few: a draw has to be smaller still."""
    monkeypatch.setattr(whole, "DRAWN", 60)


def unlearned(store: Store, forget: str = "class:3", every: bool = False) -> str:
    asked = UnlearnRequest(
        dataset="digits", model="mlp", forget=forget, train_epochs=2, max_steps=6
    )
    claimed = store.claim_new(asked)
    execute(store, claimed, every=every)
    return claimed.run_id


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("forget", ["class:3", "random:0.1"])
def test_exact_figures_take_the_place_of_those_of_a_draw(tmp_path: Path, forget: str) -> None:
    store = Store(tmp_path)
    run_id = unlearned(store, forget)
    first = store.run(run_id).summary
    assert first.looked_at is not None and first.looked_at[1] == 1797
    assert any("read on" in said for said in first.remarks({}))
    assert "as in every trial of its sweep" in first.remarks({}, of_trial=True)[0]
    exact = settle(store, run_id)
    assert store.run(run_id).summary == exact and store.run(run_id).state == "done"
    assert exact.looked_at is None and not any("read on" in said for said in exact.remarks({}))
    plain = unlearned(store, forget, every=True)  # the same run, counted whole at once
    there = store.run(plain).summary
    assert exact.weights_sha256 == there.weights_sha256
    same = ("metrics", "original", "retrained", "counts", "gap", "avg_gap", "verdict", "headline")
    assert {n: getattr(exact, n) for n in same} == {n: getattr(there, n) for n in same}
    for key in WHOLE:
        value = first.metrics[key]
        assert (value is None) == (there.metrics[key] is None)
        if f"{key}/low" in first.metrics:
            low, high = (first.metrics[f"{key}/{end}"] for end in ("low", "high"))
            assert low is not None and high is not None and value is not None
            assert low <= value <= high
    assert settle(store, run_id) == exact  # once is enough


@pytest.mark.usefixtures("few")
def test_counts_are_of_what_was_looked_at(tmp_path: Path) -> None:
    """So that a verdict knows how little it stands on."""
    store = Store(tmp_path)
    run_id = unlearned(store)
    first, exact = store.run(run_id).summary, settle(store, run_id)
    assert first.counts["ra"] == 60 and exact.counts["ra"] > 1000
    assert first.counts["forget_acc_test"] == exact.counts["forget_acc_test"] <= 60
    assert "forget_acc_test/low" not in first.metrics  # all of these were asked
    assert first.looked_at is not None
    assert first.looked_at[0] == sum(
        first.counts[key] for key in ("ua", "ra", "ta", "forget_acc_test")
    )


def test_a_small_set_is_counted_whole_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    summary = store.run(unlearned(store)).summary
    assert summary.looked_at is None and "ra/low" not in summary.metrics


def test_one_process_counts_and_a_run_at_work_is_left_alone(tmp_path: Path, few: None) -> None:
    store = Store(tmp_path)
    run_id = unlearned(store)
    with store.settling(run_id) as mine:
        assert mine and store.is_settling(run_id)
        assert settle(store, run_id).looked_at is not None  # somebody else is counting
    assert not store.is_settling(run_id)


def test_intervals_hold_for_draws_without_putting_back() -> None:
    """Of 2,000 draws of 60 from 400, the interval holds the share of all in 99 %: the bound is five
    standard errors of that below it."""
    rng = np.random.default_rng(0)
    for percent in (0, 2, 30, 85, 100):
        right = np.arange(400) < 4 * percent
        held = 0
        for _ in range(2000):
            found = 100.0 * right[rng.permutation(400)[:60]].mean()
            low, high = whole.interval(found, 60, 400)
            held += low - 1e-9 <= percent <= high + 1e-9
        assert held / 2000 >= 0.99 - 5 * (0.99 * 0.01 / 2000) ** 0.5, percent


def test_a_share_of_two_draws_is_weighed_by_how_many_there_are() -> None:
    of: Any = whole.Samples(
        np.arange(0),
        np.arange(0),
        {"ta": 60, "forget_acc_test": 40, "test_acc": 100},
        {"ta": 900, "forget_acc_test": 40, "test_acc": 940},
    )
    values: whole.Values = {"ta": 80.0, "ta/low": 70.0, "ta/high": 86.0, "forget_acc_test": 0.0}
    found = whole._of_both(values, of)
    assert found["test_acc"] == pytest.approx(900 / 940 * 80)
    assert found["test_acc/low"] == pytest.approx(900 / 940 * 70)
    assert found["test_acc/high"] == pytest.approx(900 / 940 * 86)


@pytest.mark.usefixtures("few")
def test_what_references_show_is_looked_at_once_a_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cu_core.runs.scenes import Scenes

    store = Store(tmp_path)
    looked: list[int] = []
    look = Scenes._look

    def counted(self: Scenes, model: Any) -> Any:
        looked.append(1)
        return look(self, model)

    monkeypatch.setattr(Scenes, "_look", counted)
    first = store.run(unlearned(store)).summary
    assert len(looked) == 3  # original, retrained, unlearned
    again = store.run(unlearned(store)).summary
    assert len(looked) == 4  # the unlearned alone
    assert json.dumps(again.metrics) == json.dumps(first.metrics)
