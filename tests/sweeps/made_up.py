"""A sweep on record that nobody ran: for pages and pictures, by fixed arithmetic."""

import numpy as np

from cu_core.spec import (
    Axis,
    SweepProgress,
    SweepRequest,
    Trial,
    UnlearnRequest,
    fronts,
)
from cu_core.stage.trials import packed
from cu_core.store import Store

POINTS = 400
CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def request(trials: int = 12, **changes: object) -> SweepRequest:
    """Two knobs of the default method, two objectives."""
    return SweepRequest(
        **{
            "base": UnlearnRequest(),
            "axes": {
                "contrast_weight": Axis(low=0.1, high=10, log=True),
                "temperature": Axis(low=0.05, high=1, log=True),
            },
            "objectives": ("forget_gap", "ta_gap"),
            "trials": trials,
            **changes,
        }  # type: ignore[arg-type]
    )


def trial(number: int, asked: SweepRequest) -> Trial:
    """Number 3 failed; the others' values are smooth in their knobs."""
    rng = np.random.default_rng(number)
    u, v = (float(x) for x in rng.random(2))
    knobs = {"contrast_weight": 10 ** (2 * u - 1), "temperature": 0.05 * 20**v}
    if number == 3:
        return Trial(number=3, state="failed", knobs=knobs, message="The loss is no number.")
    values: dict[str, float | None] = {
        "forget_gap": 20 * (1 - u) + v,
        "ta_gap": 5 * u + 2 * v,
        "avg_gap": 10 * abs(u - v),
    }
    own = {key: values[key] for key in asked.objectives}
    reported = {key: (value or 0) + 0.3 for key, value in own.items()}
    return Trial(
        number=number, state="done", knobs=knobs, values=own, reported=reported, seconds=2.5
    )


def progress(asked: SweepRequest, state: str = "done") -> SweepProgress:
    trials = [trial(number, asked) for number in range(asked.trials)]
    best = fronts(trials, asked.objectives)
    return SweepProgress(
        state=state,  # type: ignore[arg-type]
        wanted=asked.trials,
        trials=tuple(t.model_copy(update={"front": t.number in best}) for t in trials),
        band=dict.fromkeys(asked.objectives, 0.5),
        slots=1,
        spent=2.5 * asked.trials,
    )


def made_up_sweep(store: Store, trials: int = 12, points: int = POINTS, **changes: object) -> str:
    """Its id. Pictures are there of every trial that is done: ten clusters on a ring, of which the
    first, to be forgotten, lies the further out the larger the contrast weight is, and is answered
    as the sixth in trials of odd number."""
    asked = request(trials, **changes)
    sweep_id = store.new_sweep(asked)
    said = progress(asked)
    store.publish(sweep_id, said)
    label = np.arange(points) % 10
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * label / 10
    places = np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.07, (points, 2))
    for one in said.trials:
        if one.state != "done":
            continue
        moved = places.copy()
        moved[label == 0] *= 1 + 0.5 * np.log10(one.knobs["contrast_weight"] * 10)
        answer = np.where((label == 0) & (one.number % 2 == 1), 5, label)
        data = packed(places, moved, answer, label, label == 0, CLASSES)
        store.save_picture(sweep_id, one.number, data)
    return sweep_id
