"""Figures of a sweep: what is shown, by equality; that every mark says which trial it is."""

from typing import Any

import pytest

from cu_core.figures.sweeps import figures
from cu_core.figures.sweeps._marks import COLOURS, FADED, FAULT
from cu_core.figures.sweeps.front import Front, Point
from cu_core.figures.sweeps.heat_map import Cell, HeatMap
from cu_core.figures.sweeps.parallel import Line, Parallel, Scale
from cu_core.spec import METHOD, Axis, SweepProgress, SweepRequest, Trial, UnlearnRequest, fronts

FIGURES = figures()
LAST = len(COLOURS) - 1
AXES = {"temperature": Axis(low=0.1, high=10, log=True), "epochs": Axis(low=0, high=4)}


def request(**changes: Any) -> SweepRequest:
    given = {"base": UnlearnRequest(), "axes": AXES, "objectives": ("forget_gap", "ta_gap")}
    return SweepRequest(**{**given, **changes})


def progress(asked: SweepRequest) -> SweepProgress:
    """Two on the front, one behind them, one that failed and one that still runs."""

    def trial(number: int, knobs: tuple[float, float], values: tuple[float, float]) -> Trial:
        own = dict(zip(("forget_gap", "ta_gap"), values, strict=True))
        of = dict(zip(AXES, knobs, strict=True))
        return Trial(number=number, state="done", knobs=of, values=own)

    trials = [trial(0, (0.1, 0), (4.0, 1.0)), trial(1, (1.0, 2), (2.0, 3.0))]
    trials += [trial(2, (10.0, 4), (6.0, 5.0))]
    trials += [Trial(number=3, state="failed", knobs={"temperature": 1.0, "epochs": 1})]
    trials += [Trial(number=4, knobs={"temperature": 1.0, "epochs": 1})]
    best = fronts(trials, asked.objectives)
    return SweepProgress(
        trials=tuple(t.model_copy(update={"front": t.number in best}) for t in trials),
        band={"forget_gap": 0.5},
    )


def info(key: str, asked: SweepRequest | None = None) -> Any:
    asked = asked or request()
    return FIGURES[key].info(asked, progress(asked))


def test_the_front_is_a_line_of_the_best_and_the_band_a_strip_where_one_side_is_known() -> None:
    assert info("front") == Front(
        axes=("Forget gap (points)", "Test accuracy gap (points)"),
        points=(
            Point(0, 4.0, 1.0, "front", 2),
            Point(1, 2.0, 3.0, "front", 0),
            Point(2, 6.0, 5.0, "plain", 5),
        ),
        line=((2.0, 3.0), (4.0, 1.0)),
        shape="hv",
        band=(0.5, None),
    )


def crowd() -> tuple[SweepRequest, SweepProgress]:
    """Two on the front, close together, and one far away."""
    asked = request()
    values = ((1.0, 2.0), (2.0, 1.0), (90.0, 40.0))
    trials = [
        Trial(
            number=n,
            state="done",
            front=n < 2,
            knobs={"temperature": 1.0, "epochs": float(n)},
            values=dict(zip(asked.objectives, pair, strict=True)),
        )
        for n, pair in enumerate(values)
    ]
    return asked, SweepProgress(trials=tuple(trials))


def test_a_front_that_is_short_among_all_trials_is_drawn_from_near() -> None:
    made = FIGURES["front"].info(*crowd())
    assert made.near == ((0.0, 3.0), (0.0, 3.0)) and info("front").near is None
    layout = FIGURES["front"].draw(made, ()).layout
    assert (layout.xaxis.range, layout.yaxis.range) == made.near
    assert FIGURES["front"].draw(info("front"), ()).layout.xaxis.range is None


def test_a_diamond_marks_the_front_in_the_heat_map_as_well() -> None:
    drawn = FIGURES["heat_map"].draw(info("heat_map", request(sampler="grid")), ())
    assert drawn.data[0].text == ("4<br>◆", "2<br>◆", "6")
    marks = FIGURES["heat_map"].draw(info("heat_map"), ()).data[0].marker
    assert marks.symbol == ("diamond", "diamond", "square")


def test_one_objective_is_drawn_in_the_order_of_the_trials() -> None:
    made = info("front", request(objectives=("forget_gap",)))
    assert made.axes == ("trial", "Forget gap (points)") and made.line == ()
    assert [(p.x, p.y) for p in made.points] == [(0, 4.0), (1, 2.0), (2, 6.0)]
    assert made.band == (None, 0.5)


