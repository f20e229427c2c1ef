"""A real unlearning run whose probe embeddings are kept: what the map is measured on.

Lethe's own engine and contrastive method with their defaults. The original model comes from the
model cache of the home folder, or is trained there first.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core import engine, metrics
from cu_core.data.probe import make_probe
from cu_core.runs import reference_models
from cu_core.runs.evaluation import probe_scene
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.spec import Probe, Snapshot, StepLog, UnlearnRequest
from cu_core.store import Store

GROWTH_FRAMES = 4  # successive snapshots of the large probe, the original's first
FEW = 20  # test samples of the large probe, which no measure asks for
BEGAN = time.perf_counter()
NOISE = 0.05  # of the embeddings' standard deviation, on samples used more than once


@dataclass(frozen=True)
class EmbeddingRun:
    """Snapshots of one run. ``z``: (T, P, D) of the probe; ``label``, ``is_forget``: (P,);
    ``large``: (GROWTH_FRAMES, N, D), the first snapshots of a larger probe, and its labels;
    ``facts``: what the run was and what became of it."""

    z: NDArray[np.float32]
    label: NDArray[np.int64]
    is_forget: NDArray[np.bool_]
    large: NDArray[np.float32]
    large_label: NDArray[np.int64]
    large_is_forget: NDArray[np.bool_]
    facts: Mapping[str, Any]


class Progress:
    """Stands in for a worker's ``Control``: tells a terminal how far a training is."""

    def __init__(self) -> None:
        self._told = -1

    def tick(self, phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        tenth = 10 * done // total
        if tenth != self._told:
            self._told = tenth
            say(f"{phase}: {10 * tenth} %")


def say(text: str) -> None:
    """To standard error, with the seconds so far: standard output holds the results alone."""
    print(f"{time.perf_counter() - BEGAN:6.0f} s  {text}", file=sys.stderr, flush=True)


def record(
    store: Store, request: UnlearnRequest, frames: int, most_points: int, threads: int
) -> EmbeddingRun:
    """Makes the run. ``frames``: snapshots, step 0 and the last among them (fewer if the run has
    fewer steps); ``most_points``: of the large probe; ``threads``: torch's afterwards."""
    setup = Setup(request, store.home)  # which may want fewer threads for small inputs
    assert setup.forget is not None
    original = reference_models.ensure(store, setup, None, Progress())  # type: ignore[arg-type]
    probe = make_probe(setup.dataset, setup.forget, request.probe_size, request.probe_size)
    large = make_probe(setup.dataset, setup.forget, most_points, FEW)
    method = method_of(request, setup.forget)
    model = reference_models.load_model(store, setup, original)
    job = make_job(setup, method, model, reference_models.recipe_of(setup).augment)
    total = min(method.total_steps(job), request.max_steps or method.total_steps(job))
    every = -(-total // max(1, frames - 1))
    engine.begin(method, job)
    small = engine.Observer(setup.resident, probe)
    events = engine.run(method, job, small, every=every, total=total)
    seen, seen_large = _watch(events, engine.Observer(setup.resident, large), job.model)
    torch.set_num_threads(threads)
    facts = {
        "model": original,
        "steps": [snapshot.step for snapshot in seen],
        "knobs": method.model_dump(),
        "before": metrics.measure(probe_scene(seen[0], probe, setup.forget))[0],
        "after": metrics.measure(probe_scene(seen[-1], probe, setup.forget))[0],
        "forget_samples": int(probe.is_forget.sum()),
    }
    return _kept(seen, probe, seen_large, large, facts)


def _watch(
    events: Iterator[StepLog | Snapshot], large: engine.Observer, model: torch.nn.Module
) -> tuple[list[Snapshot], list[Snapshot]]:
    """The run's snapshots, and the first ones of the large probe taken at the same steps."""
    seen: list[Snapshot] = []
    seen_large: list[Snapshot] = []
    for event in events:
        if isinstance(event, Snapshot):
            seen.append(event)
            if len(seen_large) < GROWTH_FRAMES:
                seen_large.append(large.look(model, event.step))
    return seen, seen_large


def _kept(
    seen: list[Snapshot],
    probe: Probe,
    seen_large: list[Snapshot],
    large: Probe,
    facts: Mapping[str, Any],
) -> EmbeddingRun:
    return EmbeddingRun(
        np.stack([s.z for s in seen]), probe.label, probe.is_forget,
        np.stack([s.z for s in seen_large]), large.label, large.is_forget, facts,
    )  # fmt: skip


def sized(run: EmbeddingRun, points: int) -> tuple[EmbeddingRun, str]:
    """The large probe's snapshots cut, evenly, or tiled to ``points``, and which of the two.

    A sample that is used again gets noise, the same in every snapshot: it moves as it did.
    """
    n = run.large.shape[1]
    if points <= n:
        index = np.linspace(0, n - 1, points).astype(int)
        z, said = run.large[:, index], f"{points:,} of its training images"
    else:
        index = np.arange(points) % n
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(points, run.large.shape[2])) * (np.arange(points) >= n)[:, None]
        z = run.large[:, index] + np.float32(NOISE * run.large.std()) * noise.astype(np.float32)
        said = f"{n:,} training images, repeated with noise"
    label, is_forget = run.large_label[index], run.large_is_forget[index]
    return EmbeddingRun(z, label, is_forget, z, label, is_forget, run.facts), said
