"""Requests, run states and the record of a run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cu_core.spec._data import plant_words, planted_in, planted_key
from cu_core.spec._progress import Summary
from cu_core.spec._stopping import STOP_RULES, StopRuleKey

SCHEMA_VERSION = 1
SEED_LIMIT = 2**31 - 1
# Of an unlearning request, written otherwise in its command; parent and trial change no run
NOT_AS_TEXT = ("kind", "forget", "hparams", "reference", "first", "parent", "trial")


def _field(default: Any, help: str, flag: str = "", **bounds: Any) -> Any:
    """A field of a request. ``help`` is what the command line and the pages say of it; ``flag`` is
    its option where that is not the field's own name."""
    return Field(default, description=help, json_schema_extra={"flag": flag}, **bounds)


def _seed(help: str, flag: str = "") -> Any:
    return _field(0, help, flag, ge=0, le=SEED_LIMIT)


def option_of(cls: type[BaseModel], name: str) -> str:
    """The option of a request's field: ``--max-steps``; ``--no-reference`` for one that is on."""
    field = cls.model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    flag = str(extra.get("flag") or name).replace("_", "-")
    return f"--no-{flag}" if field.default is True else f"--{flag}"


def data_words(key: str) -> str:
    """What data is called in a sentence: of a path its last part, and what is planted in it.

    >>> data_words("parquet:/home/ada/cifar10"), data_words("digits with wrong-labels:0.1")
    ('cifar10', 'digits with 10 % wrong labels')
    """
    data, plant = planted_in(key)
    source, _, path = data.partition(":")
    return planted_key(PurePath(path.replace("\\", "/")).name or source, plant_words(plant))


