"""A real unlearning run whose probe embeddings are kept: what the map is measured on.

Lethe's own engine and contrastive method with their defaults. The original model comes from the
model cache of the home folder, or is trained there first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.runs import trained
from cu_core import engine, metrics
from cu_core.data.probe import make_probe
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.runs.scenes import model_outputs
from cu_core.spec import Snapshot, UnlearnRequest
from cu_core.store import Store

GROWTH_FRAMES = 4  # successive snapshots of the large probe, the original's first
FEW = 20  # test samples of the large probe, which no measure asks for
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


def record(store: Store, request: UnlearnRequest, frames: int, most_points: int) -> EmbeddingRun:
    """Makes the run. ``frames``: snapshots, step 0 and the last among them (fewer if the run has
    fewer steps); ``most_points``: of the large probe."""
    original = trained(store, request).id
    setup = Setup(request, store.home)
    assert setup.forget is not None
    probe = make_probe(setup.dataset, setup.forget, request.probe_size, request.probe_size)
    large = make_probe(setup.dataset, setup.forget, most_points, FEW)
    method = method_of(request, setup.forget)
    model = reference_models.load_model(store, setup, original)
    job = make_job(setup, method, model)
    total = min(method.total_steps(job), request.max_steps or method.total_steps(job))
    every = -(-total // max(1, frames - 1))
    engine.begin(method, job)
    small, observer = (engine.Observer(setup.resident, each) for each in (probe, large))
    seen: list[Snapshot] = []
    first: list[NDArray[np.float32]] = []
    with setup.computing():
        for event in engine.run(method, job, small, every=every, total=total):
            if isinstance(event, Snapshot):
                seen.append(event)
                if len(first) < GROWTH_FRAMES:
                    first.append(observer.snapshot(job.model, event.step).z)
    facts = {
        "model": original,
        "steps": [snapshot.step for snapshot in seen],
        "knobs": method.model_dump(),
        "before": metrics.measure(model_outputs(seen[0], probe, setup.forget))[0],
        "after": metrics.measure(model_outputs(seen[-1], probe, setup.forget))[0],
        "forget_samples": int(probe.is_forget.sum()),
    }
    z, many = np.stack([snapshot.z for snapshot in seen]), np.stack(first)
    whole = (large.label, large.is_forget)
    return EmbeddingRun(z, probe.label, probe.is_forget, many, *whole, facts)


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
