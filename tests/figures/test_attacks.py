"""Figures of an attack: what is shown, against loops; that it can be drawn; that Plotly waits."""

import subprocess
import sys

import numpy as np
import pytest

from cu_core.figures.attacks import histogram, roc
from cu_core.metrics import attacks
from cu_core.metrics.attacked import Attacked, attacked
from tests.metrics.scenes import beside, remembered

MODELS = ("unlearned", "retrained", "original")
COLOURS = ["#111111", "#222222", "#333333", "#444444"]


@pytest.fixture(scope="module", params=["loss", "confidence", "rmia", "embedding"])
def found(request: pytest.FixtureRequest) -> Attacked:
    """On a model that remembers too little, one retrained and, of "original", one without scores
    in RMIA."""
    seed = remembered(2, 0.0, n=150)
    scenes = {
        "unlearned": beside(remembered(1, -2.0, n=150), None, seed),
        "retrained": beside(seed, None, seed),
    }
    return attacked(attacks()[request.param], scenes)


def test_a_histogram_counts_every_sample_once(found: Attacked) -> None:
    cut = found.usual_cut("unlearned")
    made = histogram.info(found, MODELS, cut)
    assert made is not None and [row.model for row in made.rows] == list(found.scores)
    assert len(made.edges) == histogram.BINS + 1
    for row in made.rows:
        for side, counts in row.counts:
            shown = found.attack.shown(found.scores[row.model][side])
            assert sum(counts) == len(shown)
            bins = [0] * histogram.BINS
            for value in shown.tolist():
                inner = sum(value >= edge for edge in made.edges[1:-1])
                bins[inner] += 1
            assert list(counts) == bins
    place = float(found.attack.shown(np.array([cut]))[0])
    assert made.cut == pytest.approx(min(max(place, made.edges[0]), made.edges[-1]))


def test_a_curve_has_the_rates_of_each_threshold(found: Attacked) -> None:
    cuts = found.cuts("unlearned")
    cut = cuts[len(cuts) // 2]
    made = roc.info(found, MODELS, cut)
    assert made is not None and [line.model for line in made.lines] == list(found.scores)
    for line in made.lines:
        forget, test = (found.scores[line.model][side] for side in ("forget", "test"))
        every = sorted({*forget.tolist(), *test.tolist()}, reverse=True)
        assert line.wrong == pytest.approx([0.0, *[(test >= c).mean() for c in every]])
        assert line.found == pytest.approx([0.0, *[(forget >= c).mean() for c in every]])
        assert line.at == ((test >= cut).mean(), (forget >= cut).mean())
        assert line.levels[0] == pytest.approx(1 / len(test)) and line.levels[-1] == 1.0
        assert all(low <= high for low, high in zip(line.low, line.high, strict=True))
        assert (line.low[-1], line.high[-1]) == pytest.approx((1.0, 1.0))
        assert line.auc == found.readings[line.model].auc


def test_both_are_drawn_as_they_are_told(found: Attacked) -> None:
    cut = found.usual_cut("unlearned")
    scores, curves = histogram.info(found, MODELS, cut), roc.info(found, MODELS, cut)
    assert scores == histogram.info(found, MODELS, cut) and scores is not None
    assert curves == roc.info(found, MODELS, cut) and curves is not None
    drawn = histogram.draw(scores, COLOURS)
    sides = [side.capitalize() for side in histogram.DASHES if side in found.rows]
    assert [trace.name for trace in drawn.data] == [*sides, "Threshold"]
    assert list(drawn.layout.yaxis.ticktext) == [f"{m.capitalize()}  " for m in found.scores]
    drawn = roc.draw(curves, COLOURS)
    named = [trace.name for trace in drawn.data if trace.name]
    assert named == [*(m.capitalize() for m in found.scores), "Guessing"]
    lines = [trace for trace in drawn.data if trace.name and trace.name != "Guessing"]
    for line, trace in zip(curves.lines, lines, strict=True):
        assert list(trace.y) == pytest.approx([max(r, 0.5 / curves.n_forget) for r in line.found])
        assert min(trace.x) > 0  # a logarithm has no place for none
    assert drawn.layout.xaxis.type == drawn.layout.yaxis.type == "log"


def test_a_model_without_scores_is_left_out_and_without_any_there_is_no_figure() -> None:
    alone = attacked(attacks()["rmia"], {"unlearned": remembered(1, 0.0)})
    assert histogram.info(alone, MODELS, 0.0) is None and roc.info(alone, MODELS, 0.0) is None


def test_plotly_is_loaded_when_something_is_drawn_and_not_before() -> None:
    code = "import sys; from cu_core.figures.attacks import histogram, roc"
    code += "; sys.exit(any(m in sys.modules for m in ('plotly', 'torch', 'streamlit')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
