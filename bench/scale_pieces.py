"""What the scale bench's measurements are made of: a set, a job, a run, and ways to count."""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cu_core import engine, forget, methods, models
from cu_core.data.batches import DeviceBatches, Resident
from cu_core.models.train import augmentation
from cu_core.spec import Dataset, Job, UnlearnRequest
from cu_core.stage import replay
from cu_core.store import Store

MODEL, METHOD = "small-cnn", "contrastive"
WARM = 3  # of whatever is timed, the first ones do not count
MB = 1e6

Found = dict[str, Any]


@contextmanager
def timed(found: Found, name: str, scale: float = 1.0) -> Iterator[None]:
    began = time.perf_counter()
    yield
    found[name] = scale * (time.perf_counter() - began)


def resident_bytes(field: str) -> float:
    """This process's "VmHWM" (peak) or "VmRSS" in MB; elsewhere than on Linux always the peak."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split(f"{field}:")[1].split()[0]) * 1024 / MB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MB if sys.platform == "darwin" else peak * 1024 / MB


def disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB


def median_ms(seconds: list[float]) -> float:
    return 1000 * statistics.median(seconds[WARM:] or seconds)


def synthetic(rows: int, classes: int, side: int = 32) -> Dataset:
    """Noise around a pattern for each class, which a network can learn."""
    rng = np.random.default_rng(0)
    y = np.arange(rows, dtype=np.int64) % classes
    pattern = rng.integers(60, 196, (classes, 3, side, side)).astype(np.int16)
    x = np.empty((rows, 3, side, side), np.uint8)
    for start in range(0, rows, 1000):
        of = y[start : start + 1000]
        noise = rng.integers(-60, 60, (len(of), 3, side, side), dtype=np.int16)
        x[start : start + 1000] = pattern[of] + noise
    n_test = min(rows, 2000)
    names = tuple(str(c) for c in range(classes))
    return Dataset("synthetic", x, y, x[:n_test].copy(), y[:n_test].copy(), names)


def job_of(it: Dataset, r: Resident, rule: str, device: str) -> Job:
    chosen = forget.parse(rule, it, 0)
    size = int(getattr(methods.get(METHOD).make(), "batch_size", 64))
    augment = augmentation(it.key, it.shape)
    index = {
        "forget": chosen.index,
        "retain": np.setdiff1d(np.arange(len(it.train_y)), chosen.index),
    }
    forgotten, retained = (
        DeviceBatches(r.train_x, r.train_y, index[n], size, 0, n, augment, r.mean, r.std)
        for n in index
    )
    model = models.build(MODEL, it.shape, it.n_classes, "plain", seed=0).to(device)
    job = Job(model, forgotten, retained, it.n_classes, chosen.classes, device, 0)
    engine.begin(methods.get(METHOD).make(), job)
    return job


def updates(job: Job, steps: int, start: int = 0) -> list[float]:
    """Seconds of each update."""
    method, seconds = methods.get(METHOD).make(), []
    for t in range(start, start + steps):
        began = time.perf_counter()
        method.step(job, t)
        wait(job.device)
        seconds.append(time.perf_counter() - began)
    return seconds


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def flat(z: Any) -> Any:
    """The first two principal axes (P, 2), as wide as a UMAP layout: where the map starts."""
    centred = torch.from_numpy(z - z.mean(0))
    _, _, v = torch.pca_lowrank(centred, 2)
    xy = (centred @ v).numpy()
    return (5 * xy / xy.std(0).clip(1e-6)).astype(np.float32)


@contextmanager
def held_run(home: str | None = None) -> Iterator[Any]:
    """A run that this process holds, in a home folder of its own if none is given."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(home or scratch)
        run_id = store.enqueue(UnlearnRequest())
        with store.claim_run(run_id):
            writer = store.writer(run_id)
            writer.move(("starting",), "running")
            facts = {"class_names": list("0123456789"), "forget": {"classes": [5]}, "scale": 5.0}
            writer.put_many(facts)
            yield store, run_id, writer
            writer.close()


def blob(store: Store, run: str, sent: replay.Sent) -> bytes:
    reader = store.reader(run)
    made = replay.blob(store.run(run), reader, reader.progress(), {}, sent)
    assert made is not None
    return made
