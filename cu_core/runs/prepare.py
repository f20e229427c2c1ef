"""What an unlearning run goes by, from its first step to its last: found, trained or measured
before the first step, and written on record."""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.data.thumbs import atlas
from cu_core.errors import BadCheckpoint, StoreError
from cu_core.files import sources_hash
from cu_core.runs import reference_models
from cu_core.runs.cadence import cadence
from cu_core.runs.clock import Clock
from cu_core.runs.commands import Commands, ticking
from cu_core.runs.course import Course, Stretch, stretches
from cu_core.runs.evaluation import Evaluation
from cu_core.runs.forecast import forecast
from cu_core.runs.learning import Learning
from cu_core.runs.progress import Progress
from cu_core.runs.resolve import Setup, forget_facts, machine, method_of
from cu_core.runs.runmap import RunMap
from cu_core.seeding import preserve_random_state
from cu_core.spec import (
    AtlasFacts,
    ForgetSet,
    Method,
    ModelIds,
    OnProgress,
    Probe,
    Provenance,
    RunProgress,
    UnlearnRequest,
)
from cu_core.spec.phases import FITTING, TRAINING
from cu_core.store import RunWriter, Store
from cu_core.store.names import name_arrays


@dataclass(frozen=True)
class Run:
    """One run in the hands of the worker that holds it."""

    store: Store
    setup: Setup
    writer: RunWriter
    progress: Progress
    commands: Commands
    clock: Clock
    every: bool = True  # sample of the whole sets is asked before the verdict; else a draw of them

    @property
    def request(self) -> UnlearnRequest:
        assert isinstance(self.setup.request, UnlearnRequest)
        return self.setup.request

    @property
    def forget(self) -> ForgetSet:
        assert self.setup.forget is not None
        return self.setup.forget

    @property
    def tick(self) -> OnProgress:
        return ticking(self.progress, self.commands)

    def rest(self, done: int) -> None:
        """For as long as it is paused; that is nobody's pace."""
        began = time.monotonic()
        self.commands.hold(done)
        self.progress.rested(time.monotonic() - began)


@dataclass(frozen=True)
class Prepared:
    """``original``: the model that forgets; ``origin``: what it was before it forgot anything,
    through all stages. ``total``: updates; ``every``: so many a snapshot; ``note``: what is to be
    said of a run that is taken up, "" for nothing; ``way``: what makes which updates."""

    run: Run
    method: Method
    original: str
    origin: str
    probe: Probe
    observer: engine.Observer
    map: RunMap
    evaluation: Evaluation
    total: int
    every: int
    note: str
    way: tuple[Stretch, ...]

    def course(self) -> Course:
        """From the original model on, through all updates."""
        setup = self.run.setup
        load = partial(reference_models.load_model, self.run.store, setup, self.original)
        return Course(setup, self.way, load)

    def retrained_id(self) -> str | None:
        """The cached reference, if there is one already."""
        wanted = reference_models.model_id(self.run.setup, self.run.forget)
        return wanted if self.run.store.has_model(wanted) else None

    def place_ghost(self, retrained: str | None, step: int) -> None:
        """The retrained model on the map of the last frame. A cached one that is damaged costs the
        ghost, not the run."""
        run = self.run
        if retrained is None:
            return
        try:
            with run.clock("retrained ghost"), preserve_random_state(run.setup.device):
                self.map.place_ghost(self.evaluation.outputs_of(retrained), run.request.seed)
        except (StoreError, BadCheckpoint) as fault:
            run.writer.event(step, "ghost", f"The retrained model is not shown: {fault}")


