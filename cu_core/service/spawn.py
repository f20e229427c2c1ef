"""Starts worker processes without importing anything heavy: pages and workers both call it."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from cu_core.errors import LetheError, StoreError
from cu_core.files import CONFINED, INSTALLED, PACKAGE, TOKEN
from cu_core.store import Store
from cu_core.store.visiting import ONLY_LOOKING

BEHIND = 10  # as nice counts: what nobody waits for leaves the cores to what somebody does
WORKER, LETHE, OWNER = "cu_core.service.worker", "cu_core", "cu_core.sweeps.owner"
TRIALS, HANDING = "cu_core.service.trials", "cu_core.stage.handing"
KEPT_HERE = (TOKEN, CONFINED)  # of the environment
VISIBLE = "CUDA_VISIBLE_DEVICES"
# With large pages a step of ResNet-18 took 1.71 s, not 1.99. What else a process does about its
# memory and threads, it does itself (``process``); this alone it has to be born with.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
# Of several runs at once each has its own core; threads of the measures' algebra that wait for one
# another beside them made a run on digits 15 % dearer. What torch computes with, the plan says.
ALONE = {"OPENBLAS_NUM_THREADS": "1"}
LISTED_S = 60.0  # a process that has not come on the list by then is not coming


def slots() -> int:
    """Runs at once: they would only slow each other down on a small machine."""
    return max(1, (os.cpu_count() or 1) // 4)


def see_to_runs(store: Store, app: int | None = None) -> bool:
    """Somebody takes what is queued: an idle worker, or the one that follows a busy one. True when
    a worker had to be started."""
    if slots() == 1 and any(worker.run_id for worker in store.workers()):
        return False  # one that is started beside a run takes the processor from it
    return ensure_worker(store, app)


def ensure_worker(store: Store, app: int | None = None) -> bool:
    """One idle worker waits, so that a click starts at once. True when one had to be started. None
    is once several have ended before they were ready, until ``store.is_ready`` is said again.

    A session of its own: closing the app or its terminal does not reach a run. An idle worker
    goes when the process ``app`` does; a running one stays to the end of its run.
    """
    with store.only_one("spawn") as first:
        if not first or store.idle_workers() or store.failed_starts().words(store.home):
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
    _behind(_process(store, None, LETHE, "settle", run_id, "--home", str(store.home)))


def hand_out(store: Store, question_id: int) -> None:
    """A process of its own makes the file that this question asks for; one whose question is taken
    leaves at once."""
    folder = None if INSTALLED else PACKAGE.parent
    words = ("--home", str(store.home), "--question", str(question_id))
    _process(store, folder, HANDING, *words)


def lead(store: Store, sweep_id: str) -> None:
    """A process of its own leads a sweep to its end; one that is led already is left alone."""
    if not store.is_owned(sweep_id):
        _process(store, None, OWNER, "--home", str(store.home), "--sweep", sweep_id)


def trials(store: Store, sweep_id: str, slot: str, device: int | None) -> subprocess.Popen[bytes]:
    """A process of its own makes the runs of a sweep, one after the other, in this slot, behind
    what a person waits for. ``device``: of several GPUs the only one that it sees."""
    words = ("--home", str(store.home), "--sweep", sweep_id, "--slot", slot)
    seen = {} if device is None else {VISIBLE: _gpu(device)}
    return _behind(_process(store, None, TRIALS, *words, **ALONE, **seen))


def _gpu(number: int) -> str:
    """By the name under which this process sees it."""
    named = [name for name in os.environ.get(VISIBLE, "").split(",") if name]
    return named[number] if number < len(named) else str(number)


def _behind(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, process.pid, BEHIND)
    return process


def _start(store: Store, app: int | None) -> subprocess.Popen[bytes]:
    watched = ["--app", str(app)] if app else []
    # A copy of the source is imported from its own folder. An installed Lethe stays in the folder
    # the app was started from, so that relative paths mean it.
    folder = None if INSTALLED else PACKAGE.parent
    process = _process(store, folder, WORKER, "--home", str(store.home), *watched)
    threading.Thread(target=_watch, args=(store, process), daemon=True).start()
    return process


def _watch(store: Store, worker: subprocess.Popen[bytes]) -> None:
    """Counts it among those that ended before they were ready, unless one after it is ready."""
    if code := worker.wait():
        with suppress(LetheError):  # the home went with it, or its disk is full
            store.start_failed(code)


def _process(
    store: Store, folder: Path | None, module: str, *words: str, **more: str
) -> subprocess.Popen[bytes]:
    """Starts a module of Lethe in a session of its own, its output in the home's worker.log.
    ``more``: of the environment, of which the visitors' token is left out: a worker may run code
    that is not ours. What it may read goes with what it takes, whoever began that. When it ends it
    leaves nothing behind, whoever still looks."""
    if store.read_only and module not in (WORKER, HANDING):
        raise StoreError(ONLY_LOOKING)
    options = ["-P"] if INSTALLED else []  # imports nothing from the folder it is in
    with (store.home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *options, "-m", module, *words],
            cwd=folder,
            env=LARGE_PAGES | {k: v for k, v in os.environ.items() if k not in KEPT_HERE} | more,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name=f"reap {process.pid}", daemon=True).start()
    return process
