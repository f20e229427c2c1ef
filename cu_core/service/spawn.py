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
# With large pages a step of ResNet-18 took 1.71 s, not 1.99. What else a process does about its
# memory and threads, it does itself (``process``); this alone it has to be born with.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
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


def settle(store: Store, run_id: str) -> None:
    """A process of its own counts the exact figures of a run, behind everything else, and ends. It
    stays in this folder, since the run may be of data that are named from here."""
    if store.is_settling(run_id):
        return
    started = _process(store, None, LETHE, "settle", run_id, "--home", str(store.home))
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, started.pid, BEHIND)


def _start(store: Store, app: int | None) -> subprocess.Popen[bytes]:
    watched = ["--app", str(app)] if app else []
    # A copy of the source is imported from its own folder. An installed Lethe stays in the folder
    # the app was started from, so that relative paths mean it.
    folder = None if INSTALLED else PACKAGE.parent
    return _process(store, folder, WORKER, "--home", str(store.home), *watched)


def _process(
    store: Store, folder: Path | None, module: str, *words: str
) -> subprocess.Popen[bytes]:
    """Starts a module of Lethe in a session of its own, its output in the home's worker.log."""
    options = ["-P"] if INSTALLED else []  # imports nothing from the folder it is in
    with (store.home / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *options, "-m", module, *words],
            cwd=folder,
            env=LARGE_PAGES | os.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
