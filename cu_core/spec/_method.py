"""Knobs, jobs and methods: what an unlearning algorithm is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cu_core.errors import BadRequest, explain


def knob(
    default: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    help: str,
    symbol: str = "",
    unit: str = "",
    log: bool = False,
    main: bool = False,
) -> Any:
    """A hyperparameter: its default, inclusive bounds, unit, paper symbol (LaTeX) and help.

    Pages, messages, the run record, sweep axes and the docs are all derived from it.
    ``main`` marks the few that a page keeps in sight; ``log`` asks for a logarithmic control.
    """
    extra: dict[str, Any] = {"symbol": symbol, "unit": unit, "log": log, "main": main}
    return Field(default, ge=low, le=high, description=help, json_schema_extra=extra)


@dataclass
class Job:
    """One model being unlearned: everything a method's step may touch.

    ``model(x) -> (logits (B, C), embeddings (B, D))``; ``forget`` and ``retain`` hand out batches
    as a pure function of (seed, set, i). ``optimizer`` and ``extra`` are made by ``start``;
    whatever has a ``state_dict`` there, and any tensor, is checkpointed with the model.
    """

    model: Any  # torch.nn.Module
    forget: Batches
    retain: Batches
    n_classes: int
    forget_classes: tuple[int, ...] = ()
    device: str = "cpu"
    seed: int = 0
    optimizer: Any = None  # torch.optim.Optimizer
    extra: dict[str, Any] = field(default_factory=dict)

    def update(self, loss: Any) -> None:
        """One optimizer update from a scalar loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


class Batches(Protocol):
    """Batches of one set, a pure function of i: any step can be replayed, none has to be."""

    n: int  # samples in the set
    n_batches: int  # batches in one pass; sizes differ by at most one

    def batch(
        self, i: int, order: Literal["shuffled", "stored", "balanced"] = "shuffled", view: int = 0
    ) -> tuple[Any, Any]:
        """Batch i, counted over all passes: x float (B, ...) normalised, y int64 (B,).

        ``order="balanced"``: class counts in a batch differ by at most one.

        ``view`` changes the augmentation alone: two views of batch i are the same images.
        """


class Method(BaseModel):
    """An unlearning algorithm: its knobs as fields, and one optimizer update per ``step``.

    A file in ``cu_core/methods`` whose name is the key. Declared in the class line: ``label``,
    ``paper``, ``idea`` (two sentences), ``loss`` (LaTeX), ``epoch_over`` and ``presets``
    (name -> knobs that differ from the defaults).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    label: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    idea: ClassVar[str] = ""
    loss: ClassVar[str] = ""
    epoch_over: ClassVar[Literal["forget", "retain", "none"]] = "forget"
    uses_forget: ClassVar[bool] = True
    uses_retain: ClassVar[bool] = True
    augments: ClassVar[bool] = False  # trains on the original recipe's crops and flips
    kinds: ClassVar[tuple[str, ...]] = ("class", "sample")  # the scenarios it supports
    early: ClassVar[tuple[str, ...]] = ()  # knobs that decide at the start: no branch turns them
    below: ClassVar[tuple[tuple[str, str], ...]] = ()  # knobs that must be less than another one
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    # With which every other knob counts on the contract's toy, where the defaults do too little
    toy_knobs: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init_subclass__(cls, **declared: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **declared: Any) -> None:
        for name, value in declared.items():
            fixed = MappingProxyType(value) if isinstance(value, dict) else value
            setattr(cls, name, fixed)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for low, high in self.below:
            less, more = getattr(self, low), getattr(self, high)
            if less >= more:
                name = type(self).__name__
                raise ValueError(f"{name}.{low} must be below {high} ({more}), got {less}.")
        return self

    @classmethod
    def make(cls, preset: str | None = None, **hparams: Any) -> Method:
        """The method with a preset's knobs, then the given ones. BadRequest with a sentence."""
        if preset and preset not in cls.presets:
            known = ", ".join(cls.presets) or "none"
            raise BadRequest(f"{cls.__name__} has no preset {preset!r}; its presets: {known}.")
        try:
            return cls(**{**(cls.presets[preset] if preset else {}), **hparams})
        except ValidationError as error:
            raise BadRequest(explain(error, cls, what="knob")) from None

    @property
    def augmented(self) -> bool:
        """Whether its batches are cropped and mirrored: always, or by its knob ``augment``."""
        return self.augments or bool(getattr(self, "augment", False))

    def steps_per_epoch(self, job: Job) -> int:
        raise NotImplementedError

    def start(self, job: Job) -> None:
        """Put the optimizer and any other state on the job. Called once, before step 0."""
        raise NotImplementedError

    def step(self, job: Job, t: int) -> dict[str, Any]:
        """Optimizer update t (from 0). Returns the loss terms as 0-d tensors, not read here."""
        raise NotImplementedError

    def total_steps(self, job: Job) -> int:
        """Updates of the whole run: epochs x steps an epoch, where the method has epochs."""
        return int(getattr(self, "epochs", 1)) * self.steps_per_epoch(job)
