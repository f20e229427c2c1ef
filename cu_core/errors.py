"""Every error Lethe raises on purpose. Its message is the sentence a person reads.

LetheError              what is wrong, with which value, what to do next
├── BadRequest          the request cannot run as written (a knob, a forget set, a name)
│   └── BadForgetSet    empty, everything, or leaves fewer than two classes
├── BadData             a data source is missing, damaged or not what it says
├── BadCheckpoint       a weights file cannot be used
├── StoreError          the home folder, a run or a database cannot be read or written
│   ├── UnknownRun      no run has this id
│   └── RunBusy         a live worker holds the run
├── Diverged            a loss or an output is no longer a number
├── LoneSample          a batch of one sample, in a network that cannot train on it
└── Cancelled           the user stopped the work; not a failure
"""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError


class LetheError(Exception):
    """What is wrong, with which value, and what to do next, in one or two sentences."""


class BadRequest(LetheError):
    """The request cannot run as written."""


class BadForgetSet(BadRequest):
    """The forget set is empty, is everything, or leaves fewer than two classes to keep."""


class BadData(LetheError):
    """A data source is missing, damaged, or not what it says."""


class BadCheckpoint(LetheError):
    """A weights file cannot be used."""


class StoreError(LetheError):
    """The home folder, a run or a database cannot be read or written."""


class UnknownRun(StoreError):
    """No run has this id."""


class RunBusy(StoreError):
    """A live worker holds the run."""


class Diverged(LetheError):
    """The loss, or what the model gives, is no longer a number."""

    def __init__(self, what: str, step: int) -> None:
        super().__init__(
            f"The {what} is no longer a number at step {step}. Lower the learning rate or the "
            "loss weights; the frames until then are kept."
        )


class LoneSample(LetheError):
    """A batch of one sample, in a network whose BatchNorm needs more to train on."""

    def __init__(self) -> None:
        super().__init__(
            "A batch of this run holds one sample, and the network's BatchNorm cannot train on a "
            "single one. Forget more samples, or choose another batch size or network."
        )


class Cancelled(LetheError):
    """The user stopped the work."""


def explain(error: ValidationError, owner: str) -> str:
    """One sentence per fault of a pydantic validation, made from the declared bounds.

    >>> explain(error, "Contrastive")
    'Contrastive.temperature must be a number in [0.05, 2.0], got 9.0.'
    """
    return " ".join(_sentence(dict(e), owner) for e in error.errors())


def _sentence(fault: dict[str, Any], owner: str) -> str:
    loc: Sequence[Any] = fault["loc"]
    name = ".".join([owner, *(str(part) for part in loc)])
    value, context = fault["input"], fault.get("ctx", {})
    if fault["type"] == "extra_forbidden":
        return f"{owner} has no setting called {loc[-1]!r}; `python -m cu_core list` names them."
    if fault["type"] == "missing":
        return f"{name} is missing; give it a value."
    if fault["type"] == "literal_error":
        return f"{name} must be {context['expected']}, got {value!r}."
    if fault["type"] == "value_error":
        return f"{name}: {context['error']}"
    return f"{name}: {fault['msg'].lower()}, got {value!r}."
