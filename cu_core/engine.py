"""Runs a method, one optimizer update at a time, and looks at the model without touching it.

The caller decides when to look, save and stop: ``run`` only yields. The whole state of a run is
(model, what ``start`` put on the job, random streams, t), so pausing is not asking for the next
item, stopping is closing the generator, and resuming is ``load`` and calling ``run`` again.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.data.batches import Resident
from cu_core.errors import BadRequest, LoneSample
from cu_core.models.capture import next_update, record_passes
from cu_core.models.evaluate import outputs
from cu_core.seeding import derive, preserve_random_state
from cu_core.spec import Job, Method, Probe, Snapshot, StepLog, Trigger


def pick_device(wanted: str = "auto") -> str:
    """cuda, then mps, then cpu; a wanted device that is not there is refused with a sentence."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(name for name, available in there.items() if available)
    if not there[wanted]:
        raise BadRequest(f"This machine has no {wanted} device for torch; use --device cpu.")
    return wanted


class Observer:
    """Embeds the probe set. Leaves weights, modes, statistics and random streams as they were."""

    def __init__(self, resident: Resident, probe: Probe) -> None:
        take = torch.from_numpy(probe.index).to(resident.train_x.device)
        take_test = torch.from_numpy(probe.test_index).to(resident.train_x.device)
        self.probe_x = resident.train_x[take]  # (P, ...)
        self.test_x = resident.test_x[take_test]  # (Q, ...)
        self.trigger_x = _marked(resident.trigger, self.test_x, probe)  # (R, ...)
        self.normalise = resident.normalise
        self.n_images = len(self.probe_x) + len(self.test_x) + len(self.trigger_x)

    def snapshot(self, model: torch.nn.Module, step: int) -> Snapshot:
        with preserve_random_state(str(self.probe_x.device)):
            logits, z = outputs(model, self.probe_x, self.normalise)
            test_logits, test_z = outputs(model, self.test_x, self.normalise)
            marked = None
            if len(self.trigger_x):
                marked, _ = outputs(model, self.trigger_x, self.normalise)
        return Snapshot(step, z, logits, test_logits, test_z, marked)

    def tested(self, model: torch.nn.Module) -> NDArray[np.float32]:
        """What the model says of the test samples alone (Q, C)."""
        with preserve_random_state(str(self.probe_x.device)):
            logits, _ = outputs(model, self.test_x, self.normalise)
        return logits


def _marked(trigger: Trigger | None, test_x: torch.Tensor, probe: Probe) -> torch.Tensor:
    """The test samples of the probe that are not of the mark's class, with the mark on them."""
    if trigger is None:
        return test_x[:0]
    others = test_x[torch.from_numpy(probe.test_label != trigger.label).to(test_x.device)]
    return torch.from_numpy(trigger.drawn(others.cpu().numpy())).to(test_x.device)


def begin(method: Method, job: Job) -> None:
    """Before step 0: fixed random streams, train mode, the method's own preparation."""
    torch.manual_seed(derive(job.seed, "run"))
    job.model.train()
    method.start(job)
    if job.device.startswith("cuda"):
        record_passes(job.model, job.optimizer)


def run(
    method: Method,
    job: Job,
    observer: Observer | None = None,
    *,
    every: int = 1,
    start: int = 0,
    total: int | None = None,
    seen: Snapshot | None = None,
    begun: int = 0,
    until: int | None = None,
) -> Iterator[StepLog | Snapshot]:
    """Updates ``start``..``total``-1; a Snapshot of the start (step 0), every ``every``, the end.
    ``seen``: that of the start, where the model was looked at before.

    ``begin`` or ``load`` comes first. ``step`` counts updates done; a Snapshot follows its StepLog.
    Of a run of several methods this one began after ``begun`` updates, counts its own from there,
    and ends after ``until``, which need not be the end of the run.
    """
    total = begun + method.total_steps(job) if total is None else total
    per_epoch = method.steps_per_epoch(job)
    if observer and start == 0:
        yield seen or observer.snapshot(job.model, 0)
    for t in range(start, total if until is None else until):
        next_update(job.model)
        losses = _updated(method, job, t - begun)
        done = t + 1
        yield StepLog(done, (done - begun) / per_epoch, {k: v.detach() for k, v in losses.items()})
        if observer and (done % every == 0 or done == total):
            yield observer.snapshot(job.model, done)


def _updated(method: Method, job: Job, t: int) -> dict[str, Any]:
    try:
        return method.step(job, t)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise LoneSample() from error


def save(job: Job, step: int) -> dict[str, Any]:
    """Everything that ``load`` needs to go on bit for bit: plain tensors, numbers and dicts."""
    return {
        "step": step,
        "model": job.model.state_dict(),
        "optimizer": job.optimizer.state_dict() if job.optimizer else None,
        "extra": {
            key: value.state_dict() if hasattr(value, "state_dict") else value
            for key, value in job.extra.items()
        },
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state() if job.device.startswith("cuda") else None,
    }


def to_bytes(state: dict[str, Any]) -> bytes:
    """A state as the bytes of a file that ``torch.load(weights_only=True)`` reads back."""
    buffer = BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def turn(method: Method, job: Job, state: dict[str, Any]) -> None:
    """Takes up, on a fresh job, what the same method with other knobs has saved: weights, momenta
    and all that it keeps are the old ones, what its optimizer goes by is the new. Where the knobs
    are the same, so is every bit. An optimizer of another kind begins anew."""
    job.model.load_state_dict(state["model"])  # what it begins to keep is of the weights by now
    begin(method, job)
    saved = state["optimizer"]
    if job.optimizer and saved:
        own = job.optimizer.state_dict()["param_groups"]
        if _options(own) != _options(saved["param_groups"]):
            state = {**state, "optimizer": None}
    wanted = [(made, _goes_by(made)) for made in (job.optimizer, *job.extra.values())]
    _fill(job, state)
    for made, groups in wanted:
        for group, options in zip(getattr(made, "param_groups", ()), groups, strict=True):
            group.update(options)


def _goes_by(made: Any) -> list[dict[str, Any]]:
    """An optimizer's settings, by group of weights; nothing of what is none."""
    groups = getattr(made, "param_groups", ())
    return [{name: v for name, v in group.items() if name != "params"} for group in groups]


def _options(groups: list[dict[str, Any]]) -> list[list[str]]:
    """What an optimizer goes by, which differs from kind to kind."""
    return [sorted(group) for group in groups]


def load(method: Method, job: Job, state: dict[str, Any]) -> int:
    """Takes up a saved state on a fresh job; returns the number of updates already done."""
    begin(method, job)
    _fill(job, state)
    return int(state["step"])


def _fill(job: Job, state: dict[str, Any]) -> None:
    job.model.load_state_dict(state["model"])
    if job.optimizer and state["optimizer"]:
        job.optimizer.load_state_dict(state["optimizer"])
    for key, value in state["extra"].items():
        if hasattr(job.extra.get(key), "load_state_dict"):
            job.extra[key].load_state_dict(value)
        else:
            job.extra[key] = value
    torch.set_rng_state(state["rng"].cpu())
    if state["cuda_rng"] is not None and job.device.startswith("cuda"):
        torch.cuda.set_rng_state(state["cuda_rng"].cpu())
