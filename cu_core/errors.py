"""Every error Lethe raises on purpose. Its message is the sentence a person reads.

LetheError              what is wrong, with which value, what to do next
├── BadRequest          the request cannot run as written (a knob, a forget set, a name)
│   └── BadForgetSet    empty, everything, or leaves fewer than two classes
├── BadData             a data source is missing, damaged or not what it says
├── BadCheckpoint       a weights file cannot be used
├── StoreError          the home folder, a run or a database cannot be read or written
│   ├── DiskFull        there is no room for it; the same write may succeed later
│   ├── UnknownRun      no run has this id
│   └── RunBusy         a live worker holds the run
├── Diverged            a loss or an output is no longer a number
├── OutOfMemory         the device has no memory left for a batch
├── LoneSample          a batch of one sample, in a network that cannot train on it
└── Cancelled           the user stopped the work; not a failure
"""

from typing import Any

from pydantic import BaseModel, ValidationError

KINDS = {  # what a type of JSON schema is called in a sentence
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "object": "a mapping of names to values",
    "array": "a list",
}


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


class DiskFull(StoreError):
    """There is no room for it on the disk. What is there is safe; later it may fit."""


class UnknownRun(StoreError):
    """No run has this id."""


class RunBusy(StoreError):
    """A live worker holds the run."""


class Diverged(LetheError):
    """The loss, or what the model gives, is no longer a number."""

    MARK = "is no longer a number"  # by which the message on record is known

    def __init__(self, what: str, step: int) -> None:
        super().__init__(
            f"The {what} {self.MARK} at step {step}. Lower the learning rate or the "
            "loss weights; the frames until then are kept."
        )


class OutOfMemory(LetheError):
    """The device has no memory left for what a run was about to compute."""


class LoneSample(LetheError):
    """A batch of one sample, in a network whose BatchNorm needs more to train on."""

    def __init__(self) -> None:
        super().__init__(
            "A batch of this run holds one sample, and the network's BatchNorm cannot train on a "
            "single one. Forget more samples, or choose another batch size or network."
        )


class Cancelled(LetheError):
    """The user stopped the work."""


def explain(
    error: ValidationError, cls: type[BaseModel], owner: str = "", what: str = "setting"
) -> str:
    """A sentence for every fault of a pydantic validation, made from what the fields declare.

    ``owner``: what the sentence calls the ``cls``, else its own name; ``what``: what a field of it
    is called.

    >>> from pydantic import Field
    >>> class Contrastive(BaseModel):
    ...     temperature: float = Field(0.7, ge=0.05, le=2.0)
    >>> try:
    ...     Contrastive(temperature=9.0)
    ... except ValidationError as error:
    ...     explain(error, Contrastive)
    'Contrastive.temperature must be a number in [0.05, 2.0], got 9.0.'
    """
    faults = error.errors()
    return " ".join(_sentence(dict(fault), cls, owner or cls.__name__, what) for fault in faults)


def _sentence(fault: dict[str, Any], cls: type[BaseModel], owner: str, what: str) -> str:
    if not fault["loc"]:  # of several fields together, in the words of the one that checks them
        return str(fault["ctx"]["error"])
    name, value = str(fault["loc"][0]), fault["input"]
    if name not in cls.model_fields:
        return f"{owner} has no {what} {name!r}; it has {', '.join(cls.model_fields)}."
    if fault["type"] == "missing":
        return f"{owner}.{name} is missing; give it a value."
    if fault["type"] == "value_error":
        return f"{owner}.{name}: {fault['ctx']['error']}"
    return f"{owner}.{name} must be {legal_values(cls, name)}, got {value!r}."


def legal_values(cls: type[BaseModel], name: str) -> str:
    """What a field takes, in words: 'a number in [0.05, 2.0]', 'one of paper, official'.

    >>> from pydantic import Field
    >>> class Request(BaseModel):
    ...     every: int | None = Field(None, ge=1, json_schema_extra={"unit": "updates"})
    >>> legal_values(Request, "every")
    'an integer of at least 1 updates'
    """
    declared = cls.model_json_schema()["properties"][name]
    kinds = [k for k in declared.get("anyOf", [{}]) if k.get("type") != "null"]
    schema = {**kinds[0], **declared}
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    kind = KINDS.get(schema.get("type", ""), "another value")
    low, high = schema.get("minimum"), schema.get("maximum")
    unit = f" {schema['unit']}" if schema.get("unit") else ""
    if low is not None and high is not None:
        return f"{kind} in [{low}, {high}]{unit}"
    if low is not None:
        return f"{kind} of at least {low}{unit}"
    return kind if high is None else f"{kind} of at most {high}{unit}"
