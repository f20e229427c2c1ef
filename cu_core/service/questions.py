"""What a warm worker answers to a page: what a data set holds, what a request would cost, and
views of a run made after the fact (``service.extra_maps``)."""

import copy
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.runs import reference_models
from cu_core.runs.cadence import cadence
from cu_core.runs.course import stretches
from cu_core.runs.forecast import by_part, forecast
from cu_core.runs.memory import check_memory, needed
from cu_core.runs.notes import notes
from cu_core.runs.rates import Rates, updating
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.service import attacking, choosing, extra_maps, looking, opposed
from cu_core.service.weights import import_weights
from cu_core.spec import (
    Attacks,
    DescribeDataset,
    DescribeForget,
    Entangled,
    Estimate,
    ExactMap,
    ForgetSet,
    ImportedModel,
    ImportWeights,
    Job,
    Map3D,
    Method,
    Overview,
    Pick,
    Preflight,
    Recorded,
    WhoOpposes,
    question,
)
from cu_core.spec.phases import TRAINING
from cu_core.store import Store
from cu_core.store.patience import tight

MEASURED_STEPS = 3  # timed for the estimate, after one that warms caches


def answer(store: Store, kind: str, payload: Mapping[str, Any]) -> Recorded:
    """The answer to one question, or a LetheError whose sentence the page shows."""
    asked = question(kind, payload)
    return ANSWERS[type(asked)](store, asked)


def preflight(store: Store, asked: Preflight) -> Estimate:
    """What the request would do and cost: counts, and seconds from updates really made here."""
    request = asked.request
    setup = Setup(request, store.home)
    chosen = setup.forget
    assert chosen is not None
    method = method_of(request, chosen)
    way = stretches(setup, method)
    reference_models.check_original(store, setup)
    check_memory(setup, method)
    original = request.original or reference_models.original_id(store, setup)
    ready = store.has_model(original)
    given = partial(reference_models.load_model, store, setup, original)
    model = given() if ready else reference_models.blank(setup)
    probe = make_probe(setup.dataset, chosen, request.probe_size)
    observer = engine.Observer(setup.resident, probe)
    with setup.computing():
        job = make_job(setup, method, copy.deepcopy(model))
        total, every = cadence(setup, method, observer.n_images, way[-1].begun)
        per_step, seen, per_frame = _tried(setup, method, job, observer)
        frames = 1 + -(-total // every)
        waits = by_part(forecast(store, setup, method, total, frames, observer.n_images))
    learn = waits[TRAINING.part].left
    return Estimate(
        n_forget=len(chosen.index),
        n_retain=len(setup.dataset.train_y) - len(chosen.index),
        steps=total,
        every=every,
        snapshots=frames,
        seconds_per_step=per_step,
        waits=waits,
        first_picture=None if learn is None else learn + seen,
        disk_bytes=frames * per_frame,
        device=setup.device,
        shape=setup.dataset.shape,
        memory_bytes=needed(setup, method).total,
        original="ready" if ready else "to be trained first",
        retrained=_retrained(store, setup, chosen) if request.reference else "not asked for",
        warnings=(*setup.dataset.notes, *notes(setup, method), *_tight(store, frames * per_frame)),
    )


def _tight(store: Store, n_bytes: int) -> tuple[str, ...]:
    """The sentence for pictures that have no room, if they have none."""
    said = tight(store.home, n_bytes)
    return (said,) if said else ()


def _tried(
    setup: Setup, method: Method, job: Job, observer: engine.Observer
) -> tuple[float, float, int]:
    """Seconds of an update and of a look at the probe, both kept as rates, and a frame's bytes."""
    rates, per_step = Rates(setup), _seconds_per_step(method, job)
    rates.keep(per_step, *updating(method))
    began = time.perf_counter()
    look = observer.snapshot(job.model, 0)
    seen = time.perf_counter() - began
    rates.keep(seen, "look", observer.n_images)
    numbers = look.z.size + look.logits.size + look.test_logits.size
    return per_step, seen, 2 * numbers + 8 * len(look.z)


def _retrained(store: Store, setup: Setup, chosen: ForgetSet) -> str:
    cached = store.has_model(reference_models.model_id(setup, chosen))
    return "ready" if cached else "to be trained after the run"


def _seconds_per_step(method: Method, job: Job) -> float:
    """Mean seconds of an update on a copy of the model, which is thrown away."""
    engine.begin(method, job)
    updates = engine.run(method, job, total=MEASURED_STEPS + 1)
    next(updates)
    began, done = time.perf_counter(), 0
    for log in updates:
        done += bool(log)
    return (time.perf_counter() - began) / max(done, 1)


def import_model(store: Store, asked: ImportWeights) -> ImportedModel:
    """Keeps an uploaded weights file as an original model. The upload is gone afterwards."""
    try:
        return import_weights(store, asked)
    finally:
        store.take_away(Path(asked.path))


ANSWERS: Mapping[type[Any], Callable[[Store, Any], Recorded]] = {
    DescribeDataset: looking.describe,
    DescribeForget: looking.describe_forget,
    Preflight: preflight,
    ImportWeights: import_model,
    ExactMap: extra_maps.exact_map,
    Map3D: extra_maps.map_3d,
    Attacks: attacking.attack,
    WhoOpposes: opposed.who_opposes,
    Overview: choosing.overview,
    Entangled: choosing.entangled_facts,
    Pick: choosing.pick,
}
