"""What a warm worker answers to a page: what a data set holds, what a request would cost, and
views of a run made after the fact (``cu_core.service.extra_maps``)."""

import copy
import time
from pathlib import Path
from typing import Any

from cu_core import data, engine
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, cadence, make_job, method_of
from cu_core.service import extra_maps
from cu_core.service.weights import import_weights
from cu_core.spec import Dataset, UnlearnRequest
from cu_core.store import Store

MEASURED_STEPS = 3  # timed for the estimate, after one that warms caches


def answer(store: Store, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question, or a LetheError whose sentence the page shows."""
    known = {
        "dataset": describe,
        "preflight": preflight,
        "import": import_model,
        "exact": extra_maps.exact,
        "solid": extra_maps.solid,
    }
    if kind not in known:
        raise BadRequest(f"No worker answers {kind!r}; it may be of another version of Lethe.")
    return known[kind](store, payload)


def describe(store: Store, payload: dict[str, Any]) -> dict[str, Any]:
    """Classes with their counts, sizes and what reading changed."""
    dataset: Dataset = data.load(payload["key"], store.home)
    classes = [
        {
            "id": i,
            "name": name,
            "train": int((dataset.train_y == i).sum()),
            "test": int((dataset.test_y == i).sum()),
        }
        for i, name in enumerate(dataset.class_names)
    ]
    return {
        "key": dataset.key,
        "hash": dataset.hash,
        "n_train": len(dataset.train_y),
        "n_test": len(dataset.test_y),
        "shape": list(dataset.shape),
        "is_image": dataset.is_image,
        "classes": classes,
        "notes": list(dataset.notes),
    }


def preflight(store: Store, payload: dict[str, Any]) -> dict[str, Any]:
    """What the request would do and cost: counts, and seconds from updates really made here."""
    request = UnlearnRequest.model_validate(payload["request"])
    setup = Setup(request, store.home)
    chosen = setup.forget
    assert chosen is not None
    method = method_of(request, chosen)
    reference_models.check_original(store, setup)
    original = request.original or reference_models.model_id(setup, None)
    ready = store.has_model(original)
    model = (
        reference_models.load_model(store, setup, original)
        if ready
        else reference_models.blank(setup)
    )
    job = make_job(setup, method, copy.deepcopy(model), reference_models.recipe_of(setup).augment)
    probe = make_probe(setup.dataset, chosen, request.probe_size)
    observer = engine.Observer(setup.resident, probe)
    total, every = cadence(request, method, job, observer.n_images)
    per_step = _seconds_per_step(method, job)
    began = time.perf_counter()
    look = observer.look(job.model, 0)
    per_look = time.perf_counter() - began
    frames = 1 + -(-total // every)
    per_frame = 2 * (look.z.size + look.logits.size + look.test_logits.size) + 8 * len(look.z)
    reference = "not asked for"
    if request.reference:
        cached = store.has_model(reference_models.model_id(setup, chosen))
        reference = "ready" if cached else "to be trained after the run"
    return {
        "n_forget": len(chosen.index),
        "n_retain": len(setup.dataset.train_y) - len(chosen.index),
        "steps": total,
        "every": every,
        "snapshots": frames,
        "seconds_per_step": per_step,
        "seconds": total * per_step + frames * (per_look + 0.05),
        "disk_bytes": frames * per_frame,
        "device": setup.device,
        "original": "ready" if ready else "to be trained first",
        "retrained": reference,
        "warnings": list(setup.dataset.notes),
    }


def _seconds_per_step(method: Any, job: Any) -> float:
    """Mean seconds of an update on a copy of the model, which is thrown away."""
    engine.begin(method, job)
    updates = engine.run(method, job, total=MEASURED_STEPS + 1)
    next(updates)
    began, done = time.perf_counter(), 0
    for log in updates:
        done += bool(log)
    return (time.perf_counter() - began) / max(done, 1)


def import_model(store: Store, payload: dict[str, Any]) -> dict[str, Any]:
    """Keeps an uploaded weights file as an original model. The upload is gone afterwards."""
    path = Path(payload["path"])
    architecture, name = payload.get("architecture"), str(payload.get("name") or "")
    try:
        record = import_weights(store, path, payload["dataset"], architecture, name)
    finally:
        if path.parent == store.paths.incoming:  # a file from elsewhere is a person's own
            path.unlink(missing_ok=True)
    return {"model_id": record.id, "notes": list(record.notes)}
