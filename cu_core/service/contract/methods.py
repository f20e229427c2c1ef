"""What every method keeps, on 8-d blobs in 4 classes: a second or two a method."""

import math
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import torch

from cu_core import engine, methods
from cu_core.errors import BadRequest
from cu_core.files import PACKAGE
from cu_core.models.checkpoint import weights_sha256
from cu_core.service.contract import load, toy
from cu_core.service.contract._contract import Contract, require
from cu_core.service.contract.stepping import CarelessObserver, kind_job, made, other_value, steps
from cu_core.spec import Method, StepLog

BROKEN_AT, STEPS = 4, 9  # where a run is saved, and where it ends
HANDED_OVER = """
import sys
from cu_core.process import prepare
prepare()
from cu_core.service.contract.methods import go_on
go_on(sys.argv[1], sys.argv[2])
"""


def the_declaration_is_complete(cls: type[Method]) -> None:
    """The page, the command line and the docs show what is declared, so all of it must be there."""
    for name in ("label", "paper", "idea", "loss"):
        require(bool(getattr(cls, name)), f"{cls.__name__} declares no {name} in its class line.")
    known = bool(cls.kinds) and set(cls.kinds) <= {"class", "sample"}
    require(known, f"kinds must be of 'class' and 'sample', and are {cls.kinds}.")
    for name, field in cls.model_fields.items():
        schema = cls.model_json_schema()["properties"][name]
        require(bool(field.description), f"The knob {name} has no help.")
        if schema.get("type") in ("number", "integer"):
            bounds = schema.get("minimum"), schema.get("maximum")
            require(None not in bounds, f"The knob {name} has no bounds: {bounds}.")
            inside = schema["minimum"] <= field.default <= schema["maximum"]
            require(inside, f"The default {field.default} of {name} lies outside {bounds}.")
    for preset in cls.presets:
        cls.make(preset)


def a_value_out_of_range_is_refused_with_a_sentence(cls: type[Method]) -> None:
    """A person who gives one must read which knob it is, what it takes and what was given."""
    for name in cls.model_fields:
        schema = cls.model_json_schema()["properties"][name]
        bounded = "minimum" in schema
        wrong = [schema["minimum"] - 1, schema["maximum"] + 1] if bounded else ["nonsense"]
        for value in [*wrong, math.nan]:
            sentence = _refusal(cls, name, value)
            words = (f"{cls.__name__}.{name}", str(value), schema.get("unit") or "")
            told = all(word in sentence for word in words)
            require(told, f"The refusal of {name}={value} does not say {words}: {sentence!r}")


def ten_steps_are_finite_and_move_the_weights(cls: type[Method]) -> None:
    """A loss that is no number ends a run; weights that stay, or epochs that go back, are a step
    that does not do what it says."""
    method = made(cls)
    job = kind_job(method)
    before = weights_sha256(job.model)
    engine.begin(method, job)
    logs = [e for e in engine.run(method, job, total=10) if isinstance(e, StepLog)]
    for log in logs:
        finite = all(math.isfinite(float(value)) for value in log.losses.values())
        require(finite, f"A loss of step {log.step} is no number: {log.losses}.")
    epochs = [log.epoch for log in logs]
    require(epochs == sorted(epochs), f"The epoch falls: {epochs}.")
    require(weights_sha256(job.model) != before, "After ten steps the weights are as they were.")


def a_sample_task_runs_too(cls: type[Method]) -> None:
    """A method that declares the kind "sample" is offered for random forget sets."""
    if "sample" in cls.kinds:
        logs = steps(made(cls), toy.job(16, None), 5)
        finite = all(math.isfinite(value) for log in logs for value in log.values())
        require(finite, f"On a random forget set a loss is no number: {logs}.")


def the_same_seed_gives_the_same_bits(cls: type[Method]) -> None:
    """Something random does not come from the job's seed: a run could not be repeated."""
    shas = []
    for _ in range(2):
        method = made(cls)
        job = kind_job(method)
        steps(method, job)
        shas.append(weights_sha256(job.model))
    require(shas[0] == shas[1], "Twice the same seed gave two different models.")


def no_knob_is_dead(cls: type[Method]) -> None:
    """A control that changes nothing misleads. If the knob matters only where another is set, give
    those others in the class line: ``toy_knobs={...}``."""
    base: dict[str, Any] = {"batch_size": 8} if "batch_size" in cls.model_fields else {}
    before = _outcome(cls, **base)
    for name in cls.model_fields:
        other = 12 if name == "batch_size" else other_value(made(cls), name)
        after = _outcome(cls, **{**base, name: other})
        require(after != before, f"{name}={other} changes neither the losses nor the weights.")


def watching_changes_nothing(cls: type[Method]) -> None:
    """The method reads torch's global random numbers or a mode that a snapshot may change."""
    shas = []
    for observer in (None, CarelessObserver()):
        method = made(cls)
        job = kind_job(method)
        engine.begin(method, job)
        list(engine.run(method, job, observer, every=1, total=10))
        shas.append(weights_sha256(job.model))
    require(shas[0] == shas[1], "With snapshots between the steps the weights are others.")


