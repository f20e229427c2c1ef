"""Where the time of a run goes: one real run through ``execute``, and one step taken apart."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from bench.runs import booked, ms_of
from bench.steps_sides import job_of
from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.models import checkpoint
from cu_core.runs import cadence, reference_models
from cu_core.runs.clock import Clock
from cu_core.runs.commands import Commands
from cu_core.runs.loop import Loop
from cu_core.runs.prepare import Run, prepare
from cu_core.runs.progress import Progress
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import StepLog, UnlearnRequest
from cu_core.store import ModelRecord, Store

LOOKING = ("snapshot", "metrics", "map")  # done once a look; a step does none of it
WRITING = ("store", "checkpoint")
IN_A_STEP = ("data", "model", "loss", "update")
NAMES = {"map": "projection"}
CIFAR_CLASS = 5000  # samples
OMEGA = 4  # retain batches beside a forget batch: as often the released code starts its workers
DENOMINATOR = (
    "the loop of one run by the wall: steps, snapshots, metrics, map, writing, checkpoints, and "
    "what the run's clock does not book of it (commands, say). Not in it: training of models, the "
    "reference map (fitted once and kept with the model), final metrics (not made here). "
    "Scaled to a long run, where the look at step 0 counts for nothing"
)
ASYNCHRONOUS = (
    ". On this device a run's clock sees when work is given to it, not when it is done: a step is "
    "that of the rounds, a snapshot was timed by itself, and the shares are of these, whose sum is "
    "not the wall; how much the loop is beside its steps is told by the wall"
)


def usual_every(setup: Setup, n_forget: int) -> int:
    """Steps between snapshots that a run with the method's own epochs has by default, if there are
    ``n_forget`` samples to forget."""
    request = setup.request
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    hparams = {name: value for name, value in request.hparams.items() if name != "epochs"}
    request = request.model_copy(update={"hparams": hparams})
    method: Any = method_of(request, setup.forget)
    made = cadence.of_size(method, n_forget, len(setup.retain_index(setup.forget)))
    probe = make_probe(setup.dataset, setup.forget, request.probe_size)
    looked_at = len(probe.index) + len(probe.test_index)
    return cadence.usual_every(method, method.total_steps(made), setup.dataset.shape, looked_at)


def keep_untrained(store: Store, setup: Setup) -> str:
    """The network of random weights as an original model: nothing has to be trained, and what an
    update or a look costs does not depend on the weights' values."""
    model, request, data = reference_models.blank(setup), setup.request, setup.dataset
    name = f"untrained-{checkpoint.weights_sha256(model)[:12]}"
    header: dict[str, Any] = {"architecture": request.model, "head": request.head}
    header |= {"shape": list(data.shape), "n_classes": data.n_classes}
    header["class_names"] = list(data.class_names)
    record = ModelRecord(
        id=name, kind="original", architecture=request.model, dataset=data.key,
        dataset_hash=data.hash, class_names=data.class_names, shape=data.shape,
    )  # fmt: skip
    if not store.has_model(name):
        path = "model.safetensors"
        store.add_model(record, lambda folder: checkpoint.save(folder / path, model, header))
    return name


def made_run(store: Store, request: UnlearnRequest, every: int, looks: int) -> dict[str, Any]:
    """A run of ``looks`` x ``every`` steps from untrained weights that ends with its loop (final
    metrics of an untrained network take minutes and tell nothing): its steps, device and seconds,
    among them those of the whole "loop" by the wall."""
    original = keep_untrained(store, Setup(request, store.home))
    more = {"original": original, "every": every, "max_steps": looks * every, "reference": False}
    setup = Setup(UnlearnRequest(**request.model_dump() | more), store.home)
    run_id = store.enqueue(setup.request, "bench steps")
    with store.claim_run(run_id), closing(store.writer(run_id)) as writer, setup.computing():
        ends = (Progress(writer), Commands(store, run_id, writer))
        run = Run(store, setup, writer, *ends, Clock())
        loop = Loop(prepare(run, writer.read()))
        with booked(run.clock.seconds, "loop", setup.device):
            for _ in loop.events():
                pass
    store.delete(run_id)
    return {"steps": loop.step, "device": setup.device, "seconds": run.clock.seconds}


