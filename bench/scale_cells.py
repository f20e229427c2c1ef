"""The measurements, each meant for a process of its own, so that its peak of memory is its own.

``run`` gives what was measured, the peak, and how much of it is not the imports.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.scale_pieces import (
    MB,
    WARM,
    Found,
    blob,
    disk,
    flat,
    held_run,
    job_of,
    median_ms,
    resident_bytes,
    synthetic,
    timed,
    updates,
    wait,
)
from bench.scale_sources import forget_pages
from cu_core import data, engine, forget, metrics
from cu_core.data import memory
from cu_core.data.batches import DeviceBatches, resident
from cu_core.data.probe import make_probe
from cu_core.models.evaluate import outputs
from cu_core.projection import Layout
from cu_core.runs.evaluation import probe_scene
from cu_core.spec import Dataset, Job, Snapshot
from cu_core.stage import replay
from cu_core.store import Store

BATCH = 256


# --- the training set -------------------------------------------------------------------------


def cold(source: str, home: str) -> Found:
    """Reading a source for the first time: decoding it and writing the cache."""
    found: Found = {}
    with timed(found, "cold s"):
        data.load(source, Path(home))
    return found | {"disk MB": disk(Path(home) / "data")}


def train(source: str, home: str, steps: int, device: str) -> Found:
    """What a run does with it: read the cache, make updates, look at every image at the end."""
    found: Found = {}
    with timed(found, "cached s"):
        it = data.load(source, Path(home))
    with timed(found, "resident s"):
        r = resident(it, device)
    job = job_of(it, r, "random:0.1", device)
    found["step ms"] = median_ms(updates(job, steps))
    with timed(found, "evaluation ms an image", 1000 / (len(it.train_y) + len(it.test_y))):
        for x in (r.train_x, r.test_x):
            for start in range(0, len(x), 5000):
                outputs(job.model, x[start : start + 5000], r.normalise)
    return found


def streamed(file: str, rows: int, fits: bool, n_batches: int, device: str) -> Found:
    """Batches of the first ``rows`` images of a file, held (``fits``) or read when needed."""
    if not fits:
        memory.SHARE = 0.0
    found: Found = {}
    x = np.load(file, mmap_mode="r")[:rows]
    y = np.arange(rows) % 10
    with timed(found, "resident s"):
        r = resident(Dataset("file", x, y, x[:10], y[:10], tuple("0123456789")), device)
    batches = DeviceBatches(
        r.train_x, r.train_y, np.arange(rows), BATCH, 0, "retain", "crop+flip", r.mean, r.std
    )
    found |= {"batch ms": _batches(batches, n_batches, device), "file MB": x.nbytes / MB}
    if not fits:
        forget_pages(Path(file))
        found["batch from disk ms"] = _batches(batches, n_batches, device)
    return found


def _batches(batches: DeviceBatches, n: int, device: str) -> float:
    seconds = []
    for i in range(n):
        began = time.perf_counter()
        batches.batch(i)
        wait(device)
        seconds.append(time.perf_counter() - began)
    return median_ms(seconds)


# --- the probe set and the classes ------------------------------------------------------------


def looked(points: int, classes: int, rows: int, frames: int, device: str) -> Found:
    """Frames of a real run on synthetic images: what each of their parts costs."""
    it = synthetic(rows, classes)
    r = resident(it, device)
    chosen = forget.parse("class:5", it, 0)
    probe = make_probe(it, chosen, points, min(points, 2000))
    job = job_of(it, r, "class:5", device)
    observer = engine.Observer(r, probe)
    spent: dict[str, list[float]] = {name: [] for name in ("snapshot", "metrics", "map", "store")}
    with held_run() as (store, run_id, writer):
        steps = updates(job, WARM + 5)
        snapshot = observer.look(job.model, 0)
        layout = Layout(flat(snapshot.z), 0, device)
        writer.probe(probe)
        for k in range(frames):
            updates(job, 1, len(steps) + k)
            _frame(spent, observer, job, layout, writer, probe, chosen, k)
        sent = replay.Sent(run_id)
        page = blob(store, run_id, sent)
        kept = disk(store.paths.run(run_id) / "snapshots")
    assert len(probe.index) == min(points, rows)
    return {
        "step ms": median_ms(steps),
        **{f"{name} ms": median_ms(seconds) for name, seconds in spent.items()},
        "kept kB a frame": 1000 * kept / frames,
        "sent kB a frame": len(page) / 1000 / frames,
    }


def _frame(
    spent: dict[str, list[float]], observer: Any, job: Job, layout: Layout, writer: Any,
    probe: Any, chosen: Any, step: int,
) -> None:  # fmt: skip
    def clocked(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        spent[name].append(time.perf_counter() - began)
        return result

    seen: Snapshot = clocked("snapshot", lambda: observer.look(job.model, step))
    frame = clocked("map", lambda: layout.place(seen.z, step, probe.label, probe.is_forget))
    scene = probe_scene(seen, probe, chosen, frame.near)
    values, _ = clocked("metrics", lambda: metrics.measure(scene))

    def store() -> None:
        writer.metrics(step, values)
        writer.snapshot(
            step, z=seen.z, logits=seen.logits, test_logits=seen.test_logits,
            xy=frame.xy, quality=frame.quality,
        )  # fmt: skip

    clocked("store", store)


# --- long runs --------------------------------------------------------------------------------


def written(home: str, frames: int, points: int, classes: int, width: int) -> Found:
    """A run of so many frames of made-up numbers, written as a worker writes its own."""
    rng = np.random.default_rng(0)
    it = synthetic(2 * points, classes)
    chosen = forget.parse("class:5", it, 0)
    probe = make_probe(it, chosen, points, points)
    made = {
        "z": rng.normal(size=(points, width)).astype(np.float32),
        "logits": rng.normal(size=(points, classes)).astype(np.float32) * 3,
        "test_logits": rng.normal(size=(len(probe.test_index), classes)).astype(np.float32),
        "xy": rng.normal(size=(points, 2)).astype(np.float32),
    }
    seconds = []
    with held_run(home) as (store, run_id, writer):
        writer.probe(probe)
        for step in range(frames):
            made["xy"] += rng.normal(scale=0.02, size=(points, 2)).astype(np.float32)
            made["logits"] += rng.normal(scale=0.1, size=(points, classes)).astype(np.float32)
            began = time.perf_counter()
            writer.metrics(step, {"ra": 99.0, "ta": 90.0, "forget_acc_test": 100.0 / (step + 1)})
            writer.snapshot(step, **made, quality={"trustworthiness": 0.99, "fidelity": 0.9})
            seconds.append(time.perf_counter() - began)
        kept = disk(store.paths.run(run_id))
    return {"write ms a frame": median_ms(seconds), "disk MB": kept, "run": run_id}


def read(home: str, run: str) -> Found:
    """What the app does for a page that opens this run, then for each look while it is live."""
    store = Store(home)
    found: Found = {}
    sent = replay.Sent(run)
    with timed(found, "open ms", 1000):
        first = blob(store, run, sent)
    held = sent.frames
    last = store.reader(run).snapshots()[-1].step
    writer = store.writer(run)
    arrays = store.reader(run).frame(last)
    made = {name: arrays[name] for name in ("z", "logits", "test_logits", "xy")}
    seconds, sizes = [], []
    for step in range(last + 1, last + 6):
        writer.snapshot(step, **made, quality={"trustworthiness": 0.99})
        began = time.perf_counter()
        sizes.append(len(blob(store, run, sent)))
        seconds.append(time.perf_counter() - began)
    writer.close()
    return found | {
        "sent MB": len(first) / MB,
        "sent frames": _frames_in(first),
        "known frames": held,
        "look ms": median_ms(seconds),
        "look kB": statistics.median(sizes) / 1000,
    }


def _frames_in(blob: bytes) -> int:
    from cu_core.stage import unpack

    header, arrays = unpack(blob)
    return len(arrays["xy"]) if "xy" in arrays else len(header["steps"])


CELLS: dict[str, Callable[..., Found]] = {
    it.__name__: it for it in (cold, train, streamed, looked, written, read)
}


def run(name: str, given: dict[str, Any]) -> Found:
    """One of CELLS, with the memory of this process."""
    torch.zeros(8, 8) @ torch.zeros(8, 8)  # what the first product loads is no measurement's
    before = resident_bytes("VmHWM")
    found = CELLS[name](**given)
    peak = resident_bytes("VmHWM")
    return found | {"peak MB": peak, "own MB": max(peak - before, 0.0)}
