"""The process behind a page: waits warm, answers questions, takes one run, and ends with it.

A run has the process to itself, so its memory is freed for certain and a crash hits nothing else.
When its run has ended, or waits for a person, it leaves another idle worker behind, so the next
click does not wait either. There is one idle worker, never two: one beside another leaves.
"""

import argparse
import ctypes
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil

from cu_core.errors import Cancelled, LetheError
from cu_core.files import confined
from cu_core.process import keep_memory, prepare
from cu_core.service.spawn import ensure_worker, settle, slots
from cu_core.spec.phases import READING, counted_words
from cu_core.store import AskedQuestion, ClaimedRun, Store, Worker

POLL_S = 0.05
LOOK_S = 0.5  # between two looks at the queue where no file says that anything is new
NEXT_S = 4.0  # after a run's start, before the next idle worker is thought of
TELL_S = 0.5  # between two words on how far an answer is
IDLE_S = 15 * 60  # an idle worker that nobody asks anything goes away


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cu_core.service.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--app", type=int, help="wait only while this process lives")
    options = parser.parse_args()
    prepare()
    store = Store(options.home)
    place = store.register_worker(os.getpid())  # before what takes seconds: others wait for it
    try:
        _wait(store, place, options.app)
    finally:
        place.release()


def _wait(store: Store, place: Worker, app: int | None) -> None:
    """Claims the oldest queued run; until there is one, warms up and answers questions."""
    from cu_core.runs.execute import execute  # what a run needs, before one is there

    if claimed := store.claim(slots()):
        store.is_ready()
    else:
        claimed = _warm(store, place, app)
    if claimed is None:
        return
    keep_memory()
    store.set_role(place, "busy", claimed.run_id)
    ended = threading.Event()
    threading.Thread(target=_succeed, args=(store, app, claimed.run_id, ended), daemon=True).start()
    redirect(store.paths.run(claimed.run_id) / "worker.log")
    try:
        if execute(store, claimed, every=False).looked_at:
            settle(store, claimed.run_id)
    finally:
        ended.set()
        if _wanted(app):
            ensure_worker(store, app)


def _succeed(store: Store, app: int | None, run_id: str, ended: threading.Event) -> None:
    """Starts the next idle worker as soon as that takes no processor from this run: where there are
    cores for two, else once it is paused. When it ends is seen to by ``_wait``."""
    while not ended.wait(NEXT_S):
        if slots() > 1 or store.run(run_id).state == "paused":
            ensure_worker(store, app)
            return


def _warm(store: Store, place: Worker, app: int | None) -> ClaimedRun | None:
    """Waits for a run, at the service of pages; None when nobody needs it any more.

    What was queued while others still counted on it is its own: it looks once more on its way out.
    """
    from cu_core.service.catalog import catalog

    store.save_catalog(catalog(store.home))
    store.is_ready()  # not before: what keeps one from here keeps each that is started after it
    _lean()
    asked, looked, seen = time.monotonic(), 0.0, None
    while time.monotonic() - asked < IDLE_S:
        news = store.news()
        if news == seen and time.monotonic() - looked < LOOK_S:
            time.sleep(POLL_S)
            continue
        seen, looked = news, time.monotonic()
        if question := store.next_question():
            _answer(store, question)
            asked, seen = time.monotonic(), None
        if claimed := store.claim(slots()):
            return claimed
        if _is_spare(store, place):
            return None
        if not _wanted(app):
            break
    store.set_role(place, "leaving")
    return store.claim(slots())


def _answer(store: Store, question: AskedQuestion) -> None:
    from cu_core.data.counting import counting
    from cu_core.service.questions import answer

    try:
        with counting(_teller(store, question)), confined(question.within):
            found = answer(store, question.kind, question.payload)
        store.reply(question.id, found)
    except LetheError as refusal:
        store.reply(question.id, None, str(refusal))
    except Exception as fault:
        traceback.print_exc()
        store.reply(question.id, None, f"The worker failed: {fault!r}. See worker.log.")
    _lean()


def _teller(store: Store, question: AskedQuestion) -> Callable[[int, int], None]:
    """Tells whoever asked how far the reading of the data is. Cancelled once nobody wants it."""
    told = -TELL_S

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_S:
            told = time.monotonic()
            if not store.tell(question.id, counted_words(READING.key, done, total)):
                raise Cancelled("Nobody waits for this answer any more.")

    return tell


def _is_spare(store: Store, place: Worker) -> bool:
    """Whether another idle worker comes before this one on the list."""
    idle = [worker.pid for worker in store.workers() if worker.role == "idle"]
    return place.pid in idle[1:]


def _wanted(app: int | None) -> bool:
    return app is None or psutil.pid_exists(app)


def _lean() -> None:
    """Gives back what an answer took: allocations that are kept (see ``process``) are for a
    run's steps, not for a process that waits."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def redirect(log: Path) -> None:
    """From here on whatever is printed, tracebacks too, belongs to the run."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)


if __name__ == "__main__":
    main()
