"""The exact figures of a run whose verdict stands on a draw: counted once nobody waits any more."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.errors import StoreError
from cu_core.files import confined
from cu_core.models import checkpoint
from cu_core.runs.conclude import stopped_at, told
from cu_core.runs.evaluation import Evaluation
from cu_core.runs.resolve import Setup
from cu_core.spec import RunProgress, RunRecord, Summary, UnlearnRequest
from cu_core.store import Store
from cu_core.store.begun import begun
from cu_core.store.sealed import WEIGHTS


def settle(store: Store, run_id: str) -> Summary:
    """The run's record with every accuracy counted on all samples; nothing else of it changes.

    Returned at once where they are, or where another process is counting. A LetheError says why
    it cannot be done: the data or a model are no longer what they were, or the run is at work.
    """
    with store.settling(run_id) as mine:
        record = store.run(run_id)
        if not mine or record.summary.looked_at is None:
            return record.summary
        with confined(begun(store.paths.run(run_id)).within):  # as it was made
            exact = _counted(store, record)
        with store.ended(run_id), closing(store.writer(run_id)) as writer:
            writer.put(RunProgress(original=exact.original))
            if exact.retrained:
                writer.put(RunProgress(retrained=exact.retrained))
            writer.finish(exact)
        return exact


@contextmanager
def looking_again(store: Store, record: RunRecord) -> Iterator[tuple[Evaluation, Any]]:
    """What a run that has ended was measured with, and the model that it left, for as long as they
    are looked at. A LetheError says what is no longer as it was."""
    request, summary = record.request, record.summary
    assert isinstance(request, UnlearnRequest)
    setup, reader = Setup(request, store.home), store.reader(record.run_id)
    assert setup.forget is not None
    if setup.forget.hash != summary.forget.hash:
        raise StoreError(
            f"{request.data} no longer holds what run {record.run_id} forgot, so its models "
            "cannot be looked at again; its figures stay as they are."
        )
    setup.keep_to(summary.plan, summary.provenance)
    with setup.computing():
        probe = make_probe(setup.dataset, setup.forget, request.probe_size)
        observer = engine.Observer(setup.resident, probe)
        model, _ = checkpoint.load(reader.folder / WEIGHTS)
        yield Evaluation(store, setup, probe, observer), setup.place(model)


def _counted(store: Store, record: RunRecord) -> Summary:
    summary = record.summary
    with looking_again(store, record) as (evaluation, model):
        origin = evaluation.origin(str(summary.models.original))
        final = evaluation.measure(model, origin, summary.models.retrained)
    total = store.reader(record.run_id).progress().total
    at = stopped_at(summary.steps, total) * summary.stopped
    return summary.model_copy(
        update=told(evaluation.setup, evaluation.probe, evaluation, final, at)
    )
