"""One unlearning run, from the original model to the verdict, resumable at every snapshot.

Order matters to a person who waits: the map moves as soon as the original model is there; the
retrained reference is trained after the last step (and stands in the curves and on the map from
the start when it was cached).
"""

from collections.abc import Iterator

from cu_core.runs.clock import Clock
from cu_core.runs.commands import Commands
from cu_core.runs.conclude import conclude
from cu_core.runs.loop import Loop
from cu_core.runs.memory import fitting
from cu_core.runs.prepare import Run, prepare
from cu_core.runs.progress import Progress
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import Snapshot, StepLog, Summary
from cu_core.store import RunWriter, Store


def unlearn(
    store: Store,
    setup: Setup,
    writer: RunWriter,
    progress: Progress,
    commands: Commands,
    every: bool = True,
) -> Iterator[StepLog | Snapshot | Summary]:
    """Prepared, looped over, concluded. Each event is on record when it is yielded (losses within
    ``losslog.EVERY_S``); the last one is the run's final record. ``every``: sample of the whole
    sets is asked before the verdict."""
    begun = writer.read()
    setup.keep_to(begun.plan, begun.provenance)
    commands.watched = begun.watch_for
    with setup.computing():
        run = Run(store, setup, writer, progress, commands, Clock(), every)
        with fitting(setup, method_of(run.request, run.forget, begun.provenance)):
            prepared = prepare(run, begun)
            loop = Loop(prepared)
            yield from loop.events()
            yield conclude(prepared, loop.outcome)
