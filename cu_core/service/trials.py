"""The process behind a sweep: makes its runs one after the other, and pays for its start once.

A run of a sweep is as the same request would be by itself, bit for bit. What may differ between two
of them is theirs; imports, data and models, which do not, stay here from one to the next. A fault
that Lethe does not know ends the process with its run, so that the next one begins clean.
"""

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cu_core.errors import LetheError
from cu_core.files import confined
from cu_core.process import keep_memory, loaded, prepare
from cu_core.service.worker import POLL_S, redirect
from cu_core.spec import Summary, UnlearnRequest
from cu_core.store import ClaimedRun, Slot, Store

if TYPE_CHECKING:
    from cu_core.runs.resolve import Setup

IDLE_S = 60.0  # without a run; a sweep that goes on later starts it again
GROWTH, GROWN = 2.0, 1 << 30  # times its first run's memory, and bytes above that: then it goes


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cu_core.service.trials")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--sweep", required=True, help="make the runs of this sweep alone")
    parser.add_argument("--slot", default="0", help="the share of this machine to make them on")
    options = parser.parse_args()
    prepare()
    store = Store(options.home)
    lock = store.take_slot(options.slot, options.sweep)
    if lock is None:
        return  # another process came first
    try:
        serve(store, options.sweep, options.slot)
    finally:
        lock.release()


def serve(store: Store, sweep_id: str, slot: str) -> None:
    """Takes what is queued of a sweep, until nobody leads it any more and nothing is left, until
    nothing has come for a while, or until it holds much more memory than it did at first."""
    keep_memory()
    rested, first = time.monotonic(), 0
    setup: Setup | None = None
    while time.monotonic() - rested < IDLE_S:
        claimed = store.claim_trial(sweep_id)
        if claimed is not None:
            setup = _make(store, claimed, sweep_id, slot, setup)
            loaded()  # in the background of a run that may have failed before it was needed
            gc.collect()
            if not first:
                gc.freeze()  # modules and caches stay: no need to look through them each time
            rested, held = time.monotonic(), psutil.Process().memory_info().rss
            first = first or held
            if held > GROWTH * first and held > first + GROWN:
                return  # another begins in its place
        elif store.is_owned(sweep_id):
            time.sleep(POLL_S)
        else:
            return


def _make(
    store: Store, claimed: ClaimedRun, sweep_id: str, slot: str, last: "Setup | None"
) -> "Setup | None":
    """One run, to its end; whatever it prints is in its own log. How it was resolved, for the next:
    ``last`` is that of the one before."""
    from cu_core.runs.execute import execute

    setup = None
    with _into(store.paths.run(claimed.run_id) / "worker.log"), confined(claimed.within):
        try:
            setup = _resolved(store, claimed, last)
            made = execute(store, claimed, every=False, setup=setup)
            store.say_of_slot(slot, _facts(sweep_id, made))
        except LetheError as refusal:
            print(refusal, file=sys.stderr)  # and on record
    return setup or last


def _resolved(store: Store, claimed: ClaimedRun, last: "Setup | None") -> "Setup | None":
    """None of a request that cannot run: whoever runs it says why, on its record."""
    from cu_core.runs.resolve import Setup

    request = claimed.request
    if not isinstance(request, UnlearnRequest):
        return None
    try:
        return Setup(request, store.home, last)
    except LetheError:
        return None


def _facts(sweep_id: str, made: Summary) -> Slot:
    import torch

    return Slot(
        sweep=sweep_id,
        pid=os.getpid(),
        plan=made.plan,
        device=made.device,
        devices=torch.cuda.device_count(),
        peak=psutil.Process().memory_info().rss,  # what was freed is kept, so this is the most
    )


@contextmanager
def _into(log: Path) -> Iterator[None]:
    """Output belongs to a run for as long as that is made."""
    own = os.dup(1), os.dup(2)
    redirect(log)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, handle in enumerate(own, start=1):
            os.dup2(handle, number)
            os.close(handle)


if __name__ == "__main__":
    main()
