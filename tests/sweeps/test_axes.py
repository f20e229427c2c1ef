"""Axes are checked by what the methods declare, which take whatever lies on them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import methods
from cu_core.errors import BadRequest
from cu_core.spec import (
    GP_TRIALS,
    LAST_ONLY,
    METHOD,
    Axis,
    Leg,
    SweepRequest,
    Trial,
    UnlearnRequest,
)
from cu_core.sweeps.axes import (
    check,
    grid_size,
    knobs_of,
    proposed,
    seed_of,
    trial_request,
    whole_knobs,
)
from cu_core.sweeps.designs import grid, spread
from cu_core.sweeps.study import Study

CARDS = methods.cards()
TEMPERATURE = {"temperature": Axis(low=0.05, high=1, log=True)}


def asked(axes: dict[str, Axis], method: str = "contrastive", **changes: object) -> SweepRequest:
    base = changes.pop("base", UnlearnRequest(method=method))
    return SweepRequest(base=base, axes=axes, **changes)  # type: ignore[arg-type]


def made(request: SweepRequest, knobs: dict[str, object]) -> None:
    """The method takes the setting, as the run's own request has it."""
    run = trial_request(request, "20260101-000000-000-abcdef", 3, knobs, seed=2)
    methods.get(run.method).make(run.preset, **run.hparams)
    assert (run.trial, run.every, run.seed) == ("20260101-000000-000-abcdef/3", LAST_ONLY, 2)
    assert knobs_of(request, run) == knobs and seed_of(request, run) == 2


def whole_axes(key: str) -> dict[str, Axis]:
    """But for the knobs that must stay below another one."""
    bound = {low for low, _ in CARDS[key].below}
    return {name: axis for name, axis in proposed(CARDS[key]).items() if name not in bound}


@pytest.mark.parametrize("key", methods.names())
def test_every_value_that_lies_on_the_proposed_axes_is_taken(key):
    @settings(max_examples=20)
    @given(st.integers(0, 2000), st.integers(0, 2**31 - 1))
    def anywhere(number: int, seed: int) -> None:
        request = asked(whole_axes(key), key, sampler="qmc", sampler_seed=seed)
        check(request, CARDS)
        made(request, spread(request, whole_knobs(request, CARDS), number))

    anywhere()
    for name, axis in whole_axes(key).items():
        request = asked({name: axis}, key, sampler="grid")
        for number in range(grid_size(request, CARDS)):
            made(request, grid(request, whole_knobs(request, CARDS), number))


# Between them these have whole numbers, ranges from 0 and by ratios, choices, and true or false
@pytest.mark.parametrize(
    ("sampler", "key"), [("tpe", "contrastive"), ("tpe", "fisher"), ("gp", "scrub")]
)
def test_what_a_sampler_that_learns_asks_for_is_taken(tmp_path, sampler, key):
    request = asked(whole_axes(key), key, trials=20, sampler=sampler, floor=50.0)
    study = Study(tmp_path, request, whole_knobs(request, CARDS), [])
    for number in range(12):  # the first ten are drawn at random
        knobs = study.ask(number)
        made(request, knobs)
        one = Trial(number=number, state="failed" if number == 4 else "done", knobs=knobs)
        values = {} if number == 4 else {"avg_gap": float(number % 5)}
        study.tell(one.model_copy(update={"values": values, "below_floor": number == 5}))
    study.close()


def test_a_study_that_is_made_anew_asks_for_the_same(tmp_path):
    request = asked(whole_axes("scrub"), "scrub", trials=20)
    whole = whole_knobs(request, CARDS)
    (tmp_path / "other").mkdir()
    first, trials = Study(tmp_path, request, whole, []), []
    for number in range(14):
        trial = Trial(number=number, knobs=first.ask(number))
        trials.append(
            trial.model_copy(update={"state": "done", "values": {"avg_gap": float(number % 5)}})
        )
        first.tell(trials[-1])
    second = Study(tmp_path / "other", request, whole, trials)
    assert [first.ask(14), first.ask(15)] == [second.ask(14), second.ask(15)]
    first.close()
    second.close()


def test_several_methods_share_axes():
    axes = {METHOD: Axis(choices=("contrastive", "fine-tune")), "lr": Axis(low=1e-4, high=0.1)}
    request = asked(axes, sampler="qmc")
    check(request, CARDS)
    found = [spread(request, (), number) for number in range(16)]
    assert {knobs[METHOD] for knobs in found} == {"contrastive", "fine-tune"}
    for knobs in found:
        made(request, knobs)
    with pytest.raises(BadRequest, match="fine-tune has no knob 'temperature'"):
        check(asked(axes | TEMPERATURE), CARDS)


