"""Runs a claimed request to its end: the page's worker and the command line call this one."""

from contextlib import closing

from cu_core import data
from cu_core.errors import Cancelled
from cu_core.runs import reference_models, unlearning
from cu_core.runs.commands import Commands, ticking
from cu_core.runs.progress import Progress
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import (
    ACTIVE,
    FetchRequest,
    Request,
    RunProgress,
    RunState,
    Summary,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.store import ClaimedRun, RunWriter, Store


def check(store: Store, request: Request, model_to_come: bool = False) -> None:
    """Refuses, with a sentence, what cannot run; leaves no trace.

    ``model_to_come``: the request's ``original`` is yet to be made, by the stage before it.
    """
    if isinstance(request, FetchRequest):
        return
    setup = Setup(request, store.home)
    if isinstance(request, UnlearnRequest):
        assert setup.forget is not None
        method_of(request, setup.forget)
        if not model_to_come:
            reference_models.check_original(store, setup)


def execute(store: Store, claimed: ClaimedRun) -> Summary:
    """Runs a claimed request to its end and returns the summary on record.

    The final state is done, stopped or failed; a LetheError or any other exception is recorded
    with its sentence before it propagates.
    """
    with claimed, closing(store.writer(claimed.run_id)) as writer:
        try:
            writer.move(("starting",), "running")
            summary = _dispatch(store, claimed, writer)
            state: RunState = "stopped" if summary.stopped else "done"
            writer.finish(summary)
            writer.move(ACTIVE, state, summary.message)
            return summary
        except (Cancelled, KeyboardInterrupt) as stop:
            writer.move(ACTIVE, "stopped", str(stop) or "Stopped by you.")
            raise
        except BaseException as error:
            writer.move(ACTIVE, "failed", str(error) or type(error).__name__)
            raise


def _dispatch(store: Store, claimed: ClaimedRun, writer: RunWriter) -> Summary:
    request = claimed.request
    progress, commands = Progress(writer), Commands(store, claimed.run_id, writer)
    tick = ticking(progress, commands)
    if isinstance(request, FetchRequest):
        data.fetch(request.dataset, store.home, tick)
        return Summary(message=f"{request.dataset} is ready.")
    setup = Setup(request, store.home)
    writer.put(RunProgress(device=setup.device, class_names=setup.dataset.class_names))
    if isinstance(request, TrainRequest):
        return reference_models.train_request(store, setup, tick)
    return unlearning.unlearn(store, setup, writer, progress, commands)