def test_below_the_floor_is_a_fault_and_no_part_of_the_front() -> None:
    asked = request()
    said = progress(asked)
    low = said.trials[1].model_copy(update={"below_floor": True, "front": False})
    made = FIGURES["front"].info(asked, said.model_copy(update={"trials": (said.trials[0], low)}))
    assert [p.kind for p in made.points] == ["front", "fault"] and made.line == ((4.0, 1.0),)


def test_the_heat_map_is_of_two_knobs_and_nothing_else() -> None:
    assert info("heat_map") == HeatMap(
        axes=("temperature", "epochs"),
        logs=(True, False),
        orders=((), ()),
        objective="Forget gap (points)",
        cells=(
            Cell(0, 0.1, 0.0, 4.0, "front", 2),
            Cell(1, 1.0, 2.0, 2.0, "front", 0),
            Cell(2, 10.0, 4.0, 6.0, "plain", 5),
            Cell(3, 1.0, 1.0, None, "fault", None),
        ),
    )
    assert info("heat_map", request(axes={"epochs": AXES["epochs"]})) is None


def test_a_grid_has_cells_in_their_order() -> None:
    made = info("heat_map", request(sampler="grid"))
    assert made.orders == (("0.1", "1", "10"), ("0", "1", "2", "4"))
    assert made.logs == (False, False) and made.cells[0].x == "0.1"
    drawn = FIGURES["heat_map"].draw(made, ())
    assert drawn.layout.xaxis.type == "category" and drawn.layout.xaxis.categoryarray[0] == "0.1"


def test_parallel_coordinates_scale_each_axis_and_leave_out_what_there_is_not() -> None:
    made = info("parallel")
    assert made == Parallel(
        scales=(
            Scale("temperature", ((0.0, "0.1"), (0.5, "1"), (1.0, "10"))),
            Scale("epochs", ((0.0, "0"), (0.5, "2"), (1.0, "4"))),
            Scale("Forget gap (points)", ((0.0, "2"), (0.5, "4"), (1.0, "6"))),
            Scale("Test accuracy gap (points)", ((0.0, "1"), (0.5, "3"), (1.0, "5"))),
        ),
        lines=(
            Line(0, (0.0, 0.0, 0.5, 0.0), ("0.1", "0", "4", "1"), "front", 2),
            Line(1, (0.5, 0.5, 0.0, 0.5), ("1", "2", "2", "3"), "front", 0),
            Line(2, (1.0, 1.0, 1.0, 1.0), ("10", "4", "6", "5"), "plain", 5),
            Line(3, (0.5, 0.25, None, None), ("1", "1", "no value", "no value"), "fault", None),
        ),
    )


def test_choices_and_methods_stand_at_equal_distances() -> None:
    choices = ("a", "b", "c")
    made = info("parallel", request(axes={METHOD: Axis(choices=choices)}))
    assert made.scales[0] == Scale("method", ((0.0, "a"), (0.5, "b"), (1.0, "c")))


@pytest.mark.parametrize("key", FIGURES)
def test_every_mark_says_its_trial_and_the_chosen_keep_their_colour(key: str) -> None:
    figure = FIGURES[key]
    assert figure.key == key and figure.title and figure.help.endswith(".")
    made = info(key)
    assert made == info(key) and hash(made) == hash(info(key))
    seen: dict[int, set[str]] = {}
    drawn = figure.draw(made, {1, 3})
    for trace in drawn.data:
        if "markers" in trace.mode:
            paint = trace.marker.color
            paints = [paint] * len(trace.x) if isinstance(paint, str) else paint
            for number, colour in zip(trace.customdata, paints, strict=True):
                seen.setdefault(number, set()).add(colour)
    assert "title" not in drawn.to_plotly_json()["layout"]  # the page has it
    ended = {0, 1, 2} if key == "front" else {0, 1, 2, 3}
    assert seen.keys() == ended
    assert seen[1] == {COLOURS[0]} and seen[0] == seen[2] == {FADED}
    assert seen.get(3, {FAULT}) == {FAULT}


@pytest.mark.parametrize("key", FIGURES)
def test_before_a_trial_has_ended_there_is_no_figure(key: str) -> None:
    assert FIGURES[key].info(request(), SweepProgress(trials=(Trial(number=0),))) is None


def test_five_hundred_lines_are_a_trace_a_colour() -> None:
    asked = request()
    many = [
        Trial(
            number=n,
            state="done",
            knobs={"temperature": 1.0, "epochs": 1.0},
            values={"forget_gap": float(n), "ta_gap": 1.0},
        )
        for n in range(500)
    ]
    made = FIGURES["parallel"].info(asked, SweepProgress(trials=tuple(many)))
    assert len(FIGURES["parallel"].draw(made, ()).data) == len(COLOURS)
    assert {line.colour for line in made.lines} == set(range(LAST + 1))
