"""Runs at the command line: begun here, taken up, or followed while another process has them."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from cu_core import forget
from cu_core.cli._print import print_run
from cu_core.errors import Cancelled, LetheError, RunBusy
from cu_core.service.spawn import settle
from cu_core.spec import (
    LIVE,
    Request,
    RunProgress,
    RunRecord,
    data_words,
)
from cu_core.spec.phases import PHASES, phase_words, wait_words
from cu_core.store import RESUMABLE, ClaimedRun, Store
from cu_core.store.patience import low

if TYPE_CHECKING:
    from cu_core.runs.resolve import Setup

POLL_S = 0.2  # how often a run that another process has is looked at
INTERRUPTED = 130  # what shells call the end by Ctrl-C


def run(options: Namespace, request: Request) -> int:
    """Runs a request here, to its end; the exit code.

    Held from the moment it is on record, so that no worker of an open app gets it in between.
    """
    from cu_core.runs.execute import checked
    from cu_core.runs.originals import complete

    store = Store(options.home)
    store.paths.must_write()
    request = complete(store, request)
    told, setup = checked(store, request)  # a request that cannot run leaves no run behind
    for note in (*told, low(store.home)):
        if note:
            print(note, file=sys.stderr)
    claimed = store.claim_new(request, getattr(options, "name", None))
    return _finish(options, store, claimed, setup)


def take_up(options: Namespace, run_id: str) -> int:
    """Runs what has been begun to its end, or waits for the process that does; the exit code."""
    store = Store(options.home)
    store.paths.must_write()
    while True:
        try:
            claimed = store.claim_run(run_id, ("queued", *RESUMABLE))
        except RunBusy:
            ended = _follow(options, store, run_id)
            if ended is not None:
                return ended
        else:
            return _finish(options, store, claimed)


def _finish(
    options: Namespace, store: Store, claimed: ClaimedRun, setup: "Setup | None" = None
) -> int:
    from cu_core.runs.execute import execute

    run_id = claimed.run_id
    try:
        tell = None if options.json else _teller(claimed.request)
        execute(store, claimed, tell, every=getattr(options, "exact", True), setup=setup)
    except (Cancelled, KeyboardInterrupt):
        print(f"Stopped. Resume with: python -m cu_core resume {run_id}", file=sys.stderr)
    except LetheError as failure:
        print(failure, file=sys.stderr)
        return 1
    record = store.run(run_id)
    print_run(options, record)
    if record.summary.looked_at:
        settle(store, run_id)
    return 0


def _teller(request: Request) -> Callable[[RunProgress], None]:
    """Says each phase as it begins, and how long its part of the run takes, as the page does."""
    told = ""
    data = data_words(request.data)
    what = forget.words(rule) if (rule := getattr(request, "forget", None)) else ""

    def tell(progress: RunProgress) -> None:
        nonlocal told
        key = progress.phase
        if key == told:
            return
        told = key
        wait = progress.waits.get(PHASES[key].part) if key in PHASES else None
        left = f", {wait_words(wait)}" if wait and wait.left else ""
        print(f"{phase_words(key, data, what)}{left}", file=sys.stderr, flush=True)

    return tell


def _follow(options: Namespace, store: Store, run_id: str) -> int | None:
    """Waits for a run that another process has; None when it is there to be taken up after all."""
    told, alive = "", False
    try:
        while (record := store.run(run_id)).state in LIVE:
            alive = True
            if told != (told := _progress(record)):
                print(told, file=sys.stderr, flush=True)
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        print(
            f"No longer waiting; the run goes on. See it with: python -m cu_core show {run_id}",
            file=sys.stderr,
        )
        return INTERRUPTED
    if record.state == "lost" or (record.state in RESUMABLE and not alive):
        time.sleep(POLL_S)  # its process is just leaving, or has died
        return None
    if record.state == "failed":
        print(record.message, file=sys.stderr)
        return 1
    print_run(options, record)
    return 0


def _progress(record: RunRecord) -> str:
    counted = f" {record.step}/{record.total}" if record.total else ""
    paused = "paused, " if record.state == "paused" else ""
    waits = f". {record.message}" if record.message else ""
    return f"Another process has this run: {paused}{record.phase or record.state}{counted}{waits}"
