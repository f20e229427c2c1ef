"""A method at work on the toy: made, given a job, stepped."""

from typing import Any

import torch

from cu_core import engine
from cu_core.models.evaluate import outputs
from cu_core.seeding import undisturbed
from cu_core.service.contract import toy
from cu_core.spec import Job, Method, Snapshot, StepLog

BATCH = 16


def made(cls: type[Method], **hparams: Any) -> Method:
    """With the knobs that the method declares for the toy, then the given ones."""
    return cls.make(**{**cls.toy_knobs, **hparams})


def kind_job(method: Method) -> Job:
    """A class task for a method that knows them, else a sample task."""
    size = min(getattr(method, "batch_size", BATCH), BATCH)
    return toy.job(size, 1 if "class" in method.kinds else None)


def steps(method: Method, job: Job, n: int = 10, start: int = 0) -> list[dict[str, float]]:
    """The losses of updates ``start``..n-1."""
    if start == 0:
        engine.begin(method, job)
    logs = [e for e in engine.run(method, job, start=start, total=n) if isinstance(e, StepLog)]
    return [{k: float(v) for k, v in log.losses.items()} for log in logs]


def other_value(method: Method, name: str) -> Any:
    """Another legal value of the knob, far enough from its own to matter."""
    value, schema = getattr(method, name), method.model_json_schema()["properties"][name]
    if "enum" in schema:
        return next(v for v in schema["enum"] if v != value)
    if schema["type"] == "boolean":
        return not value
    low, high = schema["minimum"], schema["maximum"]
    if schema["type"] == "integer":
        return min(value + 1, high) if value != high else low
    return value / 2 if value / 2 > low else (value + high) / 2


class CarelessObserver(engine.Observer):
    """Draws random numbers and leaves train mode, as an observer might."""

    def __init__(self) -> None:
        self.x, _ = toy.blobs(40, seed=9)

    def look(self, model: torch.nn.Module, step: int) -> Snapshot:
        with undisturbed():
            torch.rand(7)
            logits, z = outputs(model, self.x, lambda v: v)
        return Snapshot(step, z, logits, logits)
