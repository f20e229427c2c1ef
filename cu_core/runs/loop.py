"""The steps of a run: each update logged, each snapshot laid out, measured and kept, until the
last step, a stop rule or a person ends them. Resumable at every snapshot, rewound by replay."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cu_core import engine, metrics
from cu_core.errors import Cancelled, Diverged
from cu_core.models.capture import release
from cu_core.process import load_behind
from cu_core.projection import Layout
from cu_core.runs.commands import Rewind
from cu_core.runs.losslog import LossLog
from cu_core.runs.prepare import Prepared
from cu_core.runs.scenes import model_outputs
from cu_core.runs.stopping import rule_met
from cu_core.spec import Job, ModelValues, RunProgress, Snapshot, StepLog
from cu_core.spec.phases import REWINDING, UNLEARNING

SAVE_EVERY_S = 2.0  # a checkpoint is no older than this, or 20 times what writing one costs


@dataclass(frozen=True)
class Outcome:
    """``stopped``: by a person; ``stopped_by``: the stop rule's words, "" where none did."""

    job: Job
    step: int
    stopped: bool
    stopped_by: str


class Loop:
    """Takes a prepared run from where it stands to its end."""

    outcome: Outcome

    def __init__(self, prepared: Prepared) -> None:
        self.prepared, self.run = prepared, prepared.run
        self.step = 0
        self.stopped_by = ""
        self.losslog = LossLog(self.run.writer, self.run.clock)
        self._saved_at = time.monotonic()
        self._save_cost = 0.0
        self._values: ModelValues = {}

    def events(self) -> Iterator[StepLog | Snapshot]:
        """Every update and snapshot, each one on record; then ``outcome`` is there."""
        commands = self.run.commands
        job, at = self._first_job()
        commands.can_rewind, commands.before_pause = True, self.losslog.write
        stopped, again = False, True
        while again:
            again = False
            try:
                yield from self._steps(job, at)
            except Rewind as back:
                release(job.model)
                job, at = self._rewound(back.step)
                again = True
            except Cancelled:
                stopped = True  # what was done is measured and kept, and can be resumed
            except GeneratorExit:  # whoever iterates wants no more: kept, to be resumed
                self.run.writer.checkpoint(engine.to_bytes(engine.save(job, self.step)))
                raise
        commands.can_rewind = False
        self.outcome = Outcome(job, self.step, stopped, self.stopped_by)

    def _first_job(self) -> tuple[Job, int]:
        """The job at step 0, or where the last checkpoint left it."""
        writer, method = self.run.writer, self.prepared.method
        job = self.prepared.first_job
        if not writer.ckpt_path.exists():
            writer.truncate(0)
            engine.begin(method, job)
            return job, 0
        saved = torch.load(writer.ckpt_path, weights_only=True)
        at = self.step = engine.load(method, job, saved)
        writer.truncate(at + 1)
        if self.prepared.note:
            writer.event(at, "sources", self.prepared.note)
        return job, at

    def _rewound(self, step: int) -> tuple[Job, int]:
        """Replays to ``step`` from the original: the same bits, since every batch is a function
        of (seed, set, t). The rows after it go; the run stays paused there."""
        writer, method = self.run.writer, self.prepared.method
        self.step = step = max(0, min(step, self.prepared.total))
        writer.truncate(step + 1, RunProgress(step=step))
        writer.ckpt_path.unlink(missing_ok=True)
        writer.event(step, "rewind", f"Rewound to step {step}")
        job = self.prepared.fresh_job()
        engine.begin(method, job)
        for log in engine.run(method, job, total=step):
            assert isinstance(log, StepLog)
            self.run.progress.report(REWINDING.key, log.step, step)
        return job, step

    def _steps(self, job: Job, at: int) -> Iterator[StepLog | Snapshot]:
        made, run = self.prepared, self.run
        layout = made.map.layout(run.request.seed)
        run.progress.report(UNLEARNING.key, at, made.total)
        run.commands.hold(at)
        seen = None if at else made.evaluation.scenes.start(made.original)
        events = engine.run(
            made.method, job, made.observer, every=made.every, start=at, total=made.total, seen=seen
        )
        try:
            for event in run.clock.each(events):
                if isinstance(event, Snapshot):
                    self._snapshot(job, event, layout)
                    yield event
                    if event.step == 0:  # the first picture is out: now there is time
                        load_behind(metrics.LEARNERS, without="pandas")
                    if self._rule_met(event.step):
                        return
                else:
                    self.step = event.step
                    self.losslog.add(event)
                    yield event
                    run.tick(UNLEARNING.key, event.step, made.total, {})
        finally:
            self.losslog.write()

    def _snapshot(self, job: Job, snapshot: Snapshot, layout: Layout) -> None:
        self.losslog.write()
        self._record(snapshot, layout)
        self._checkpoint(job, snapshot.step)

    def _record(self, snapshot: Snapshot, layout: Layout) -> None:
        made, clock, writer = self.prepared, self.run.clock, self.run.writer
        if not (np.isfinite(snapshot.z).all() and np.isfinite(snapshot.logits).all()):
            raise Diverged("output of the model", snapshot.step)
        with clock("map"):
            frame = layout.place(snapshot.z, snapshot.step, made.probe.label, made.probe.is_forget)
        with clock("metrics"):
            outputs = model_outputs(snapshot, made.probe, self.run.forget)
            self._values, reasons = metrics.measure(outputs)
        with clock("store"):
            writer.metrics(snapshot.step, self._values)
            writer.snapshot(
                snapshot.step,
                z=snapshot.z,
                logits=snapshot.logits,
                test_logits=snapshot.test_logits,
                xy=frame.xy,
                quality=frame.quality,
            )
            writer.put(RunProgress(reasons=reasons))

    def _checkpoint(self, job: Job, step: int) -> None:
        now = time.monotonic()
        if now - self._saved_at < max(SAVE_EVERY_S, 20 * self._save_cost):
            return
        with self.run.clock("checkpoint"):
            self.run.writer.checkpoint(engine.to_bytes(engine.save(job, step)))
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - now

    def _rule_met(self, step: int) -> bool:
        """Whether the run's stop rule ends it here; never at step 0, the original model."""
        rule, n_classes = self.run.request.stop_rule, self.run.setup.dataset.n_classes
        met = rule_met(rule, self._values, n_classes) if step and rule != "none" else ""
        if met:
            self.run.writer.event(step, "stop-rule", met)
            self.stopped_by = met
        return bool(met)
