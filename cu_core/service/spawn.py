"""Starts worker processes without importing anything heavy: pages and workers both call it."""

import os
import subprocess
import sys
import time

from cu_core.files import INSTALLED, PACKAGE
from cu_core.store import Store

WORKER = "cu_core.service.worker"
# Threads that spin while they wait for one another steal the core from the one they wait for: with
# a browser drawing on the same two cores, steps took 112-196 ms instead of 19-25.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
# glibc gives a layer's output back to the system as soon as it is free, and takes as much anew for
# the next, page by page. Kept, and in large pages, a step of ResNet-18 took 1.71 s, not 1.99.
KEEPING = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 26),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

LISTED_S = 60.0  # a process that has not come on the list by then is not coming


def slots() -> int:
    """Runs at once: they would only slow each other down on a small machine."""
    return max(1, (os.cpu_count() or 1) // 4)


def see_to_runs(store: Store, app: int | None = None) -> bool:
    """Somebody takes what is queued: an idle worker, or the one that follows a busy one. True when
    a worker had to be started."""
    if slots() == 1 and store.workers():
        return False  # one that is started beside a run takes the processor from it
    return ensure_worker(store, app)


def ensure_worker(store: Store, app: int | None = None) -> bool:
    """One idle worker waits, so that a click starts at once. True when one had to be started.

    A session of its own: closing the app or its terminal does not reach a run. An idle worker
    goes when the process ``app`` does; a running one stays to the end of its run.
    """
    with store.only_one("spawn") as first:
        if not first or store.idle_workers():
            return False
        started = _start(store, app)
        deadline = time.monotonic() + LISTED_S
        # Until it is on the list, a second caller would start one more.
        while not store.idle_workers() and time.monotonic() < deadline:
            if started.poll() is not None:
                break
            time.sleep(0.02)
    return True


def _start(store: Store, app: int | None) -> subprocess.Popen[bytes]:
    watched = ["--app", str(app)] if app else []
    # A copy of the source is imported from its own folder. An installed Lethe stays in the folder
    # the app was started from, so that relative paths mean it, and (-P) imports nothing from there.
    options, folder = (["-P"], None) if INSTALLED else ([], PACKAGE.parent)
    with (store.home / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *options, "-m", WORKER, "--home", str(store.home), *watched],
            cwd=folder,
            env=PATIENT | KEEPING | os.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
