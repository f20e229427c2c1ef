"""Runs on data in which something was planted: measured at every snapshot, told at the end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core.runs.execute import check, execute
from cu_core.spec import TrainRequest, UnlearnRequest
from cu_core.store import Store

QUICK: dict[str, Any] = {"max_steps": 2, "every": 1, "probe_size": 300, "reference": False}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


def curve(store: Store, run_id: str, key: str) -> list[float | None]:
    return store.reader(run_id).metrics()[key][1]


def test_wrong_labels_are_followed_home(store: Store) -> None:
    request = UnlearnRequest(plant="wrong-labels:0.1", forget="planted", **QUICK)
    check(store, request)
    claimed = store.claim_new(request)
    summary = execute(store, claimed)
    home = curve(store, claimed.run_id, "planted_home")
    assert len(home) == 3 and all(value is not None for value in home)
    assert summary.metrics["planted_home"] is not None
    assert home[0] == pytest.approx(summary.original["planted_home"])
    assert (summary.original["planted_home"] or 0.0) < 20  # the network has learned them by heart
    assert "of 135 wrongly labelled samples now lie among their true class" in summary.verdict
    assert "of 135 wrong labels are back home" in summary.headline
    assert summary.counts["planted_home"] == 135
    assert summary.reasons["planted_trigger"] == "not computed: no mark is planted in this data"
    probe = store.reader(claimed.run_id).probe()
    assert probe is not None
    np.testing.assert_array_equal(probe["true_label"] != probe["label"], probe["is_forget"])
    assert store.run(claimed.run_id).name == (
        "contrastive, the planted samples, digits with 10 % wrong labels"
    )


def test_a_mark_is_tried_on_test_images(store: Store) -> None:
    request = UnlearnRequest(plant="trigger:0.05", forget="planted", train_epochs=3, **QUICK)
    claimed = store.claim_new(request)
    summary = execute(store, claimed)
    success = curve(store, claimed.run_id, "planted_trigger")
    assert len(success) == 3 and all(0 <= (value or 0.0) <= 100 for value in success)
    assert success[0] == pytest.approx(summary.original["planted_trigger"])
    assert success[-1] == pytest.approx(summary.metrics["planted_trigger"])
    assert "of test images of other classes are answered as the mark's class" in summary.verdict


def test_a_model_of_planted_data_is_another_model(store: Store, tmp_path: Path) -> None:
    from cu_core.runs.reference_models import model_id
    from cu_core.runs.resolve import Setup

    plants = ("", "wrong-labels:0.1", "wrong-labels:0.2", "trigger:0.05", "trigger:0.05:3")
    setups = [Setup(TrainRequest(plant=plant), store.home) for plant in plants]
    assert len({model_id(setup, None) for setup in setups}) == len(plants)
    assert "digits-with-wrong-labels" in model_id(setups[1], None)
