"""The axes of a sweep, checked by what the methods declare, and the requests that are made of them.

All of it goes by the cards of the methods (``spec.MethodCard``), so that pages need no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import numpy as np

from cu_core.errors import KINDS, BadRequest
from cu_core.spec import (
    GP_TRIALS,
    LAST_ONLY,
    METHOD,
    MOST_TRIALS,
    OBJECTIVES,
    SEED_LIMIT,
    Axis,
    KnobCard,
    MethodCard,
    SweepRequest,
    UnlearnRequest,
)

Cards = Mapping[str, MethodCard]


def proposed(method: MethodCard) -> dict[str, Axis]:
    """An axis a knob, over all that the knob takes: what a page begins with."""
    return {card.name: _whole_axis(card) for card in method.knobs}


def check(request: SweepRequest, methods: Cards) -> None:
    """BadRequest, with the axis, the value and what is legal, where no trial could be made of the
    request. Data, network and forget set are for ``runs.execute.check``, trial by trial."""
    _check_base(request)
    if METHOD in request.axes:
        _check_choices(f"The axis {METHOD}", request.axes[METHOD], ", ".join(methods))
    for key in tried(request):
        if key not in methods:
            raise BadRequest(f"No method is called {key!r}; there are {', '.join(methods)}.")
        _check_method(request, methods[key])
    _check_objectives(request)
    if request.sampler == "gp" and request.trials >= GP_TRIALS:
        raise BadRequest(
            f"A Gaussian process is for fewer than {GP_TRIALS} trials, got {request.trials}; ask "
            "for fewer, or take the sampler tpe."
        )
    if request.sampler == "grid" and (size := grid_size(request, methods)) > MOST_TRIALS:
        raise BadRequest(
            f"The grid has {size:,} settings, and a sweep at most {MOST_TRIALS:,}; give its axes "
            "fewer points, or take another sampler."
        )


def tried(request: SweepRequest) -> tuple[str, ...]:
    """The methods that trials may have."""
    axis = request.axes.get(METHOD)
    return (request.base.method,) if axis is None else tuple(str(key) for key in axis.choices)


def whole_knobs(request: SweepRequest, methods: Cards) -> frozenset[str]:
    """The axes on which only whole numbers lie: those of knobs that are integers in a method."""
    return frozenset(
        card.name
        for key in tried(request)
        for card in methods[key].knobs
        if card.name in request.axes and card.type == "integer"
    )


def grid_values(axis: Axis, whole: bool) -> tuple[Any, ...]:
    """What a grid takes of an axis: its choices, or ``points`` values with both ends."""
    if axis.low is None or axis.high is None:
        return axis.choices
    spaced = np.geomspace if axis.log else np.linspace
    values = np.clip(spaced(axis.low, axis.high, axis.points), axis.low, axis.high)
    if whole:
        return tuple(int(value) for value in np.unique(np.rint(values)))
    return tuple(float(value) for value in values)


def grid_size(request: SweepRequest, methods: Cards) -> int:
    """How many settings there are of each value with each."""
    whole = whole_knobs(request, methods)
    return prod(len(grid_values(axis, name in whole)) for name, axis in request.axes.items())


def most_trials(request: SweepRequest, methods: Cards) -> int:
    """How many trials there can be, however often more are asked for."""
    if request.sampler == "grid":
        return grid_size(request, methods)
    return GP_TRIALS - 1 if request.sampler == "gp" else MOST_TRIALS


def trial_request(
    request: SweepRequest, sweep_id: str, number: int, knobs: Mapping[str, Any], seed: int = 0
) -> UnlearnRequest:
    """The run of a setting: the base request with its knobs, and the first and the last picture.

    ``seed``: 0, 1, 2, by which batches, and a random forget set, differ from the base request's;
    the original model stays the same.
    """
    base, own = request.base, {k: v for k, v in knobs.items() if k != METHOD}
    changed = {
        "method": knobs.get(METHOD, base.method),
        "hparams": base.hparams | own,
        "every": LAST_ONLY,
        "trial": f"{sweep_id}/{number}",
        "floor": base.floor if request.floor is None else request.floor,
        "seed": (base.seed + seed) % (SEED_LIMIT + 1),
    }
    return UnlearnRequest.model_validate(base.model_dump() | changed)


def knobs_of(request: SweepRequest, run: UnlearnRequest) -> dict[str, Any]:
    """The setting that a trial's run was made of: the inverse of ``trial_request``."""
    return {name: run.method if name == METHOD else run.hparams.get(name) for name in request.axes}


