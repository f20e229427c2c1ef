"""A default is chosen by the rule that is told, and never by the test part."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import defaults
from cu_core import data, methods


def row(worst: float, cost: float = 0.2, **knobs: Any) -> dict[str, Any]:
    return {"method": "m", "knobs": knobs, "worst": worst, "cost": cost}


def test_the_first_as_good_as_the_best_of_those_that_cost_less_than_retraining() -> None:
    rows = [row(9.0, a=1), row(3.5, a=2), row(3.0, a=3), row(1.0, 0.9, a=4)]
    assert defaults.chosen(rows, "m") == {"a": 2}


def test_the_test_part_is_not_there_and_no_reported_class_is_forgotten(tmp_path: Path) -> None:
    whole, put = (
        data.load("digits", tmp_path),
        data.load(defaults.put_aside("digits", tmp_path), None),
    )
    train = {image.tobytes() for image in whole.train_x}
    assert {image.tobytes() for image in [*put.train_x, *put.test_x]} <= train
    assert len(put.train_y) + len(put.test_y) == len(whole.train_y)
    assert np.bincount(put.test_y).min() > 20
    assert not {"3", "5", "8"} & set("".join(defaults.FORGET))


@pytest.mark.parametrize("key", list(defaults.TRIED | defaults.RATES))
def test_the_default_is_among_what_was_tried(key: str) -> None:
    usual = methods.get(key).make().model_dump()
    tried = (defaults.TRIED | defaults.RATES)[key]
    assert any(knobs.items() <= usual.items() for knobs in tried)
    for knobs in tried:
        methods.get(key).make(**knobs)