def no_trace_is_left(cls: type[Method]) -> None:
    """Hooks, frozen weights or eval mode that stay behind would change what comes after."""
    method = made(cls)
    job = kind_job(method)
    steps(method, job, 3)
    for module in job.model.modules():
        require(module.training, f"{type(module).__name__} is left in eval mode.")
        hooks = len(module._forward_hooks) + len(module._backward_hooks)
        require(not hooks, f"{hooks} hooks are left on {type(module).__name__}.")
    frozen = [name for name, p in job.model.named_parameters() if not p.requires_grad]
    require(not frozen, f"These weights are left without requires_grad: {frozen}.")


def data_declared_unused_is_not_asked_for(cls: type[Method]) -> None:
    """Who declares ``uses_forget=False`` tells people that the forgotten data may be gone."""
    for name, used in (("forget", cls.uses_forget), ("retain", cls.uses_retain)):
        if not used:
            method = made(cls)
            job = kind_job(method)
            getattr(job, name).batch = _refuse
            steps(method, job, 5)


def a_resumed_job_equals_the_unbroken_one(cls: type[Method]) -> None:
    """Some state is not on the job (model, optimizer, extra), so a run that is stopped, rewound or
    killed would go on as another."""
    method = made(cls)
    unbroken, broken = kind_job(method), kind_job(method)
    steps(method, unbroken, STEPS)
    steps(method, broken, BROKEN_AT)
    source = sys.modules[cls.__module__].__file__
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "ckpt.pt"
        torch.save(engine.save(broken, BROKEN_AT), state)
        words = [sys.executable, "-c", HANDED_OVER, str(source), str(state)]
        done = subprocess.run(words, cwd=PACKAGE.parent, capture_output=True, text=True)
    require(done.returncode == 0, f"Resuming failed: {done.stderr.strip()[-300:]}")
    same = done.stdout.split()[-1:] == [weights_sha256(unbroken.model)]
    require(same, f"Saved at step {BROKEN_AT} and resumed elsewhere, it ended with other weights.")


def a_turn_that_turns_nothing_changes_nothing(cls: type[Method]) -> None:
    """A branch with the knobs of its parent has to end where that did."""
    method = made(cls)
    unbroken, before, after = (kind_job(method) for _ in range(3))
    steps(method, unbroken, STEPS)
    steps(method, before, BROKEN_AT)
    engine.turn(method, after, engine.save(before, BROKEN_AT))
    steps(method, after, STEPS, start=BROKEN_AT)
    same = weights_sha256(after.model) == weights_sha256(unbroken.model)
    require(same, f"Turned at step {BROKEN_AT} with the same knobs, it ended with other weights.")


def a_knob_that_a_branch_may_turn_can_be_turned(cls: type[Method]) -> None:
    """One that decides what the method keeps from its start on is declared: ``early=("mask",)``."""
    require(set(cls.early) <= set(cls.model_fields), f"early names no knob: {cls.early}.")
    before = kind_job(made(cls))
    steps(made(cls), before, BROKEN_AT)
    for name in cls.model_fields.keys() - set(cls.early):
        other = 12 if name == "batch_size" else other_value(made(cls), name)
        turned = made(cls, **{name: other})
        after = kind_job(turned)
        engine.turn(turned, after, engine.save(before, BROKEN_AT))
        steps(turned, after, STEPS, start=BROKEN_AT)


def go_on(source: str, state: str) -> None:
    """The other process of a resumed job: prints the hash of the weights it ends with."""
    (cls,) = _declared(load(Path(source)))
    method = made(cls)
    job = kind_job(method)
    torch.rand(5)  # another history of random numbers than the process before had
    at = engine.load(method, job, torch.load(state, weights_only=True))
    steps(method, job, STEPS, start=at)
    print(weights_sha256(job.model))


def _outcome(cls: type[Method], **hparams: Any) -> tuple[Any, str]:
    method = made(cls, **hparams)
    size = getattr(method, "batch_size", 16)
    augment = bool(getattr(method, "augment", False))
    job = toy.job(size, None if "sample" in cls.kinds else 1, augment=augment)
    n = min(method.total_steps(job), 24)
    return (steps(method, job, n), n, method.total_steps(job)), weights_sha256(job.model)


def _refusal(cls: type[Method], name: str, value: Any) -> str:
    try:
        cls.make(**{name: value})
    except BadRequest as refusal:
        return str(refusal)
    raise AssertionError(f"{name}={value} was not refused.")


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("The method asked for data that it declares not to use.")


def _declared(module: ModuleType) -> list[type[Method]]:
    there = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Method)]
    own = [cls for cls in there if cls.__module__ == module.__name__]
    return methods.declared(module) if own else []


CONTRACT = Contract(
    kind="method",
    declared=_declared,
    key=methods.method_key,
    registered=lambda: [methods.get(key) for key in methods.names()],
    checks=(
        the_declaration_is_complete,
        a_value_out_of_range_is_refused_with_a_sentence,
        ten_steps_are_finite_and_move_the_weights,
        a_sample_task_runs_too,
        the_same_seed_gives_the_same_bits,
        no_knob_is_dead,
        watching_changes_nothing,
        no_trace_is_left,
        data_declared_unused_is_not_asked_for,
        a_resumed_job_equals_the_unbroken_one,
        a_turn_that_turns_nothing_changes_nothing,
        a_knob_that_a_branch_may_turn_can_be_turned,
    ),
)
