"""Starts worker processes without importing anything heavy: pages and workers both call it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from cu_core.files import INSTALLED, PACKAGE
from cu_core.store import Store

BEHIND = 10  # as nice counts: what nobody waits for leaves the cores to what somebody does
WORKER, LETHE = "cu_core.service.worker", "cu_core"
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


def ensure_worker(store: Store, app: int | None = None) -> bool:
    """One idle worker waits, so that a click starts at once. True when one had to be started.

    A session of its own: closing the app or its terminal does not reach a run. An idle worker
    goes when the process ``app`` does; a running one stays to the end of its run.
    """
    with store.only_one("spawn") as first:
        if not first or store.idle_workers():
            return False
        _start(store, app)
        deadline = time.monotonic() + 2.0
        # Until it is on the list, a second caller would start one more.
        while not store.idle_workers() and time.monotonic() < deadline:
            time.sleep(0.02)
    return True


def settle(store: Store, run_id: str) -> None:
    """A process of its own counts the exact figures of a run, behind everything else, and ends. It
    stays in this folder, since the run may be of data that are named from here."""
    if store.is_settling(run_id):
        return
    started = _process(store, None, LETHE, "settle", run_id, "--home", str(store.home))
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, started.pid, BEHIND)


def _start(store: Store, app: int | None) -> None:
    watched = ["--app", str(app)] if app else []
    # A copy of the source is imported from its own folder. An installed Lethe stays in the folder
    # the app was started from, so that relative paths mean it.
    folder = None if INSTALLED else PACKAGE.parent
    _process(store, folder, WORKER, "--home", str(store.home), *watched)


def _process(
    store: Store, folder: Path | None, module: str, *words: str
) -> subprocess.Popen[bytes]:
    """Starts a module of Lethe in a session of its own, its output in the home's worker.log."""
    options = ["-P"] if INSTALLED else []  # imports nothing from the folder it is in
    with (store.home / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *options, "-m", module, *words],
            cwd=folder,
            env=PATIENT | KEEPING | os.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
