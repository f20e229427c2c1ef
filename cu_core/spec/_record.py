"""Requests, run states and the record of a run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cu_core.spec._progress import Summary
from cu_core.spec._stopping import StopRuleKey

SCHEMA_VERSION = 1
FLAGS = {"train_epochs": "epochs"}  # where the command line calls a field something else


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dataset: str = "digits"
    model: str = "small-cnn"
    head: Literal["plain", "normalised"] = "plain"
    model_seed: int = Field(default=0, ge=0, le=2**31 - 1)
    train_epochs: int | None = Field(
        default=None, ge=1, le=500
    )  # None: the recipe's own for this data
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: the faster one, measured


class TrainRequest(_Request):
    """Train an original model, or with ``forget`` its retrained reference."""

    kind: Literal["train"] = "train"
    forget: str | None = None
    forget_seed: int = Field(default=0, ge=0, le=2**31 - 1)


class UnlearnRequest(_Request):
    """Everything that decides an unlearning run. The page and the command line build the same."""

    kind: Literal["unlearn"] = "unlearn"
    original: str | None = None  # id of a model in the cache, e.g. an imported one; None: train it
    forget: str = "class:5"
    after: str | None = None  # the part of ``forget`` that ``original`` has forgotten before
    method: str = "contrastive"
    preset: str | None = None
    hparams: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)  # batches and forget set
    every: int | None = Field(default=None, ge=1)  # steps between snapshots; None: 24 to 60 a run
    max_steps: int | None = Field(default=None, ge=1)
    stop_rule: StopRuleKey = "none"
    probe_size: int = Field(default=2000, ge=20, le=50_000)
    reference: bool = True  # train the retrained model if none is cached

    def command(self) -> str:
        """The command that makes the same run: whatever differs from the defaults."""
        words = ["python", "-m", "cu_core", "unlearn", "--forget", self.forget]
        for name, declared in type(self).model_fields.items():
            value = getattr(self, name)
            if name in ("kind", "forget", "hparams", "reference") or value == declared.default:
                continue
            words += [f"--{FLAGS.get(name, name).replace('_', '-')}", str(value)]
        for knob, value in self.hparams.items():
            words += ["--set", f"{knob}={value if isinstance(value, str) else json.dumps(value)}"]
        return shlex.join(words if self.reference else [*words, "--no-reference"])


class FetchRequest(BaseModel):
    """Download a torchvision set. Only ever made by the user's own click or command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["fetch"] = "fetch"
    dataset: str


Request = TrainRequest | UnlearnRequest | FetchRequest

RunState = Literal[
    "queued", "starting", "running", "paused", "done", "stopped", "failed", "lost", "damaged"
]
ACTIVE: tuple[RunState, ...] = ("starting", "running", "paused")
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
    summary: Summary = field(
        default_factory=Summary
    )  # empty, and false, until the run has written one

    @property
    def command(self) -> str:
        """The command that makes this run again; "" where there is none."""
        return self.request.command() if isinstance(self.request, UnlearnRequest) else ""


OnProgress = Callable[[str, int, int, Mapping[str, Any]], None]
"""progress(phase, done, total, latest values): called from real counters only."""
