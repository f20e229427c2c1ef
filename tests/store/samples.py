"""Small runs to store: arrays whose every value names the step it belongs to."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.spec import Probe, RunProgress, Summary, UnlearnRequest
from cu_core.store import ClaimedRun, RunWriter, Store

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
ROOT = Path(__file__).resolve().parents[2]
P, Q, C, D = 12, 7, 3, 5
REQUEST = UnlearnRequest(forget="class:5", hparams={"temperature": 0.7})


def arrays(step: int) -> dict[str, Any]:
    """z (P, D), logits (P, C) whose argmax is (sample + step) mod C, test_logits, xy, quality."""
    logits = np.zeros((P, C), np.float32)
    logits[np.arange(P), (np.arange(P) + step) % C] = 1
    return {
        "z": np.full((P, D), step, np.float32),
        "logits": logits,
        "test_logits": np.full((Q, C), -step, np.float32),
        "xy": np.arange(2 * P, dtype=np.float32).reshape(P, 2) + step,
        "quality": {"fidelity": 1 / (1 + step)},
    }


def probe() -> Probe:
    index = np.arange(P) * 3
    return Probe(index, index % C, index % 2 == 0, np.arange(Q), np.arange(Q) % C)


def running(store: Store, **request: Any) -> tuple[ClaimedRun, RunWriter]:
    """A run that this process holds and is writing."""
    run_id = store.enqueue(REQUEST.model_copy(update=request))
    claimed = store.claim_run(run_id)
    writer = RunWriter(store, run_id)
    assert writer.move("starting", "running")
    return claimed, writer


def finished(store: Store, steps: tuple[int, ...] = (0, 10, 20)) -> str:
    claimed, writer = running(store)
    for step in steps:
        writer.snapshot(step, **arrays(step))
        writer.metrics(step, {"ua": step / 100})
    writer.put(RunProgress(step=steps[-1], total=steps[-1], phase="measuring"))
    writer.finish(Summary(metrics={"ua": 1.0}))
    assert writer.move("running", "done")
    writer.close()
    claimed.release()
    return claimed.run_id


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process with this store in reach, its output read line by line."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
