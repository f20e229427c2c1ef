"""The contract every method file keeps, over the registry: a new file is tested without a line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from cu_core import engine, methods
from cu_core.errors import BadRequest
from cu_core.models.checkpoint import weights_sha256
from cu_core.models.evaluate import outputs
from cu_core.seeding import undisturbed
from cu_core.spec import Job, Method, Snapshot, StepLog
from tests.contract import toy

KEYS = methods.names()
# CoUn's term is off by default; its temperature matters where it is on.
SWITCHED = ("fine-tune", "neg-grad-plus", "l1-sparse", "weight-negation")
# Where a default rightly finds nothing to do on the toy: knobs with which every other one counts.
ON_THE_TOY: dict[str, dict[str, Any]] = {
    "ssd": {"importance": "output", "selection": 2.0},
    # The queue's momentum and the size of a hard draw matter where there are a queue and such draws
    "contrastive": {"queue": 32, "key_momentum": 0.9, "retain_draw": "hard"},
} | {key: {"coun_weight": 0.5} for key in SWITCHED}


def made(key: str, **hparams: Any) -> Method:
    return methods.get(key).make(**{**ON_THE_TOY.get(key, {}), **hparams})


def kind_job(method: Method, **kwargs: Any) -> Job:
    size = min(getattr(method, "batch_size", 16), 16)
    return toy.job(size, 1 if "class" in method.kinds else None, **kwargs)


def steps(method: Method, job: Job, n: int = 10, start: int = 0) -> list[dict[str, float]]:
    if start == 0:
        engine.begin(method, job)
    logs = [e for e in engine.run(method, job, start=start, total=n) if isinstance(e, StepLog)]
    return [{k: float(v) for k, v in log.losses.items()} for log in logs]


class ToyObserver:
    """Draws random numbers and leaves train mode, as a careless observer would."""

    def look(self, model: torch.nn.Module, step: int) -> Snapshot:
        x, _ = toy.blobs(40, seed=9)
        with undisturbed():
            torch.rand(7)
            logits, z = outputs(model, x, lambda v: v)
        return Snapshot(step, z, logits, logits)


def other_value(key: str, name: str) -> Any:
    """Another legal value of the knob, far enough from the default to matter."""
    cls, value = methods.get(key), getattr(made(key), name)
    field = cls.model_fields[name]
    schema = cls.model_json_schema()["properties"][name]
    if "enum" in schema:
        return next(v for v in schema["enum"] if v != value)
    if schema["type"] == "boolean":
        return not value
    low, high = schema["minimum"], schema["maximum"]
    if schema["type"] == "integer":
        return min(value + 1, high) if value != high else low
    assert field.default is not None
    return value / 2 if value / 2 > low else (value + high) / 2


@pytest.mark.parametrize("key", KEYS)
def test_ten_steps_are_finite_and_move_the_weights(key: str) -> None:
    method = made(key)
    job = kind_job(method)
    before = weights_sha256(job.model)
    engine.begin(method, job)
    epochs = []
    for log in engine.run(method, job, total=10):
        assert isinstance(log, StepLog)
        assert all(torch.isfinite(torch.as_tensor(v)) for v in log.losses.values()), log
        epochs.append(log.epoch)
    assert epochs == sorted(epochs)
    assert weights_sha256(job.model) != before


@pytest.mark.parametrize("key", KEYS)
def test_the_same_seed_gives_the_same_bits(key: str) -> None:
    shas = []
    for _ in range(2):
        method = made(key)
        job = kind_job(method)
        steps(method, job)
        shas.append(weights_sha256(job.model))
    assert shas[0] == shas[1]


@pytest.mark.parametrize("key,name", [(k, n) for k in KEYS for n in methods.get(k).model_fields])
def test_no_knob_is_dead(key: str, name: str) -> None:
    cls = methods.get(key)

    def outcome(**hparams: Any) -> tuple[Any, str]:
        method = made(key, **hparams)
        job = toy.job(getattr(method, "batch_size", 16), None if "sample" in cls.kinds else 1)
        n = min(method.total_steps(job), 24)
        return (steps(method, job, n), n, method.total_steps(job)), weights_sha256(job.model)

    base = {"batch_size": 8} if "batch_size" in cls.model_fields else {}
    changed = {"batch_size": 12} if name == "batch_size" else {name: other_value(key, name)}
    assert outcome(**base) != outcome(**{**base, **changed})


@pytest.mark.parametrize("key", KEYS)
def test_watching_changes_nothing(key: str) -> None:
    shas = []
    for observer, every in ((None, 1), (ToyObserver(), 1)):
        method = made(key)
        job = kind_job(method)
        engine.begin(method, job)
        list(engine.run(method, job, observer, every=every, total=10))  # type: ignore[arg-type]
        shas.append(weights_sha256(job.model))
    assert shas[0] == shas[1]


@pytest.mark.parametrize("key", KEYS)
def test_no_trace_is_left(key: str) -> None:
    method = made(key)
    job = kind_job(method)
    steps(method, job, 3)
    for module in job.model.modules():
        assert module.training
        assert not module._forward_hooks and not module._backward_hooks
    assert all(p.requires_grad for p in job.model.parameters())


@pytest.mark.parametrize("key,name", [(k, n) for k in KEYS for n in methods.get(k).model_fields])
def test_a_value_out_of_range_is_refused_with_a_sentence(key: str, name: str) -> None:
    cls = methods.get(key)
    schema = cls.model_json_schema()["properties"][name]
    wrong = [schema["minimum"] - 1, schema["maximum"] + 1] if "minimum" in schema else ["nonsense"]
    for value in [*wrong, float("nan")]:
        with pytest.raises(BadRequest) as refusal:
            cls.make(**{name: value})
        sentence = str(refusal.value)
        assert f"{cls.__name__}.{name}" in sentence and str(value) in sentence
        if schema.get("unit"):
            assert schema["unit"] in sentence


@pytest.mark.parametrize("key", [k for k in KEYS if not methods.get(k).uses_forget])
def test_a_method_without_forget_data_never_asks_for_it(key: str) -> None:
    method = made(key)
    job = kind_job(method)
    job.forget.batch = _refuse  # type: ignore[method-assign]
    steps(method, job, 5)


@pytest.mark.parametrize("key", [k for k in KEYS if not methods.get(k).uses_retain])
def test_a_method_without_retain_data_never_asks_for_it(key: str) -> None:
    method = made(key)
    job = kind_job(method)
    job.retain.batch = _refuse  # type: ignore[method-assign]
    steps(method, job, 5)


def _refuse(*_: object, **__: object) -> Any:
    raise AssertionError("the method asked for data it declares not to use")


@pytest.mark.parametrize("key", KEYS)
def test_a_resumed_job_equals_the_unbroken_one(key: str, tmp_path: Path) -> None:
    """Saved at step 4, loaded into a fresh process, gone on to 9: the same bits."""
    method = made(key)
    unbroken = kind_job(method)
    steps(method, unbroken, 9)
    broken = kind_job(method)
    steps(method, broken, 4)
    torch.save(engine.save(broken, 4), tmp_path / "ckpt.pt")
    code = (
        "import sys, torch; from cu_core import engine, methods;"
        "from tests.contract.test_methods import kind_job, made, steps, weights_sha256;"
        f"m = made({key!r}); job = kind_job(m); torch.rand(5);"
        "t = engine.load(m, job, torch.load(sys.argv[1], weights_only=True));"
        "steps(m, job, 9, start=t); print(weights_sha256(job.model))"
    )
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ckpt.pt")],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout.strip() == weights_sha256(unbroken.model)


@pytest.mark.parametrize("key", KEYS)
def test_the_declaration_is_complete(key: str) -> None:
    cls = methods.get(key)
    assert cls.label and cls.paper and cls.idea and cls.loss
    assert set(cls.kinds) <= {"class", "sample"} and cls.kinds
    for name, field in cls.model_fields.items():
        schema = cls.model_json_schema()["properties"][name]
        assert field.description, f"{key}.{name} has no help"
        if schema.get("type") in ("number", "integer"):
            assert schema["minimum"] <= field.default <= schema["maximum"]
    for preset in cls.presets:
        cls.make(preset)


@pytest.mark.parametrize("key", [k for k in KEYS if "sample" in methods.get(k).kinds])
def test_a_sample_task_runs_too(key: str) -> None:
    method = made(key)
    job = toy.job(16, None)
    assert all(abs(value) < float("inf") for log in steps(method, job, 5) for value in log.values())


@pytest.mark.parametrize(
    ("key", "preset"),
    [
        (k, p)
        for k in KEYS
        for p in methods.get(k).presets
        if p.startswith("coun") and k != "retrain"
    ],
)
def test_presets_named_after_coun_have_its_schedule(key: str, preset: str) -> None:
    """Fifty epochs under a cosine for every unlearning method (arXiv:2509.16391, E.2)."""
    method: Any = made(key, **methods.get(key).presets[preset])
    assert (method.epochs, method.batch_size, method.schedule) == (50, 256, "cosine")
    assert (method.momentum, method.weight_decay) == (0.9, 5e-4)
