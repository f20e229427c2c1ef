"""Figures of several runs: their numbers by hand, and that they draw."""

from typing import Any

import numpy as np
import pytest

from cu_core.figures import RunValues
from cu_core.figures.comparison import Compared, figures
from cu_core.figures.comparison.answers import Answers
from cu_core.figures.comparison.cka_layers import Panel
from cu_core.figures.comparison.class_change import ClassChange

LABEL = np.array([0, 0, 1, 1])
STAYS, ONE_GOES = [0, 0, 1, 1], [1, 0, 1, 1]
LAYERS = ("10", "2")  # in the order of the network, not of the alphabet


def made(name: str, last: list[int], cka: float | None = None, **more: Any) -> Compared:
    keys = ("forget_original", "forget_retrained", "retain_original", "retain_retrained")
    metrics = {f"cka_layers_{key}/{layer}": cka for key in keys for layer in LAYERS}
    values = {
        "class_names": ("cat", "<b>dog"),
        "metrics": {"unlearned": {} if cka is None else metrics},
        "steps": (0, 8),
        "pred": np.array([STAYS, last]),
        "is_forget": LABEL == 0,
        "label": LABEL,
    }
    band = more.pop("band", {})
    return Compared(name, RunValues(**{**values, **more}), band)


def test_change_by_class_is_in_points_from_the_first_frame_to_the_last() -> None:
    found = figures()["class_change"].info([made("A", STAYS), made("B", ONE_GOES)])
    assert found == ClassChange(("cat", "<b>dog"), ("A", "B"), ((0.0, -50.0), (0.0, 0.0)))


def test_a_class_without_a_sample_has_no_change() -> None:
    names = ("cat", "<b>dog", "cow")
    runs = [made(name, STAYS, class_names=names) for name in "AB"]
    assert figures()["class_change"].info(runs).points[2] == (None, None)


def test_answers_are_percent_of_the_forget_samples_with_the_retrained_model_last() -> None:
    retrained = np.array([1, 1, 1, 1])
    runs = [made("A", STAYS, retrained_pred=retrained), made("B", ONE_GOES)]
    cells = ((100.0, 50.0, 0.0), (0.0, 50.0, 100.0))
    found = figures()["answers"].info(runs)
    assert found == Answers(("cat", "<b>dog"), ("A", "B", "Retrained"), cells)


def test_layers_keep_their_order_and_the_band_is_the_first_on_record() -> None:
    band = {"cka_layers_forget_retrained/10": (0.4, 0.6)}
    runs = [made("A", STAYS, 0.5), made("B", STAYS, 0.7, band=band), made("C", STAYS)]
    found = figures()["cka_layers"].info(runs)
    assert found.layers == LAYERS
    lines = (("A", (0.5, 0.5)), ("B", (0.7, 0.7)))
    assert found.panels[1] == Panel("Forget, to retrained", lines, ((0.4, None), (0.6, None)))
    assert [bool(panel.band) for panel in found.panels] == [False, True, False, False]


@pytest.mark.parametrize("key", figures())
def test_runs_of_other_classes_or_without_values_have_no_figure(key: str) -> None:
    empty = made("B", STAYS, class_names=("x", "y"), label=None)
    assert figures()[key].info([made("A", STAYS), empty]) is None


@pytest.mark.parametrize("key", figures())
def test_every_figure_draws_and_shows_names_as_they_are(key: str) -> None:
    figure = figures()[key]
    band = {"cka_layers_forget_retrained/2": (0.4, 0.6)}
    runs = [made(name, ONE_GOES, 0.5, band=band) for name in "ABCDEF"]
    drawn = figure.draw(figure.info(runs)).to_json()
    assert "<b>" not in drawn and "\\u003cb\\u003e" not in drawn
    assert figure.title and figure.help
