"""Runs a claimed request to its end: the page's worker and the command line call this one."""

from contextlib import closing
from typing import Any

from cu_core import data
from cu_core.errors import Cancelled
from cu_core.runs import reference_models, unlearning
from cu_core.runs.commands import Control
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import ACTIVE, FetchRequest, Request, RunState, TrainRequest, UnlearnRequest
from cu_core.store import ClaimedRun, RunWriter, Store


def check(store: Store, request: Request, model_to_come: bool = False) -> None:
    """Refuses, with a sentence, what cannot run; leaves no trace.

    ``model_to_come``: the request's ``original`` is yet to be made, by the stage before it.
    """
    if isinstance(request, FetchRequest):
        data.fetcher(request.dataset)
        return
    setup = Setup(request, store.home)
    if isinstance(request, UnlearnRequest):
        assert setup.forget is not None
        method_of(request, setup.forget)
        if not model_to_come:
            reference_models.check_original(store, setup)


def execute(store: Store, claimed: ClaimedRun) -> dict[str, Any]:
    """Runs a claimed request to its end and returns the summary on record.

    The final state is done, stopped or failed; a LetheError or any other exception is recorded
    with its sentence before it propagates.
    """
    run_id, request = claimed.run_id, claimed.request
    with claimed, closing(store.writer(run_id)) as writer:
        return _to_the_end(store, run_id, request, writer)


def _to_the_end(store: Store, run_id: str, request: Request, writer: RunWriter) -> dict[str, Any]:
    control = Control(store, run_id, writer)
    try:
        writer.move(("starting",), "running")
        summary = _dispatch(store, run_id, request, writer, control)
        state: RunState = "stopped" if summary.get("stopped") else "done"
        writer.finish(summary)
        writer.move(ACTIVE, state, str(summary.get("message", "")))
        return summary
    except (Cancelled, KeyboardInterrupt) as stop:
        writer.move(ACTIVE, "stopped", str(stop) or "Stopped by you.")
        raise
    except BaseException as error:
        writer.move(ACTIVE, "failed", str(error) or type(error).__name__)
        raise


def _dispatch(
    store: Store, run_id: str, request: Request, writer: RunWriter, control: Control
) -> dict[str, Any]:
    if isinstance(request, FetchRequest):
        data.fetch(request.dataset, store.home, control.tick)
        return {"message": f"{request.dataset} is ready."}
    setup = Setup(request, store.home)
    writer.put_many({"device": setup.device, "class_names": list(setup.dataset.class_names)})
    if isinstance(request, TrainRequest):
        return reference_models.train_request(store, setup, control)
    return unlearning.UnlearnRun(store, run_id, setup, writer, control).go()
