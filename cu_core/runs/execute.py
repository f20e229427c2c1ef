"""Runs a claimed request to its end: the page's worker and the command line call this one."""

from collections.abc import Iterator
from contextlib import closing, suppress

from cu_core import data
from cu_core.data.counting import counting
from cu_core.errors import BadRequest, Cancelled, DiskFull
from cu_core.files import confined
from cu_core.runs import reference_models, unlearning
from cu_core.runs.commands import Commands, ticking
from cu_core.runs.course import stretches
from cu_core.runs.memory import check_memory
from cu_core.runs.notes import notes
from cu_core.runs.progress import Progress, Tell
from cu_core.runs.resolve import Setup, method_of
from cu_core.runs.waiting import Waiting
from cu_core.spec import (
    ACTIVE,
    FetchRequest,
    Request,
    RunProgress,
    RunState,
    Snapshot,
    StepLog,
    Summary,
    TrainRequest,
    UnlearnRequest,
    WatchRequest,
)
from cu_core.spec.phases import READING
from cu_core.store import ClaimedRun, FolderGone, RunWriter, Store
from cu_core.store.patience import refuse


def check(store: Store, request: Request, model_to_come: bool = False) -> tuple[str, ...]:
    """Refuses, with a sentence, what cannot run; leaves no trace. Returns sentences on what can run
    and may not do what is expected of it.

    ``model_to_come``: the request's ``original`` is yet to be made, by the stage before it.
    """
    return checked(store, request, model_to_come)[0]


def checked(
    store: Store, request: Request, model_to_come: bool = False
) -> tuple[tuple[str, ...], Setup | None]:
    """What ``check`` does and returns; and, for ``execute``, the request as it was resolved."""
    if isinstance(request, FetchRequest):
        data.fetcher(request.dataset)
        return (), None
    if isinstance(request, WatchRequest):
        raise BadRequest("A loop that is watched runs in a script of its own, not here.")
    setup = Setup(request, store.home)
    if not isinstance(request, UnlearnRequest):
        check_memory(setup, None)
        return setup.forget.notes if setup.forget else (), setup
    assert setup.forget is not None
    method = method_of(request, setup.forget)
    for stretch in stretches(setup, method):
        check_memory(setup, stretch.method)
    if not model_to_come:
        reference_models.check_original(store, setup)
    return notes(setup, method), setup


def execute(
    store: Store,
    claimed: ClaimedRun,
    tell: Tell | None = None,
    every: bool = True,
    setup: Setup | None = None,
) -> Summary:
    """Runs a claimed request to its end and returns the summary on record; see ``events``."""
    *_, summary = events(store, claimed, tell, every, setup)
    assert isinstance(summary, Summary)  # the last one is
    return summary


def events(
    store: Store,
    claimed: ClaimedRun,
    tell: Tell | None = None,
    every: bool = True,
    setup: Setup | None = None,
) -> Iterator[StepLog | Snapshot | Summary]:
    """What a claimed request gives on its way, and last its summary.

    The final state is done, stopped or failed; a LetheError or any other exception is recorded
    with its sentence before it propagates. Closed before its end, the run is stopped, and can be
    resumed. While the disk is full it waits (``waiting``). ``tell``: hears the counters as they are
    written. ``every``: sample is asked before the verdict; where it stands on a draw of a large
    set, ``settling`` is to follow. ``setup``: the request as it was resolved a moment ago, where it
    was.
    """
    waiting, store = Waiting(store, claimed.run_id), store.patient(claimed.run_id)
    store.patience.wait = waiting
    with claimed, confined(claimed.within), closing(store.writer(claimed.run_id)) as writer:
        try:
            writer.move(("starting",), "running")
            for event in _dispatch(store, claimed, writer, tell, every, setup):
                if isinstance(event, Summary):
                    state: RunState = "stopped" if event.stopped else "done"
                    writer.finish(event)
                    writer.move(ACTIVE, state, event.message)
                yield event
        except FolderGone:
            raise  # there is nothing to say it on, and what lies there now is another's
        except (Cancelled, KeyboardInterrupt, GeneratorExit) as stop:
            store.patience.wait = refuse  # who leaves does not wait
            with suppress(DiskFull):  # then it is found to be lost, and can be resumed as well
                writer.move(ACTIVE, "stopped", str(stop) or "Stopped by you.")
            raise
        except BaseException as error:
            writer.move(ACTIVE, "failed", str(error) or type(error).__name__)
            raise


def _dispatch(
    store: Store,
    claimed: ClaimedRun,
    writer: RunWriter,
    tell: Tell | None,
    every: bool,
    setup: Setup | None,
) -> Iterator[StepLog | Snapshot | Summary]:
    request = claimed.request
    progress, commands = Progress(writer, tell), Commands(store, claimed.run_id, writer)
    tick = ticking(progress, commands)
    if isinstance(request, FetchRequest):
        data.fetch(request.dataset, store.home, tick)
        yield Summary(message=f"{request.dataset} is ready.")
        return
    if isinstance(request, WatchRequest):
        check(store, request)
        return
    progress.report(READING.key)
    with counting(lambda done, total: tick(READING.key, done, total, {})):
        setup = setup or Setup(request, store.home)
    writer.put(RunProgress(device=setup.device, class_names=setup.dataset.class_names))
    if isinstance(request, TrainRequest):
        with setup.computing():
            yield reference_models.train_request(store, setup, tick)
    else:
        yield from unlearning.unlearn(store, setup, writer, progress, commands, every)
