"""A sweep: one request with some knobs as ranges, tried many times; what is asked and what is on
record of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cu_core.spec._objectives import OBJECTIVES, ObjectiveKey
from cu_core.spec._record import SEED_LIMIT, UnlearnRequest
from cu_core.spec._recorded import Recorded

METHOD = "method"  # an axis that is no knob: several methods, which share the other axes
MOST_TRIALS = 2000
LAST_ONLY = 10**9  # updates between two pictures: of a trial the first and the last one are kept

GP_TRIALS = 60  # a Gaussian process is offered below so many


@dataclass(frozen=True)
class Sampler:
    """How the next trial's knobs are chosen."""

    key: str
    title: str
    help: str


_SAMPLERS = (
    Sampler("tpe", "Learns as it goes (TPE)", "Goes on where earlier trials did well."),
    Sampler("qmc", "Spread evenly", "Covers the ranges without regard to what came out."),
    Sampler("grid", "Grid", "Each value with each: two knobs make a heat map one can read."),
    Sampler("gp", "Gaussian process", f"Models the objective; for fewer than {GP_TRIALS} trials."),
)
SAMPLERS: Mapping[str, Sampler] = {one.key: one for one in _SAMPLERS}

if TYPE_CHECKING:
    SamplerKey = str
else:
    SamplerKey = Literal[tuple(SAMPLERS)]


class Axis(BaseModel):
    """The values of one knob: a range with both ends, by equal steps or (``log``) by equal ratios,
    of which a grid takes ``points``; or ``choices``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float | None = None
    high: float | None = None
    log: bool = False
    points: int = Field(default=5, ge=2, le=50)
    choices: tuple[Any, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Axis:
        ranged = self.low is not None or self.high is not None
        if ranged == bool(self.choices):
            raise ValueError("an axis is a range (low and high) or a list of choices")
        if ranged and (self.low is None or self.high is None or self.low >= self.high):
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        if self.log and (self.low or 0) <= 0:
            raise ValueError(f"a logarithmic axis begins above 0, got {self.low}")
        return self


class SweepRequest(BaseModel):
    """Everything that decides a sweep. The page and the command line build the same.

    ``axes``: by knob of the method, or ``METHOD``; what stands there takes the place of the base
    request's own. Which values a method takes is checked by the method (``sweeps.axes``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    base: UnlearnRequest = Field(description="the request that every trial is made of")
    axes: dict[str, Axis] = Field(description="knob -> its range or its choices", min_length=1)
    objectives: tuple[ObjectiveKey, ...] = Field(
        ("avg_gap",), description="one to three of " + ", ".join(OBJECTIVES), min_length=1,
        max_length=3,
    )  # fmt: skip
    sampler: SamplerKey = Field("tpe", description="how the next trial is chosen")
    sampler_seed: int = Field(0, ge=0, le=SEED_LIMIT, description="seed of the sampler")
    trials: int = Field(30, ge=1, le=MOST_TRIALS, description="how many, at most")
    minutes: float | None = Field(None, gt=0, description="begin no trial after so many minutes")
    seeds: Literal[1, 3] = Field(1, description="runs a trial; of three the worst counts")
    floor: float | None = Field(
        None, ge=0, le=100,
        description="a trial whose test accuracy (percent, tuning half) falls below ends early",
    )  # fmt: skip
    executor: str = Field("local", description="where trials run: local, ray")
    slots: int | None = Field(
        None, ge=1, le=64, description="runs at once; without it what this machine does best"
    )

    @field_validator("objectives")
    @classmethod
    def _each_once(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(keys)) < len(keys):
            raise ValueError(f"each objective once, got {', '.join(keys)}")
        return keys


TrialState = Literal["running", "done", "failed", "stopped"]


class Trial(Recorded):
    """One setting. ``knobs``: of the axes; ``values``: by objective, of the tuning half, the worst
    of the seeds; ``reported``: the same of the other half; ``run_ids``: one a seed, the first one's
    picture is the trial's; ``message``: why it failed or ended early; ``below_floor``: whether it
    crossed the floor of test accuracy; ``front``: no other trial is better in all objectives;
    ``confirmed``: with three seeds, where the sweep has one; ``seconds``: from start to end;
    ``weights_sha256``: of the first run."""

    number: int
    state: TrialState = "running"
    knobs: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, float | None] = Field(default_factory=dict)
    reported: dict[str, float | None] = Field(default_factory=dict)
    run_ids: tuple[str, ...] = ()
    message: str = ""
    below_floor: bool = False
    front: bool = False
    confirmed: bool = False
    seconds: float = 0.0
    weights_sha256: str = ""

    @property
    def run_id(self) -> str:
        return self.run_ids[0] if self.run_ids else ""


class SweepProgress(Recorded):
    """What the owner of a sweep says of it, whole at every change. ``wanted``: trials asked for by
    now; ``confirming``: numbers of those that are to have three seeds, where the sweep has one;
    ``band``: by objective, how far retrained seeds lie apart; ``notes``: sentences that a reader
    needs; ``slots``: runs at once; ``spent``: seconds that it has been at work."""

    state: Literal["", "running", "paused", "done", "stopped", "failed"] = ""
    message: str = ""
    wanted: int = 0
    trials: tuple[Trial, ...] = ()
    confirming: tuple[int, ...] = ()
    band: dict[str, float] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    slots: int = 0
    spent: float = 0.0


SweepState = Literal["queued", "running", "paused", "done", "stopped", "failed", "lost", "damaged"]


@dataclass(frozen=True)
class SweepRecord:
    """One sweep as the store knows it. ``lost``: at work on record while no process owns it."""

    sweep_id: str
    name: str
    created: float  # seconds since the epoch, for display only
    state: SweepState
    message: str = ""
    request: SweepRequest | None = None  # None when the record is damaged
    progress: SweepProgress = field(default_factory=SweepProgress)


def trial_of(request: object) -> tuple[str, int] | None:
    """(sweep id, trial number) of a run's request; None of a run that no sweep made."""
    sweep, slash, number = (getattr(request, "trial", None) or "").partition("/")
    return (sweep, int(number)) if slash else None


def fronts(trials: Sequence[Trial], objectives: Sequence[str]) -> frozenset[int]:
    """Numbers of the done trials that no other is better than in one objective and as good as in
    all others; trials below the floor or without a value take no part."""
    signs = {key: -1.0 if OBJECTIVES[key].better == "high" else 1.0 for key in objectives}
    points: dict[int, tuple[float, ...]] = {}
    for trial in trials:
        own = [trial.values.get(key) for key in objectives]
        if trial.state == "done" and not trial.below_floor and None not in own:
            points[trial.number] = tuple(
                signs[key] * value
                for key, value in zip(objectives, own, strict=True)
                if value is not None
            )
    best: dict[int, tuple[float, ...]] = {}
    for number in sorted(points, key=points.__getitem__):  # what beats a point comes before it
        if not _beaten(points[number], best.values()):
            best[number] = points[number]
    return frozenset(best)


def _beaten(point: tuple[float, ...], others: Iterable[tuple[float, ...]]) -> bool:
    return any(
        other != point and all(o <= p for o, p in zip(other, point, strict=True))
        for other in others
    )
