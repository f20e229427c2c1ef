"""The exact figures of a run whose verdict stands on a draw: counted once nobody waits any more."""

from contextlib import closing

from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.errors import StoreError
from cu_core.models import checkpoint
from cu_core.runs.conclude import WEIGHTS, stopped_at, told
from cu_core.runs.evaluation import Evaluation
from cu_core.runs.resolve import Setup
from cu_core.spec import RunProgress, RunRecord, Summary, UnlearnRequest
from cu_core.store import Store


def settle(store: Store, run_id: str) -> Summary:
    """The run's record with every accuracy counted on all samples; nothing else of it changes.

    Returned at once where they are, or where another process is counting. A LetheError says why
    it cannot be done: the data or a model are no longer what they were, or the run is at work.
    """
    with store.settling(run_id) as mine:
        record = store.run(run_id)
        if not mine or record.summary.looked_at is None:
            return record.summary
        exact = _counted(store, record)
        with store.ended(run_id), closing(store.writer(run_id)) as writer:
            writer.put(RunProgress(original=exact.original))
            if exact.retrained:
                writer.put(RunProgress(retrained=exact.retrained))
            writer.finish(exact)
        return exact


def _counted(store: Store, record: RunRecord) -> Summary:
    request, summary = record.request, record.summary
    assert isinstance(request, UnlearnRequest)
    setup, reader = Setup(request, store.home), store.reader(record.run_id)
    assert setup.forget is not None
    if setup.forget.hash != summary.forget.hash:
        raise StoreError(
            f"{request.data} no longer holds what run {record.run_id} forgot; its accuracies stay "
            "as they were read on a part of the images."
        )
    setup.keep_to(summary.plan, summary.provenance)
    with setup.computing():
        probe = make_probe(setup.dataset, setup.forget, request.probe_size)
        observer = engine.Observer(setup.resident, probe)
        evaluation = Evaluation(store, setup, probe, observer)
        model, _ = checkpoint.load(reader.folder / WEIGHTS)
        origin = evaluation.origin(str(summary.models.original))
        final = evaluation.measure(setup.place(model), origin, summary.models.retrained)
    at = stopped_at(summary.steps, reader.progress().total) * summary.stopped
    return summary.model_copy(update=told(setup, probe, evaluation, final, at))
