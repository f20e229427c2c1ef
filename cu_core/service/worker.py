"""The process behind a page: waits warm, answers questions, takes one run, and ends with it.

A run has the process to itself, so its memory is freed for certain and a crash hits nothing else.
Soon after its run has started it leaves another idle worker behind, so the next click does not
wait either.
"""

import argparse
import os
import threading
import time
import traceback
from pathlib import Path

import psutil

from cu_core.data.counting import Listener, counting
from cu_core.errors import LetheError
from cu_core.service.spawn import ensure_worker
from cu_core.spec.phases import READING, counted_words
from cu_core.store import AskedQuestion, ClaimedRun, Store, Worker

POLL_S = 0.05
QUIET_S = 6.0  # without a question, before umap is compiled
NEXT_S = 4.0  # after a run's start, before the next idle worker is made
TELL_S = 0.5  # between two words on how far an answer is
IDLE_S = 15 * 60  # an idle worker that nobody asks anything goes away


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cu_core.service.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--app", type=int, help="wait only while this process lives")
    options = parser.parse_args()
    store = Store(options.home)
    place = store.register_worker(os.getpid())
    try:
        _wait(store, place, options.app)
    finally:
        place.release()


def _wait(store: Store, place: Worker, app: int | None) -> None:
    """Claims the oldest queued run; until there is one, warms up and answers questions."""
    from cu_core.runs.execute import execute

    claimed = store.claim(slots())
    if claimed is None:
        claimed = _warm(store, app)
    if claimed is None:
        return
    store.set_role(place, "busy", claimed.run_id)
    # The next one waits warm, but starts when the first frames are out: they come first.
    successor = threading.Timer(NEXT_S, ensure_worker, (store, app))
    successor.start()
    _redirect(store.paths.run(claimed.run_id) / "worker.log")
    try:
        execute(store, claimed)
    finally:
        successor.cancel()
        if _wanted(app):
            ensure_worker(store, app)


def _warm(store: Store, app: int | None) -> ClaimedRun | None:
    """Waits for a run, at the service of pages; None when nobody needs it any more."""
    from cu_core.projection import warm_up
    from cu_core.service.catalog import catalog
    from cu_core.service.questions import answer

    store.save_catalog(catalog(store.home))
    asked, warm = time.monotonic(), False
    while time.monotonic() - asked < IDLE_S and _wanted(app):
        if not warm and time.monotonic() - asked > QUIET_S:
            # umap compiles itself in every process, for seconds: not while a page waits.
            threading.Thread(target=warm_up, daemon=True).start()
            warm = True
        question = store.next_question()
        if question:
            asked = time.monotonic()
            try:
                with counting(_teller(store, question)):
                    found = answer(store, question.kind, question.payload)
                store.reply(question.id, found)
            except LetheError as refusal:
                store.reply(question.id, None, str(refusal))
            except Exception as fault:
                traceback.print_exc()
                store.reply(question.id, None, f"The worker failed: {fault!r}. See worker.log.")
        claimed = store.claim(slots())
        if claimed:
            return claimed
        time.sleep(POLL_S)
    return None


def _teller(store: Store, question: AskedQuestion) -> Listener:
    """Tells whoever asked how far the reading of the data is."""
    told = -TELL_S

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_S:
            told = time.monotonic()
            store.tell(question.id, counted_words(READING.key, done, total))

    return tell


def _wanted(app: int | None) -> bool:
    return app is None or psutil.pid_exists(app)


def _redirect(log: Path) -> None:
    """From here on whatever is printed, tracebacks too, belongs to the run."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)


def slots() -> int:
    """Runs at once: they would only slow each other down on a small machine."""
    return max(1, (os.cpu_count() or 1) // 4)


if __name__ == "__main__":
    main()
