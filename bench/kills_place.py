"""A home in which runs are killed: what was seen of one before, and what becomes of it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.serving import ROOT, end_workers
from cu_core.errors import LetheError
from cu_core.service import spawn
from cu_core.spec import FINAL, UnlearnRequest
from cu_core.store import Store

WAIT_S, LOOK_S = 300.0, 0.005


class Missed(RuntimeError):
    """The moment of a kill was over between two looks."""


@dataclass
class Outcome:
    """Of one kill: how much had been seen, how much of it was gone or other afterwards, at once or
    at the end; ``fault``: what did not go on as it should."""

    rows: int = 0
    rows_lost: int = 0
    snapshots: int = 0
    snapshots_lost: int = 0
    note: str = ""
    fault: str = ""


@dataclass
class Witness:
    """What a reader has seen of a run, which is what it was told is kept."""

    store: Store
    run_id: str
    rows: dict[tuple[int, str], str] = field(default_factory=dict)
    snapshots: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        reader = self.store.reader(self.run_id)
        for name, (steps, values) in reader.metrics().items():
            for step, value in zip(steps, values, strict=True):
                self.rows[step, name] = repr(value)  # NaN equals itself so
        self.snapshots |= {row.step: row.sha256 for row in reader.snapshots()}

    def lost(self) -> tuple[int, int]:
        """Rows and snapshots that were seen and are not there now, whole and with their values."""
        now = Witness(Store(self.store.home), self.run_id)
        now.look()
        rows = sum(now.rows.get(key) != value for key, value in self.rows.items())
        reader, gone = now.store.reader(self.run_id), 0
        for step, digest in self.snapshots.items():
            try:
                reader.frame(step)  # its file is what its row says
                gone += now.snapshots.get(step) != digest
            except LetheError:
                gone += 1
        return rows, gone


class Place:
    """A home with one warm worker, in which runs are killed."""

    def __init__(self, home: Path, chance: random.Random, unbroken: dict[str, str]) -> None:
        """``unbroken``: by request, the weights of a run that nobody killed; filled as needed."""
        self.home, self.chance, self.unbroken = home, chance, unbroken
        self.store = Store(home)

    def anew(self) -> None:
        """Empty: no model and no run."""
        shutil.rmtree(self.home)
        self.store = Store(self.home)

    def quiet(self) -> None:
        end_workers(self.store)
        until(lambda: not self.store.workers(), "workers of this home live on")

    def warm(self, app: int | None = None) -> None:
        """A worker waits, and has loaded what a run needs: it says so by the catalog. (One that is
        killed before has not started; after three of those nobody starts another.)"""
        if not self.store.idle_workers():
            self.store.paths.catalog.unlink(missing_ok=True)
        spawn.ensure_worker(self.store, app)
        until(lambda: self.store.idle_workers() > 0, "no worker waits")
        ready = self.store.paths.catalog.exists
        until(lambda: ready() and not self.store.failed_starts().count, "the worker is not ready")

    def weights(self, request: UnlearnRequest) -> str:
        key = request.model_dump_json()
        if key not in self.unbroken:
            other = Place(self.home.with_name("unbroken"), self.chance, self.unbroken)
            self.unbroken[key] = other.taken_up(other.store.enqueue(request))
        return self.unbroken[key]

    def taken_up(self, run_id: str) -> str:
        """Ends a run that was lost, by the command line, as a person would; its weights."""
        words = [sys.executable, "-m", "cu_core", "resume", run_id, "--json"]
        done = subprocess.run(
            [*words, "--home", str(self.home)], cwd=ROOT, capture_output=True, text=True,
            timeout=WAIT_S,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{run_id} could not be taken up: {done.stderr.strip()}")
        return str(json.loads(done.stdout)["weights_sha256"])

    def killed(self, request: UnlearnRequest, now: Callable[[Witness, float], bool]) -> Outcome:
        """One run whose worker is killed as soon as ``now(witness, seconds)`` holds, and what
        becomes of it. RuntimeError when it ended before."""
        self.weights(request)
        self.warm()
        run_id, began = self.store.enqueue(request), time.monotonic()
        seen, store = Witness(self.store, run_id), self.store
        while not now(seen, time.monotonic() - began):
            seen.look()
            if store.run(run_id).state in FINAL or time.monotonic() > began + WAIT_S:
                raise Missed(f"the run ended, or hung, before its moment ({run_id})")
            time.sleep(LOOK_S)
        gone([worker.pid for worker in store.workers()])
        return self.after(seen, request)

    def after(self, seen: Witness, request: UnlearnRequest) -> Outcome:
        found = Outcome(len(seen.rows), snapshots=len(seen.snapshots))
        found.rows_lost, found.snapshots_lost = seen.lost()
        found.note = self.store.run(seen.run_id).state
        if found.note not in ("lost", "queued"):
            found.fault = f"{seen.run_id} is {found.note} after the kill"
        if self.taken_up(seen.run_id) != self.weights(request):
            found.fault = f"{seen.run_id} ended with other weights than the unbroken run"
        rows, snapshots = seen.lost()  # taken up from a checkpoint: what was made anew is the same
        found.rows_lost = max(found.rows_lost, rows)
        found.snapshots_lost = max(found.snapshots_lost, snapshots)
        return found


def until(holds: Callable[[], bool], what: str, seconds: float = WAIT_S) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"After {seconds:.0f} s {what}.")
        time.sleep(LOOK_S)


def gone(pids: Sequence[int]) -> None:
    """Kills them all before it waits for any."""
    processes = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(processes, WAIT_S)
