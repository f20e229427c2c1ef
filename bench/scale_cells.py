"""The measurements, each meant for a process of its own, so that its peak of memory is its own.

``run`` gives what was measured, the peak, and how much of it is not the imports.
"""

import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.made_data import forget_pages
from bench.runs import asked, booked, ms_of
from cu_core import data, engine, metrics
from cu_core.data import memory
from cu_core.data.batches import DeviceBatches, resident
from cu_core.data.probe import make_probe
from cu_core.models.evaluate import outputs
from cu_core.projection import Layout
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.runs.scenes import model_outputs
from cu_core.spec import (
    Catalog,
    ComputePlan,
    Dataset,
    ForgetFacts,
    Job,
    Method,
    Probe,
    RunProgress,
    UnlearnRequest,
)
from cu_core.stage import replay, unpack
from cu_core.store import Store

BATCH = 256
WARM = 3  # of whatever is timed, the first ones do not count
MB = 1e6
PARTS = ("snapshot", "metrics", "map", "store")

Found = dict[str, Any]


def cold(source: str, home: str) -> Found:
    """Reading a source for the first time: decoding it and writing the cache."""
    found: Found = {}
    with booked(found, "cold s"):
        data.load(source, Path(home))
    return found | {"disk MB": disk(Path(home) / "data")}


def train(source: str, home: str, steps: int, device: str) -> Found:
    """What a run does with it: read the cache, make updates, look at every image at the end."""
    found: Found = {}
    with booked(found, "cached s"):
        setup = Setup(asked(dataset=source, forget="random:0.1", device=device), home)
    with booked(found, "resident s"):
        r = setup.resident
    method, job = begun(setup)
    found["step ms"] = median([update_ms(method, job, t) for t in range(steps)])

    def evaluate() -> None:
        for x in (r.train_x, r.test_x):
            for start in range(0, len(x), 5000):
                outputs(job.model, x[start : start + 5000], r.normalise)

    images = len(setup.dataset.train_y) + len(setup.dataset.test_y)
    return found | {"evaluation ms an image": ms_of(evaluate, device) / images}


def streamed(file: str, rows: int, fits: bool, n_batches: int, device: str) -> Found:
    """Batches of the first ``rows`` images of a file, held (``fits``) or read when needed."""
    if not fits:
        memory.SHARE = 0.0
    found: Found = {}
    x = np.load(file, mmap_mode="r")[:rows]
    y = np.arange(rows) % 10
    with booked(found, "resident s", device):
        r = resident(Dataset("file", x, y, x[:10], y[:10], tuple("0123456789")), device)
    batches = DeviceBatches(
        r.train_x, r.train_y, np.arange(rows), BATCH, 0, "retain", "crop+flip", r.mean, r.std
    )

    def batch_ms() -> float:
        return median([ms_of(partial(batches.batch, i), device) for i in range(n_batches)])

    found |= {"batch ms": batch_ms(), "file MB": x.nbytes / MB}
    if not fits:
        forget_pages(Path(file))
        found["batch from disk ms"] = batch_ms()
    return found


def looked(source: str, home: str, points: int, frames: int, device: str) -> Found:
    """Frames of a real run: what each of their parts costs."""
    setup = Setup(asked(dataset=source, device=device), home)
    chosen = setup.forget
    assert chosen is not None
    probe = make_probe(setup.dataset, chosen, points, min(points, 2000))
    method, job = begun(setup)
    observer, each = engine.Observer(setup.resident, probe), list[dict[str, float]]()
    with held_run() as (store, run_id, writer):
        steps = [update_ms(method, job, t) for t in range(WARM + 5)]
        layout = Layout(flat(observer.snapshot(job.model, 0).z), 0, device)
        writer.probe(probe)
        for k in range(frames):
            update_ms(method, job, len(steps) + k)
            each.append(spent := dict[str, float]())
            with booked(spent, "snapshot", device):
                seen = observer.snapshot(job.model, k)
            with booked(spent, "map", device):
                frame = layout.place(seen.z, k, probe.label, probe.is_forget)
            with booked(spent, "metrics", device):
                values, _ = metrics.measure(model_outputs(seen, probe, chosen))
            made = {"z": seen.z, "logits": seen.logits, "test_logits": seen.test_logits}
            with booked(spent, "store", device):
                writer.metrics(k, values)
                writer.snapshot(k, **made, xy=frame.xy, quality=frame.quality)
        page = blob(store, run_id, replay.Sent(run_id))
        kept = disk(store.paths.run(run_id) / "snapshots")
    assert len(probe.index) == min(points, len(setup.dataset.train_y))
    return {
        "step ms": median(steps),
        **{f"{name} ms": median([1000 * spent[name] for spent in each]) for name in PARTS},
        "kept kB a frame": 1000 * kept / frames,
        "sent kB a frame": len(page) / 1000 / frames,
    }