def run_shares(
    timed: Mapping[str, Any], every: int, step_s: float, look_ms: float
) -> dict[str, Any]:
    """Shares of the loop of a made run, scaled to a long one. ``step_s``: of the rounds;
    ``look_ms``: of a snapshot timed by itself. Both stand in where the run's clock cannot tell."""
    seconds, steps, on_gpu = timed["seconds"], timed["steps"], timed["device"] != "cpu"
    looks = steps // every
    parts = {name: seconds.get(name, 0.0) for name in ("step", *LOOKING, *WRITING)}
    parts["other"] = max(0.0, seconds["loop"] - sum(parts.values()))
    if on_gpu:
        parts |= {"step": steps * step_s, "snapshot": (looks + 1) * look_ms / 1000, "other": 0.0}
    kept = looks / (looks + 1)  # without the look at step 0
    between = max(0.0, seconds["loop"] - parts["step"]) * kept
    parts |= {name: parts[name] * kept for name in LOOKING}
    wall = parts["step"] + between if on_gpu else sum(parts.values())
    return {
        "steps": steps,
        "every": every,
        "looks": looks + 1,
        "seconds": seconds,
        "denominator": DENOMINATOR + ASYNCHRONOUS * on_gpu,
        "shares": shares(parts),
        "beside_steps": 1 - parts["step"] / wall,
        "seconds_per_step": wall / steps,
    }


def shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """Parts of 1."""
    whole = sum(seconds.values())
    return {NAMES.get(name, name): part / whole for name, part in seconds.items()}


def step_apart(setup: Setup, retain_images: int, steps: int) -> dict[str, Any]:
    """A step taken apart, outside the timed rounds: milliseconds and shares of data, forward pass,
    loss, and backward pass with the update; and a look. The backward pass is the loss's too."""
    request = setup.request
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    method: Any = method_of(request, setup.forget)
    job: Any = job_of(setup, method, retain_images)
    engine.begin(method, job)
    spent: dict[str, float] = {}
    for owner, function, name in (
        (job.forget, "batch", "data"),
        (job.retain, "batch", "data"),
        (job.model, "forward", "model"),
        (job, "update", "update"),
    ):
        setattr(owner, function, _timed(getattr(owner, function), name, spent, setup.device))
    warm = 1 if setup.device == "cpu" else OMEGA  # caches; on a GPU, graphs
    updates = engine.run(method, job, total=warm + steps)
    for _ in range(warm):
        next(updates)
    spent.clear()
    with booked(spent, "step", setup.device):
        made = sum(isinstance(log, StepLog) for log in updates)
    inside = {name: spent.get(name, 0.0) for name in IN_A_STEP}
    inside["loss"] = max(0.0, spent["step"] - sum(inside.values()))
    observer = engine.Observer(
        setup.resident, make_probe(setup.dataset, setup.forget, request.probe_size)
    )
    _, look_ms = (
        ms_of(lambda: observer.snapshot(job.model, 0), setup.device) for _ in "ab"
    )  # warm
    ms = {name: 1000 * part / made for name, part in inside.items()}
    return {"ms": ms, "shares": shares(inside), "look_ms": look_ms}


def _timed(
    function: Callable[..., Any], name: str, spent: dict[str, float], device: str
) -> Callable[..., Any]:
    def run(*given: Any, **named: Any) -> Any:
        with booked(spent, name, device):
            return function(*given, **named)

    return run


def whole(run: Mapping[str, float], inside: Mapping[str, float]) -> dict[str, float]:
    """The shares of a run with those of a step in place of its steps."""
    parts = {name: run["step"] * share for name, share in inside.items()}
    return parts | {name: share for name, share in run.items() if name != "step"}