def seed_of(request: SweepRequest, run: UnlearnRequest) -> int:
    """0, 1 or 2: which of its trial's seeds a run has."""
    return (run.seed - request.base.seed) % (SEED_LIMIT + 1)


def _whole_axis(card: KnobCard) -> Axis:
    if card.type == "boolean":
        return Axis(choices=(False, True))
    if card.type == "choice":
        return Axis(choices=card.options or ())
    return Axis(low=card.low, high=card.high, log=card.log)


def _check_base(request: SweepRequest) -> None:
    base = request.base
    if base.stop_rule != "none":
        raise BadRequest(
            f"A trial runs every step, so that trials can be compared; the base has the stop rule "
            f"{base.stop_rule!r}: take it out, or give a floor of test accuracy."
        )
    if base.first:
        raise BadRequest(
            f"The base is a branch, from step {base.branched_at} on; a sweep begins at the "
            "original model: take out what was done before."
        )
    if clash := sorted(request.axes.keys() & base.hparams.keys()):
        name = clash[0]
        raise BadRequest(
            f"{name} is an axis and is fixed to {base.hparams[name]!r} in the base as well; take "
            "out one of them."
        )


def _check_method(request: SweepRequest, method: MethodCard) -> None:
    base, knobs = request.base, {card.name: card for card in method.knobs}
    if base.preset and base.preset not in method.presets:
        known = ", ".join(method.presets) or "none"
        raise BadRequest(f"{method.key} has no preset {base.preset!r}; its presets: {known}.")
    for name in [*request.axes, *base.hparams]:
        if name != METHOD and name not in knobs:
            raise BadRequest(f"{method.key} has no knob {name!r}; it has {', '.join(knobs)}.")
    for name, axis in request.axes.items():
        if name != METHOD:
            _check_axis(f"The axis {name} of {method.key}", axis, knobs[name])
    for name, value in base.hparams.items():
        _check_value(f"{method.key}.{name}", value, knobs[name])
    for low, high in method.below:
        _check_order(request, method, low, high)


def _check_order(request: SweepRequest, method: MethodCard, low: str, high: str) -> None:
    most, least = max(_reach(request, method, low)), min(_reach(request, method, high))
    if most >= least:
        raise BadRequest(
            f"{method.key}.{low} must be below {high} in every trial, and it reaches {most:g} "
            f"while {high} begins at {least:g}: let the one end below the other."
        )


def _reach(request: SweepRequest, method: MethodCard, name: str) -> tuple[Any, ...]:
    """The ends of a knob's axis, its choices, or the one value that it has in every trial."""
    if axis := request.axes.get(name):
        return axis.choices or (axis.low, axis.high)
    default = next(card.default for card in method.knobs if card.name == name)
    preset = method.presets.get(request.base.preset or "", {})
    return (request.base.hparams.get(name, preset.get(name, default)),)


def _check_axis(what: str, axis: Axis, card: KnobCard) -> None:
    if axis.choices or card.type in ("boolean", "choice"):
        _check_choices(what, axis, _legal(card))
    for value in axis.choices or (axis.low, axis.high):
        _check_value(what, value, card)


def _check_choices(what: str, axis: Axis, legal: str) -> None:
    if not axis.choices:
        raise BadRequest(
            f"{what} takes choices, {legal}; got the range {axis.low:g} to {axis.high:g}."
        )
    if len(set(map(repr, axis.choices))) < len(axis.choices):
        raise BadRequest(f"{what} must have each choice once, got {_listed(axis.choices)}.")


def _check_value(what: str, value: Any, card: KnobCard) -> None:
    if not _takes(card, value):
        raise BadRequest(f"{what} must be {_legal(card)}, got {value!r}.")


def _takes(card: KnobCard, value: Any) -> bool:
    if card.type == "boolean":
        return isinstance(value, bool)
    if card.type == "choice":
        return value in (card.options or ())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if card.type == "integer" and not float(value).is_integer():
        return False
    above = card.low is None or value >= card.low
    return above and (card.high is None or value <= card.high)


def _legal(card: KnobCard) -> str:
    if card.type == "choice":
        return "one of " + _listed(card.options or ())
    if card.type == "boolean":
        return KINDS["boolean"]
    return f"{KINDS[card.type]} in [{card.low:g}, {card.high:g}]"


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _check_objectives(request: SweepRequest) -> None:
    for key in request.objectives:
        if OBJECTIVES[key].zero and not request.base.reference:
            raise BadRequest(
                f"{key} compares with the retrained model, and the base asks for none; let it be "
                "trained, or take another objective."
            )