@pytest.mark.parametrize(
    ("axes", "changes", "sentence"),
    [
        ({"heat": Axis(low=0, high=1)}, {}, "contrastive has no knob 'heat'; it has epochs"),
        (
            {"temperature": Axis(low=0.01, high=1)},
            {},
            r"The axis temperature of contrastive must be a number in \[0.05, 2\], got 0.01.",
        ),
        ({"epochs": Axis(low=1, high=2.5)}, {}, r"an integer in \[1, 200\], got 2.5"),
        ({"epochs": Axis(choices=(1, 2.5))}, {}, r"an integer in \[1, 200\], got 2.5"),
        ({"epochs": Axis(choices=(1, float("inf")))}, {}, "got inf"),
        ({"epochs": Axis(choices=(1, 1))}, {}, "each choice once, got 1, 1"),
        ({"variant": Axis(choices=("paper", "x"))}, {}, "one of paper, official, got 'x'"),
        ({"variant": Axis(low=0, high=1)}, {}, "takes choices, one of paper, official; got the"),
        ({"normalise": Axis(choices=(0, 1))}, {}, "true or false, got 0"),
        ({METHOD: Axis(choices=("x",))}, {}, "No method is called 'x'"),
        ({METHOD: Axis(low=0, high=1)}, {}, "The axis method takes choices, .*contrastive"),
        (
            {METHOD: Axis(choices=("contrastive", "contrastive"))},
            {},
            "each choice once, got contrastive, contrastive",
        ),
        (TEMPERATURE, {"base": UnlearnRequest(stop_rule="class-accuracy")}, "stop rule"),
        (
            TEMPERATURE,
            {"base": UnlearnRequest(first=(Leg(until=3, method="contrastive"),))},
            "The base is a branch, from step 3 on",
        ),
        (
            TEMPERATURE,
            {"base": UnlearnRequest(hparams={"temperature": 0.5})},
            "temperature is an axis and is fixed to 0.5",
        ),
        (TEMPERATURE, {"base": UnlearnRequest(hparams={"x": 1})}, "has no knob 'x'"),
        (TEMPERATURE, {"base": UnlearnRequest(hparams={"lr": 9})}, "contrastive.lr must be"),
        (TEMPERATURE, {"base": UnlearnRequest(preset="x")}, "no preset 'x'"),
        (TEMPERATURE, {"base": UnlearnRequest(reference=False)}, "avg_gap compares with"),
        (TEMPERATURE, {"sampler": "gp", "trials": GP_TRIALS}, "fewer than 60 trials, got 60"),
        (
            {
                n: Axis(low=0.1, high=0.9, points=50)
                for n in ("lr", "temperature", "contrast_weight")
            },
            {"sampler": "grid"},
            "The grid has 125,000 settings, and a sweep at most 2,000",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name_value_and_bounds(axes, changes, sentence):
    with pytest.raises(BadRequest, match=sentence):
        check(asked(axes, **changes), CARDS)


@pytest.mark.parametrize(
    ("axes", "changes"),
    [
        ({"plain_epochs": Axis(low=0, high=10)}, {}),
        ({"plain_epochs": Axis(choices=(0, 5)), "epochs": Axis(low=5, high=20)}, {}),
        ({"epochs": Axis(low=40, high=60)}, {"preset": "coun"}),
        ({"epochs": Axis(low=4, high=9)}, {"hparams": {"plain_epochs": 4}}),
    ],
)
def test_a_knob_that_may_come_above_the_one_it_must_be_below_is_refused(axes, changes):
    base = UnlearnRequest(method="l1-sparse", **changes)
    with pytest.raises(BadRequest, match=r"l1-sparse\.plain_epochs must be below epochs in every"):
        check(asked(axes, base=base), CARDS)


def test_a_knob_that_stays_below_the_other_is_taken():
    axes = {"plain_epochs": Axis(low=0, high=9), "epochs": Axis(choices=(10, 20))}
    request = asked(axes, "l1-sparse", sampler="grid")
    check(request, CARDS)
    for number in range(grid_size(request, CARDS)):
        made(request, grid(request, whole_knobs(request, CARDS), number))


def test_a_design_is_spread_and_starts_anywhere():
    request = asked(whole_axes("contrastive"), sampler="qmc", sampler_seed=7)
    whole = whole_knobs(request, CARDS)
    points = [spread(request, whole, number) for number in range(64)]
    lrs = np.log10([point["lr"] for point in points])
    assert max(np.histogram(lrs, 8, (-5, 0))[0]) == 8  # of 64 points an eighth in each eighth
    assert sum(point["variant"] == "paper" for point in points) == 32
    other = asked(whole_axes("contrastive"), sampler="qmc", sampler_seed=8)
    assert spread(other, whole, 5) != points[5]
