"""The process that leads a sweep: asks for settings, begins their runs, reads and tells what came.

One process at a time owns a sweep. It may be killed at any moment: all that it knows is on record
in the runs, and the next owner goes on from there.

    python -m cu_core.sweeps.owner --home FOLDER --sweep ID
"""

import argparse
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from cu_core.errors import BadRequest, LetheError, RunBusy
from cu_core.files import confined
from cu_core.spec import MethodCard, SweepRecord, SweepRequest
from cu_core.store import Store
from cu_core.store.begun import begun
from cu_core.store.sweeps import PROGRESS
from cu_core.sweeps.axes import tried
from cu_core.sweeps.executors import Executor, Place, executors
from cu_core.sweeps.leading import Leader

POLL_S = 0.25
LOOK_S = 1.0  # between two looks where no file says that anything is new: a death is no news


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cu_core.sweeps.owner")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--sweep", required=True)
    options = parser.parse_args()
    lead(Store(options.home), options.sweep)


def lead(store: Store, sweep_id: str, place: Place | None = None, poll_s: float = POLL_S) -> None:
    """Leads a sweep until nothing of it is left to do. Returns at once where another process does.

    ``place``: where its runs are made, else the executor that it asks for.
    """
    while True:
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(store.owned(sweep_id))
            except RunBusy:
                return
            with confined(begun(folder).within):  # as whoever began it was, its trials are too
                _lead(store, sweep_id, folder, place, poll_s)
        if not store.pending(sweep_id):  # given while this process was on its way out
            return


def place_of(store: Store, sweep_id: str, request: SweepRequest) -> Place:
    """The executor that a sweep asks for, at work. BadRequest where there is none of this name."""
    return executor_named(request.executor).open(store, sweep_id, request)


def executor_named(key: str) -> Executor:
    """BadRequest names the ones there are."""
    known = executors()
    if key not in known:
        raise BadRequest(f"No executor is called {key!r}; there are {', '.join(known)}.")
    return known[key]


def method_cards(store: Store, request: SweepRequest) -> Mapping[str, MethodCard]:
    """The methods of a sweep, as the catalog has them; where it lacks one, from their files, which
    need torch."""
    catalog = store.catalog()
    known = {card.key: card for card in catalog.methods} if catalog else {}
    if all(key in known for key in tried(request)):
        return known
    from cu_core import methods

    return methods.cards()


def _lead(store: Store, sweep_id: str, folder: Path, place: Place | None, poll_s: float) -> None:
    record = _readable(store, sweep_id, folder)
    if record.request is None:
        return _give_up(store, record, record.message)
    try:
        at_work = place or place_of(store, sweep_id, record.request)
        try:
            cards = method_cards(store, record.request)
            leader = Leader(store, record, record.request, folder, at_work, cards)
            _loop(store, leader, at_work, poll_s)
        finally:
            at_work.close()
    except LetheError as refusal:
        _give_up(store, record, str(refusal))
    except Exception as fault:
        traceback.print_exc()
        _give_up(store, record, f"The owner of the sweep failed: {fault!r}. See worker.log.")


def _loop(store: Store, leader: Leader, place: Place, poll_s: float) -> None:
    seen, looked = None, 0.0
    with closing(leader):
        while True:
            place.look()
            news = store.news()
            if news == seen and time.monotonic() - looked < LOOK_S:
                time.sleep(poll_s)
                continue
            seen, looked = news, time.monotonic()
            leader.look()
            if leader.at_end:
                return


def _readable(store: Store, sweep_id: str, folder: Path) -> SweepRecord:
    """The sweep; where only what its last owner said is damaged, that is moved aside: its runs say
    the same."""
    record, said = store.sweep(sweep_id), folder / PROGRESS
    if record.state != "damaged" or not said.exists():
        return record
    aside = said.replace(said.with_name(f"{PROGRESS}.damaged"))
    record = store.sweep(sweep_id)
    if record.request is None:
        aside.replace(said)
    return record


def _give_up(store: Store, record: SweepRecord, why: str) -> None:
    """The sweep has failed, with this sentence, which answers whatever was asked of it as well."""
    if record.request is not None:
        said = store.sweep(record.sweep_id).progress
        store.publish(record.sweep_id, said.model_copy(update={"state": "failed", "message": why}))
    for command in store.pending(record.sweep_id):
        store.acknowledge(command.id, why)


if __name__ == "__main__":
    main()