def prepare(run: Run, begun: RunProgress) -> Prepared:
    """Everything that is slow before the first step, the original model's training included.

    ``begun``: what the run began with, if it did. It goes on with that, whatever has changed since:
    the models, the cadence and every knob.
    """
    setup, writer = run.setup, run.writer
    method = method_of(run.request, run.forget, begun.provenance)
    note = _write_provenance(run, method, begun)
    way = stretches(setup, method)
    probe = make_probe(setup.dataset, run.forget, run.request.probe_size)
    observer = engine.Observer(setup.resident, probe)
    if not run.request.original and not run.store.has_model(
        reference_models.model_id(setup, None)
    ):  # as many updates as those of a network that has learnt nothing
        _expect(run, method, observer, way[-1].begun)
    _announce_samples(run, probe)
    with run.clock("original"):
        original = _original(run, begun, Learning(run.store, writer.run_id, probe, observer))
    evaluation = Evaluation(run.store, setup, probe, observer, run.every)
    run_map = RunMap(run.store, writer, probe, observer)
    origin = evaluation.origin(original)
    total, every = _expect(run, method, observer, way[-1].begun)
    if writer.ckpt_path.exists() and begun.every:
        total, every = begun.total, begun.every
    made = Prepared(
        run, method, original, origin, probe, observer, run_map, evaluation, total, every, note, way
    )
    _announce(made)
    if not run_map.load_reference(original):
        run.progress.report(FITTING.key)
        with run.clock("reference map"):
            run_map.fit_reference(original, evaluation.scenes.start(original).z)
    return made


def _expect(run: Run, method: Method, observer: engine.Observer, begun: int) -> tuple[int, int]:
    """Says what the run will take; (total steps, steps between snapshots)."""
    total, every = cadence(run.setup, method, observer.n_images, begun)
    frames = 1 + -(-total // every)
    run.progress.expect(forecast(run.store, run.setup, method, total, frames, observer.n_images))
    return total, every


def _write_provenance(run: Run, method: Method, begun: RunProgress) -> str:
    """Returns what is to be noted: that other sources began it."""
    now = Provenance(
        method=run.request.method,
        knobs=method.model_dump(),
        recipe=run.setup.recipe.model_dump(),
        versions=machine(),
        sources=sources_hash(),
        contract=run.setup.contract,
    )
    known = begun.provenance or now
    run.writer.put(RunProgress(plan=run.setup.plan, provenance=known))
    if known.sources == now.sources:
        return ""
    return (
        f"Taken up by other sources of Lethe ({now.sources}) than it began with "
        f"({known.sources}); it goes on by the settings on record."
    )


def _original(run: Run, begun: RunProgress, learning: Learning) -> str:
    """The id of the model that forgets, trained now, and seen to learn, if there is none."""
    if run.request.original:
        if not begun.models.original:  # one that has begun goes on by what was true then
            reference_models.check_original(run.store, run.setup)
        return run.request.original
    known = begun.models.original
    if known and run.store.has_model(known):
        return known
    if not run.store.has_model(reference_models.original_id(run.store, run.setup)):
        run.progress.report(TRAINING.key)  # its first picture comes before its first update
    return reference_models.ensure(run.store, run.setup, None, run.tick, learning)


def _announce_samples(run: Run, probe: Probe) -> None:
    """What a page needs to draw samples, written before anything slow."""
    pictures, sheet, dataset, writer = {}, None, run.setup.dataset, run.writer
    if dataset.is_image:
        image, mime, tile, columns = atlas(dataset, probe.index)
        pictures = {"atlas": np.frombuffer(image, np.uint8)}
        sheet = AtlasFacts(mime=mime, tile=tile, columns=columns)
    writer.probe(probe, **pictures, **name_arrays(dataset.owned.take(probe.index)))
    writer.put(RunProgress(forget=forget_facts(dataset, run.forget, probe)))
    if sheet:
        writer.put(RunProgress(atlas=sheet))


def _announce(made: Prepared) -> None:
    """What a page needs to know of the run, written before the slow fit of the map."""
    writer = made.run.writer
    models = ModelIds(original=made.original)
    writer.put(RunProgress(models=models, total=made.total, every=made.every))
    if original := made.evaluation.cached_values(made.origin):
        writer.put(RunProgress(original=original))
    if (wanted := made.retrained_id()) and (retrained := made.evaluation.cached_values(wanted)):
        writer.put(RunProgress(retrained=retrained))