def written(home: str, frames: int, points: int, classes: int, width: int) -> Found:
    """A run of so many frames of made-up numbers, written as a worker writes its own."""
    rng, label = np.random.default_rng(0), np.arange(points) % classes
    probe = Probe(np.arange(points), label, label == 5, np.arange(points), label)

    def normal(*shape: int, scale: float = 1.0) -> Any:
        return rng.normal(scale=scale, size=shape).astype(np.float32)

    made = {"z": normal(points, width), "logits": normal(points, classes, scale=3)}
    made |= {"test_logits": normal(points, classes)}
    made["xy"] = 4 * normal(classes, 2)[label] + normal(points, 2)
    quality = {"trustworthiness": 0.99, "fidelity": 0.9}
    with held_run(home) as (store, run_id, writer):
        writer.probe(probe)

        def frame(step: int) -> None:
            writer.metrics(step, {"ra": 99.0, "ta": 90.0, "forget_acc_test": 100 / (step + 1)})
            writer.snapshot(step, **made, quality=quality)

        each = []
        for step in range(frames):
            made["xy"] += normal(points, 2, scale=0.02)
            made["logits"] += normal(points, classes, scale=0.1)
            each.append(ms_of(partial(frame, step)))
        kept = disk(store.paths.run(run_id))
    return {"write ms a frame": median(each), "disk MB": kept, "run": run_id}


def read(home: str, run: str) -> Found:
    """What the app does for a page that opens this run, then for each look while it is live."""
    store, sent = Store(home), replay.Sent(run)
    reader, writer, pages = store.reader(run), store.writer(run), list[bytes]()

    def look() -> None:
        pages.append(blob(store, run, sent))

    open_ms, held = ms_of(look), sent.frames
    last = reader.snapshots()[-1].step
    arrays = reader.frame(last)
    made = {name: arrays[name] for name in ("z", "logits", "test_logits", "xy")}
    each = []
    for step in range(last + 1, last + 6):
        writer.snapshot(step, **made, quality={"trustworthiness": 0.99})
        each.append(ms_of(look))
    writer.close()
    header, sections = unpack(pages[0])
    return {
        "open ms": open_ms,
        "sent MB": len(pages[0]) / MB,
        "sent frames": len(sections["xy"]) if "xy" in sections else len(header["steps"]),
        "known frames": held,
        "look ms": median(each),
        "look kB": statistics.median(map(len, pages[1:])) / 1000,
    }


CELLS: dict[str, Callable[..., Found]] = {
    it.__name__: it for it in (cold, train, streamed, looked, written, read)
}


def run(name: str, given: dict[str, Any]) -> Found:
    """One of CELLS, with the memory of this process."""
    torch.zeros(8, 8) @ torch.zeros(8, 8)  # what the first product loads is no measurement's
    before = peak_mb()
    found = CELLS[name](**given)
    peak = peak_mb()
    return found | {"peak MB": peak, "own MB": max(peak - before, 0.0)}


# --- what they are made of --------------------------------------------------------------------


def peak_mb() -> float:
    """Of this process, which on Linux does not count what it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 / MB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MB if sys.platform == "darwin" else peak * 1024 / MB


def disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB


def median(ms: list[float]) -> float:
    return statistics.median(ms[WARM:] or ms)


def begun(setup: Setup) -> tuple[Method, Job]:
    """The request's method at its first step, on random weights and torch's own plan: measuring
    for a better one would be part of the row."""
    assert isinstance(setup.request, UnlearnRequest) and setup.forget is not None
    setup.keep_to(ComputePlan())
    method, model = method_of(setup.request, setup.forget), reference_models.blank(setup)
    job = make_job(setup, method, model)
    engine.begin(method, job)
    return method, job


def update_ms(method: Method, job: Job, t: int) -> float:
    return ms_of(lambda: method.step(job, t), job.device)


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
        run_id = store.enqueue(asked())
        with store.claim_run(run_id):
            writer = store.writer(run_id)
            writer.move(("starting",), "running")
            facts = ForgetFacts(classes=(5,))
            writer.put(RunProgress(class_names=tuple("0123456789"), forget=facts, scale=5.0))
            yield store, run_id, writer
            writer.close()


def blob(store: Store, run: str, sent: replay.Sent) -> bytes:
    reader = store.reader(run)
    return replay.blob(store.run(run), reader, reader.progress(), Catalog(), sent) or b""