def model_words(key: str) -> str:
    """What a network is called in a sentence: of a path its last part.

    >>> model_words("python:/home/ada/nets.py:small"), model_words("timm:resnet18")
    ('nets.py:small', 'timm:resnet18')
    """
    path = key.replace("\\", "/")
    return PurePath(path).name if "/" in path else key


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dataset: str = _field("digits", "digits, parquet:PATH, folder:PATH, ..., see `list`")
    plant: str = _field(
        "", "what to plant in its training part: wrong-labels:0.1, trigger:0.05, see `list`"
    )
    size: int | None = _field(
        None,
        "pixels a side that images are read at; without it the network's own size, where it has "
        "one, else as they are, up to 64",
        ge=8,
        le=1024,
    )
    model: str = _field("small-cnn", "the network, see `list`")
    head: Literal["plain", "normalised"] = _field("plain", "normalised: for ResNets, VGG and ViT")
    model_seed: int = _seed("seed the models are trained with")
    train_epochs: int | None = _field(
        None, "of training; without it the recipe's own for this data", "epochs", ge=1, le=500
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = _field("auto", "what computes")
    precision: Literal["auto", "float32", "bfloat16"] = _field(
        "auto", "auto: whichever this machine is faster with, measured once"
    )

    @property
    def data(self) -> str:
        """The data and what is planted in it, as ``Dataset.key`` has it."""
        return planted_key(self.dataset, self.plant)


class Leg(BaseModel):
    """What a branch did before it became one: ``method`` with each of its ``knobs``, from where the
    leg before it ended until so many updates were done."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    until: int = Field(ge=1)
    method: str
    knobs: dict[str, Any] = Field(default_factory=dict)


class TrainRequest(_Request):
    """Train an original model, or with ``forget`` its retrained reference."""

    kind: Literal["train"] = "train"
    model_seed: int = _seed("seed of the weights and of the batches", "seed")
    forget: str | None = _field(
        None, "leave this out, for the retrained reference: class:5, random:0.1, ..."
    )
    forget_seed: int = _seed("seed of a random forget set")


class UnlearnRequest(_Request):
    """Everything that decides an unlearning run. The page and the command line build the same."""

    kind: Literal["unlearn"] = "unlearn"
    original: str | None = _field(
        None, "id of a model in the cache to start from, e.g. an imported one; without it, train it"
    )
    forget: str = _field("class:5", "class:5, class:3,5, random:0.1, ..., see `list`")
    after: str | None = _field(None, "the part of --forget that --original forgot before")
    method: str = _field("contrastive", "how to unlearn, see `list`")
    preset: str | None = _field(None, "a named set of knobs, see `list`")
    hparams: dict[str, Any] = Field(
        default_factory=dict, description="a knob of the method", json_schema_extra={"flag": "set"}
    )
    first: tuple[Leg, ...] = _field(
        (),
        'what a branch did before, as `branch` writes it: {"until": STEP, "method": NAME, "knobs": '
        "{...}}; --method goes on from there",
    )
    parent: str | None = _field(None, "id of the run that this one is a branch of")
    trial: str | None = _field(
        None, "the sweep that this run is of, and its number there", pattern=r"[a-z0-9-]+/\d+"
    )
    floor: float | None = _field(
        None, "end once test accuracy, percent, is below this", ge=0, le=100
    )
    seed: int = _seed("of the run: its batches and a random forget set")
    every: int | None = _field(None, "steps between snapshots; without it 24 to 60 a run", ge=1)
    max_steps: int | None = _field(None, "end after so many steps at most", ge=1)
    stop_rule: StopRuleKey = _field(
        "none", "; ".join(f"{rule.key}: {rule.title}" for rule in STOP_RULES.values())
    )
    probe_size: int = _field(2000, "points on the map", ge=20, le=50_000)
    reference: bool = _field(True, "train a retrained model to compare with, if none is cached")

    @field_validator("first")
    @classmethod
    def _in_order(cls, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
        ends = [leg.until for leg in legs]
        if any(later <= sooner for sooner, later in pairwise(ends)):
            raise ValueError(f"each leg must end after the one before it, got {ends}")
        return legs

    @property
    def branched_at(self) -> int:
        """Updates of the legs before: of a branch, the step from which it goes its own way."""
        return self.first[-1].until if self.first else 0

    def command(self) -> str:
        """The command that makes the same run: whatever differs from the defaults."""
        cls, words = type(self), ["python", "-m", "cu_core", "unlearn", "--forget", self.forget]
        for name, declared in cls.model_fields.items():
            value = getattr(self, name)
            if name in NOT_AS_TEXT or value == declared.default:
                continue
            words += [option_of(cls, name), str(value)]
        for knob, value in self.hparams.items():
            text = value if isinstance(value, str) else json.dumps(value)
            words += [option_of(cls, "hparams"), f"{knob}={text}"]
        for leg in self.first:
            words += [option_of(cls, "first"), leg.model_dump_json()]
        return shlex.join(words if self.reference else [*words, option_of(cls, "reference")])


class FetchRequest(BaseModel):
    """Download a torchvision set. Only ever made by the user's own click or command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["fetch"] = "fetch"
    dataset: str = Field(description="a set that has to be downloaded, see `list`")

    @property
    def data(self) -> str:
        """As the other requests have it; nothing is planted in a download."""
        return self.dataset


class WatchRequest(BaseModel):
    """A loop of a person's own that Lethe looks at: a record of it, which nothing here can run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["watched"] = "watched"
    dataset: str = Field(description="what the person's data set is called")
    model: str = Field(description="what the person's network is called")
    every: int | None = Field(None, description="updates between snapshots; None: by their cost")
    probe_size: int = Field(2000, description="points on the map, at most")
    seed: int = Field(0, description="of the map")

    @property
    def data(self) -> str:
        """As the other requests have it."""
        return self.dataset


Request = TrainRequest | UnlearnRequest | FetchRequest | WatchRequest
MAPPED = ("unlearn", "watched")  # kinds of requests whose runs have a map
TRIAL = "trial"  # what the index calls a run of a sweep: lists of runs leave it out


def kind_of(request: Request) -> str:
    """By what lists tell runs apart: the request's kind, or ``TRIAL``."""
    return TRIAL if getattr(request, "trial", None) else request.kind


RunState = Literal[
    "queued", "starting", "running", "paused", "done", "stopped", "failed", "lost", "damaged"
]
ACTIVE: tuple[RunState, ...] = ("starting", "running", "paused")
LIVE: tuple[RunState, ...] = ("queued", *ACTIVE)
FINAL: tuple[RunState, ...] = ("done", "stopped", "failed")


@dataclass(frozen=True)
class RunRecord:
    """One run as the store knows it. ``lost``: active on record while no worker holds it."""

    run_id: str
    name: str
    state: RunState
    created: float  # seconds since the epoch, for display only
    request: Request | None  # None when the record is damaged
    step: int = 0
    total: int = 0
    phase: str = ""  # "training the original model", "unlearning", ...
    message: str = ""  # the sentence of a failure or a stop
    later: str = ""  # what a later Lethe, which made it, calls itself: read here, never written
    summary: Summary = field(
        default_factory=Summary
    )  # empty, and false, until the run has written one

    @property
    def is_watched(self) -> bool:
        """Whether it is a loop in a process of the person's own: nobody else can move it."""
        return isinstance(self.request, WatchRequest)

    @property
    def made_by(self) -> str:
        """A sentence on a run of a later Lethe; "" of all others."""
        if not self.later:
            return ""
        return f"Made by a later Lethe ({self.later}): it can be seen here, and is not changed."

    @property
    def command(self) -> str:
        """The command that makes this run again; "" where there is none."""
        return self.request.command() if isinstance(self.request, UnlearnRequest) else ""


OnProgress = Callable[[str, int, int, Mapping[str, Any]], None]
"""progress(phase, done, total, latest values): called from real counters only."""
