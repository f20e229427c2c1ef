"""Figures: what is shown, by equality; that it can be drawn; that Plotly waits until then."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from cu_core.figures import MODELS, RunValues, figures
from cu_core.figures.answers_by_step import AnswersByStep
from cu_core.figures.destinations import Destinations
from cu_core.metrics import all_metrics

FIGURES = figures()
NAMES = ("cat", "dog", "<b>owl</b>")


def shares(*percent: float | None) -> dict[str, float | None]:
    return {f"prediction_share/{c}": v for c, v in enumerate(percent)}


def values(**changed: Any) -> RunValues:
    any_metric = dict.fromkeys(all_metrics(), 50.0)  # for the figures that are not Lethe's own
    given: dict[str, Any] = {
        "class_names": NAMES,
        "metrics": {
            "unlearned": {**any_metric, **shares(10.04, 0.0, 89.96)},
            "original": {**any_metric, **shares(100.0, 0.0, 0.0)},
            "retrained": {**any_metric, **shares(20.0, 0.5, 79.5)},
        },
        "steps": (0, 4, 8),
        "pred": np.array([[0, 0, 0, 1], [0, 0, 2, 1], [2, 0, 2, 1]], np.uint16),
        "is_forget": np.array([True, True, True, False]),
        "label": np.array([0, 2, 2, 1]),
        "retrained_pred": np.array([2, 2, 0, 1]),
    }
    return RunValues(**{**given, **changed})


def test_destinations_are_shares_of_each_model_in_one_order() -> None:
    assert FIGURES["destinations"].info(values()) == Destinations(
        classes=("cat", "<b>owl</b>"),  # 0.5 % is not worth a row
        shares=(
            ("unlearned", (10.0, 90.0)),
            ("retrained", (20.0, 79.5)),
            ("original", (100.0, 0.0)),
        ),
    )


def test_a_model_without_predictions_is_left_out_and_without_the_unlearned_there_is_none() -> None:
    info = FIGURES["destinations"].info
    without = {"unlearned": shares(10.0, 0.0, 90.0), "retrained": shares(20.0, None, 80.0)}
    assert [model for model, _ in info(values(metrics=without)).shares] == ["unlearned"]
    assert info(values(metrics={"original": shares(100.0, 0.0, 0.0)})) is None


def test_of_many_classes_the_largest_are_shown_and_the_others_summed() -> None:
    percent = [1.0] * 100
    percent[70] = percent[3] = 2.0
    rest = {"unlearned": shares(*percent)}
    names = tuple(str(c) for c in range(100))
    made = FIGURES["destinations"].info(values(class_names=names, metrics=rest))
    kept = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "70")
    assert made.classes == (*kept, "others")
    assert made.shares[0][1] == (1.0, 1.0, 1.0, 2.0, *[1.0] * 7, 2.0, 88.0)


def test_answers_by_step_are_of_the_forget_samples_alone() -> None:
    assert FIGURES["answers_by_step"].info(values()) == AnswersByStep(
        classes=("cat", "<b>owl</b>"),
        steps=(0, 4, 8),
        shares=((100.0, 66.7, 33.3), (0.0, 33.3, 66.7)),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"is_forget": np.zeros(4, bool)},
        {"steps": (0,), "pred": np.zeros((1, 4), np.uint16)},
        {"steps": (), "pred": np.zeros((0, 0), np.uint16)},
    ],
)
def test_without_frames_of_forget_samples_there_are_no_answers(changed: dict[str, Any]) -> None:
    assert FIGURES["answers_by_step"].info(values(**changed)) is None


@pytest.mark.parametrize("key", FIGURES)
def test_a_figure_is_declared_whole_and_draws_what_it_says(key: str) -> None:
    figure = FIGURES[key]
    assert figure.key == key and figure.title and figure.help.endswith(".")
    info = figure.info(values())
    assert info == figure.info(values()) and hash(info) == hash(figure.info(values()))
    drawn = figure.draw(info).to_plotly_json()
    assert drawn["data"] and "title" not in drawn["layout"]  # the page has it
    assert "<b>" not in str(drawn)  # a name is no HTML


def test_bars_are_as_long_as_the_numbers() -> None:
    figure = FIGURES["destinations"]
    bars = figure.draw(figure.info(values())).data
    assert [bar.name.lower() for bar in bars] == list(MODELS)
    assert [list(bar.x) for bar in bars] == [[10.0, 90.0], [20.0, 79.5], [100.0, 0.0]]


def test_plotly_is_loaded_when_something_is_drawn_and_not_before() -> None:
    code = "import sys; from cu_core.figures import figures; figures()"
    code += "; sys.exit(any(m in sys.modules for m in ('plotly', 'torch', 'streamlit')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
