"""The steps of a run: each update logged, each snapshot laid out, measured and kept, until the
last step, a stop rule or a person ends them. Resumable at every snapshot, rewound by replay."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch

from cu_core import engine, metrics
from cu_core.errors import Cancelled, DiskFull, Diverged
from cu_core.models.capture import release
from cu_core.process import load_behind
from cu_core.projection import Layout
from cu_core.runs.autopause import AutoPause
from cu_core.runs.commands import Rewind
from cu_core.runs.floor import Floor
from cu_core.runs.losslog import LossLog
from cu_core.runs.prepare import Prepared
from cu_core.runs.scenes import model_outputs
from cu_core.runs.stopping import rule_met
from cu_core.runs.successive import Successive
from cu_core.runs.waiting import GivenUp
from cu_core.spec import Floats, Job, ModelValues, RunProgress, Snapshot, StepLog
from cu_core.spec.phases import REWINDING, UNLEARNING
from cu_core.store.patience import ADVICE, free_words, tight

log = logging.getLogger(__name__)
SAVE_EVERY_S = 2.0  # a checkpoint is no older than this, or so many times what writing one costs
SAVE_COSTS = 20


@dataclass(frozen=True)
class Outcome:
    """``stopped``: by a person; ``stopped_by``: the words of the stop rule or of the floor that
    ended it, "" where none did."""

    job: Job
    step: int
    stopped: bool
    stopped_by: str


class Loop:
    """Takes a prepared run from where it stands to its end."""

    outcome: Outcome

    def __init__(self, prepared: Prepared) -> None:
        self.prepared, self.run, self.course = prepared, prepared.run, prepared.course()
        self.step = 0
        self.stopped_by = ""
        self.losslog = LossLog(self.run.writer, self.run.clock)
        self._saved_at = time.monotonic()
        self._save_cost = 0.0
        self._values: ModelValues = {}
        self.floor = Floor(prepared)
        self.successive = Successive(self.run.store.reader(self.run.writer.run_id))

    def events(self) -> Iterator[StepLog | Snapshot]:
        """Every update and snapshot, each one on record; then ``outcome`` is there."""
        commands = self.run.commands
        at = self._begin()
        commands.can_rewind, commands.before_pause = True, self.losslog.write
        stopped, again = False, True
        while again:
            again = False
            try:
                yield from self._steps(at)
            except Rewind as back:
                release(self.course.job.model)
                at = self._rewound(back.step)
                again = True
            except GivenUp:
                raise
            except Cancelled:
                stopped = True  # what was done is measured and kept, and can be resumed
            except GeneratorExit:  # whoever iterates wants no more: kept, to be resumed
                with suppress(DiskFull):  # the one before it stays
                    self._save(self.step)
                raise
        commands.can_rewind = False
        self.outcome = Outcome(self.course.job, self.step, stopped, self.stopped_by)

    def _begin(self) -> int:
        """At step 0, or where the last checkpoint left it; the updates done."""
        writer = self.run.writer
        if not writer.ckpt_path.exists():
            writer.truncate(0)
            self.course.begin()
            return 0
        saved = torch.load(writer.ckpt_path, weights_only=True)
        at = self.step = self.course.load(saved)
        writer.truncate(at + 1)
        if self.prepared.note:
            writer.event(at, "sources", self.prepared.note)
        return at

    def _rewound(self, step: int) -> int:
        """Replays to ``step`` from the original: the same bits, since every batch is a function
        of (seed, set, t). The rows after it go; the run stays paused there."""
        writer = self.run.writer
        self.step = step = max(0, min(step, self.prepared.total))
        writer.truncate(step + 1, RunProgress(step=step))
        writer.ckpt_path.unlink(missing_ok=True)
        writer.event(step, "rewind", f"Rewound to step {step}")
        self.course.begin()
        for log in self.course.run(None, every=1, start=0, total=step):
            assert isinstance(log, StepLog)
            self.run.progress.report(REWINDING.key, log.step, step)
        return step

    def _steps(self, at: int) -> Iterator[StepLog | Snapshot]:
        made, run = self.prepared, self.run
        layout, watch = made.map.layout(run.request.seed), AutoPause(run, at)
        run.progress.report(UNLEARNING.key, at, made.total)
        run.commands.hold(at)
        seen = None if at else made.evaluation.scenes.start(made.original)
        events = self.course.run(
            made.observer, every=made.every, start=at, total=made.total, seen=seen
        )
        try:
            for event in run.clock.each(events):
                if isinstance(event, Snapshot):
                    self._snapshot(event, layout)
                    yield event
                    if event.step == 0:  # the first picture is out: now there is time
                        load_behind(metrics.LEARNERS, without="pandas")
                    if self._rule_met(event.step) or self._fallen(event.step, event.test_logits):
                        return
                    self._pause_at(event.step, watch.look(event.step))
                else:
                    self.step = event.step
                    self.losslog.add(event)
                    yield event
                    run.tick(UNLEARNING.key, event.step, made.total, {})
                    if self.floor.due(event.step) and (last := self._looked(event.step)):
                        self._snapshot(last, layout)  # the picture of how it ended
                        yield last
                        return
        finally:
            self.losslog.write()

    def _snapshot(self, snapshot: Snapshot, layout: Layout) -> None:
        self.losslog.write()
        self._record(snapshot, layout)
        self._checkpoint(snapshot.step)

    def _record(self, snapshot: Snapshot, layout: Layout) -> None:
        made, clock, writer = self.prepared, self.run.clock, self.run.writer
        if not (np.isfinite(snapshot.z).all() and np.isfinite(snapshot.logits).all()):
            raise Diverged("output of the model", snapshot.step)
        with clock("map"):
            frame = layout.place(snapshot.z, snapshot.step, made.probe.label, made.probe.is_forget)
        with clock("metrics"):
            outputs = model_outputs(snapshot, made.probe, self.run.forget)
            self._values, reasons = metrics.measure(outputs)
            self._values |= self.successive.values(snapshot.step, outputs)
        with clock("store"):
            writer.metrics(snapshot.step, self._values)
            try:
                size = writer.snapshot(
                    snapshot.step,
                    z=snapshot.z,
                    logits=snapshot.logits,
                    test_logits=snapshot.test_logits,
                    xy=frame.xy,
                    quality=frame.quality,
                )
                if snapshot.step == 0:
                    self._warn(tight(self.run.store.home, size * (made.total // made.every)), 0)
            except DiskFull:
                self._without("picture", snapshot.step)
            writer.put(RunProgress(reasons=reasons))

    def _without(self, what: str, step: int) -> None:
        """The disk has no room for it, and the run can do without."""
        free = free_words(self.run.store.home)
        self._warn(f"The {what} of step {step:,} is skipped: {free}. {ADVICE}", step)

    def _warn(self, text: str, step: int) -> None:
        if text:
            log.warning(text)
            self.run.writer.event(step, "skipped", text)

    def _checkpoint(self, step: int) -> None:
        now = time.monotonic()
        if now - self._saved_at < max(SAVE_EVERY_S, SAVE_COSTS * self._save_cost):
            return
        with self.run.clock("checkpoint"):
            try:
                self._save(step)
            except DiskFull:
                self._without("checkpoint", step)
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - now

    def _save(self, step: int) -> None:
        self.run.writer.checkpoint(engine.to_bytes(engine.save(self.course.job, step)))

    def _looked(self, step: int) -> Snapshot | None:
        """The run's last snapshot, where the floor ends it between two."""
        model, observer = self.course.job.model, self.prepared.observer
        with self.run.clock("floor"):
            fallen = self._fallen(step, observer.tested(model))
            return observer.snapshot(model, step) if fallen else None

    def _fallen(self, step: int, test_logits: Floats) -> bool:
        self.stopped_by = self.floor.words(step, test_logits)
        if self.stopped_by:
            self.run.writer.event(step, "floor", f"The run stops. {self.stopped_by}")
        return bool(self.stopped_by)

    def _pause_at(self, step: int, what_happened: str) -> None:
        if what_happened:
            self.run.commands.pause(why=what_happened)
            self.run.rest(step)

    def _rule_met(self, step: int) -> bool:
        """Whether the run's stop rule ends it here; never at step 0, the original model."""
        request, n_classes = self.run.request, self.run.setup.dataset.n_classes
        goes = step > request.branched_at and request.stop_rule != "none"
        met = rule_met(request.stop_rule, self._values, n_classes) if goes else ""
        if met:
            self.run.writer.event(step, "stop-rule", f"The run stops, {met}")
            self.stopped_by = met
        return bool(met)
