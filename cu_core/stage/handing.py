"""The process that makes one file of a run for a page: slower ones, so that no page waits for them
and no run waits for whoever makes them.

It takes the one question that it was started for, says how far it is, and ends at the next word
once nobody wants the file any more. Killed, it leaves no file, and the page says so.

    python -m cu_core.stage.handing --home FOLDER --question NUMBER
"""

import argparse
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from cu_core.errors import BadRequest, Cancelled, LetheError
from cu_core.spec import Export, Exported, question
from cu_core.stage.export import ExportFormat, Order, formats
from cu_core.store import AskedQuestion, Store

TELL_S = 0.25  # between two words on how far it is, and two looks at whether it is still wanted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cu_core.stage.handing")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--question", type=int, required=True)
    options = parser.parse_args()
    store = Store(options.home)
    place = store.register_worker(os.getpid(), "busy")  # by which others see whether it lives
    try:
        hand_out(store, options.question)
    finally:
        place.release()


def hand_out(store: Store, question_id: int) -> None:
    """Answers this question, unless somebody has it already."""
    taken = store.take_question(question_id)
    if taken is None:
        return
    try:
        asked = question(taken.kind, taken.payload)
        if not isinstance(asked, Export):
            raise BadRequest(f"{taken.kind!r} asks for no file, so no file was made.")
        _keep(store, taken, asked)
    except Cancelled:
        return  # who cancelled knows
    except LetheError as refusal:
        store.reply(question_id, None, str(refusal))
    except Exception as fault:
        traceback.print_exc()
        store.reply(question_id, None, f"The file could not be made: {fault!r}. See worker.log.")


def format_of(key: str) -> ExportFormat:
    """BadRequest names the ones there are."""
    known = formats()
    if key not in known:
        raise BadRequest(f"There is no format {key!r}; there are {', '.join(known)}.")
    return known[key]


def _keep(store: Store, taken: AskedQuestion, asked: Export) -> None:
    kind, version = format_of(asked.format), store.version(asked.run)
    record = store.run(asked.run)
    tick = _teller(store, taken.id, kind.counts)
    data = kind.make(store, record, Order(asked.opens, tick))
    if store.version(asked.run) != version:
        raise BadRequest("The run has changed meanwhile. Make it again.")
    path = store.save_handout(asked, kind.ending, data, version)
    if not store.reply(taken.id, Exported(bytes=len(data))):
        path.unlink(missing_ok=True)


def _teller(store: Store, question_id: int, counts: str) -> Callable[[int, int], None]:
    """Says "Frame 31 of 240" to whoever asked. Cancelled once nobody wants the file."""
    told = -TELL_S

    def tick(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_S:
            return
        told = time.monotonic()
        if not store.tell(question_id, f"{counts.capitalize()} {done:,} of {total:,}"):
            raise Cancelled("Nobody waits for this file any more.")

    return tick


if __name__ == "__main__":
    main()
