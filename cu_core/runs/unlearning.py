"""One unlearning run, from the original model to the verdict, resumable at every snapshot.

Order matters to a person who waits: the map moves as soon as the original model is there; the
retrained reference is trained after the last step (and stands in the curves and on the map from
the start when it was cached).
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from cu_core import engine, metrics
from cu_core.data.probe import make_probe
from cu_core.data.thumbs import atlas
from cu_core.errors import BadCheckpoint, Cancelled, Diverged, StoreError
from cu_core.metrics.gap import beside
from cu_core.metrics.verdict import verdict
from cu_core.models import checkpoint
from cu_core.models.capture import release
from cu_core.projection import Layout
from cu_core.runs import reference_models
from cu_core.runs.clock import Clock
from cu_core.runs.commands import Control, Rewind
from cu_core.runs.evaluation import Evaluation, Final, probe_scene
from cu_core.runs.losslog import LossLog
from cu_core.runs.resolve import Setup, cadence, forget_facts, machine, make_job, method_of
from cu_core.runs.runmap import RunMap
from cu_core.runs.stopping import rule_met
from cu_core.seeding import undisturbed
from cu_core.spec import Job, Snapshot, StepLog, UnlearnRequest
from cu_core.store import RunWriter, Store

SAVE_EVERY_S = 2.0  # a checkpoint is no older than this, or 20 times what writing one costs


class UnlearnRun:
    """Everything one run needs; ``go`` does it and returns the summary."""

    def __init__(
        self, store: Store, run_id: str, setup: Setup, writer: RunWriter, control: Control
    ) -> None:
        assert isinstance(setup.request, UnlearnRequest) and setup.forget is not None
        self.store, self.run_id, self.setup = store, run_id, setup
        self.request, self.forget = setup.request, setup.forget
        self.writer, self.control, self.clock = writer, control, Clock()
        self.method = method_of(self.request, self.forget)
        self.original = ""
        self.stopped_by = ""
        self.stopped = False
        self.step = 0
        self.ghost_due = True
        self._saved_at = time.monotonic()
        self._save_cost = 0.0
        self.losses = LossLog(writer, self.clock)

    def go(self) -> dict[str, Any]:
        begun = self.writer.read()  # what the run began with, if it did, whatever has changed since
        self.setup.keep_to(begun.get("plan"))
        self.writer.put("plan", self.setup.plan.model_dump())
        with self.clock("original"):
            self.original = self._original(begun)
        self.probe = make_probe(self.setup.dataset, self.forget, self.request.probe_size)
        self.observer = engine.Observer(self.setup.resident, self.probe)
        self.map = RunMap(self.store, self.writer, self.probe, self.observer)
        self.closing = Evaluation(self.store, self.setup, self.probe, self.observer)
        self.knew = self.closing.origin(self.original)
        self._announce()
        job, at = self._first_job()
        self.control.can_rewind, self.control.resting = True, self.losses.write
        job = self._unlearned(job, at)
        self.control.can_rewind = False
        return self._conclude(job)

    def _original(self, begun: Mapping[str, Any]) -> str:
        """The id of the model that forgets, trained now if there is none."""
        if self.request.original:
            return self.request.original
        known = begun.get("models", {}).get("original")
        if known and self.store.has_model(known):
            return str(known)
        return reference_models.ensure(self.store, self.setup, None, self.control)

    def _unlearned(self, job: Job, at: int) -> Job:
        """The job after its last step, or where a person stopped it."""
        while True:
            try:
                self._loop(job, at)
                return job
            except Rewind as back:
                release(job.model)
                job, at = self._rewound(back.step)
            except Cancelled:
                self.stopped = True  # what was done is measured and kept, and can be resumed
                return job

    # --- before the first step ----------------------------------------------------------------

    def _announce(self) -> None:
        """What a page needs to draw the run, written before anything slow."""
        pictures: dict[str, Any] = {}
        if self.setup.dataset.is_image:
            image, mime, tile, columns = atlas(self.setup.dataset, self.probe.index)
            pictures = {"atlas": np.frombuffer(image, np.uint8)}
            self.writer.put("atlas", {"mime": mime, "tile": tile, "columns": columns})
        self.writer.probe(self.probe, **pictures)
        self.writer.put("forget", forget_facts(self.setup.dataset, self.forget))
        self.writer.put("models", {"original": self.original})
        for name, model_id in (("original", self.knew), ("retrained", self._retrained_id())):
            known = self.closing.kept(model_id) if model_id else None
            if known:
                self.writer.put(name, known)

    def _retrained_id(self) -> str | None:
        """The cached reference, if there is one already."""
        wanted = reference_models.model_id(self.setup, self.forget)
        return wanted if self.store.has_model(wanted) else None

    def _fresh_job(self) -> Job:
        model = reference_models.load_model(self.store, self.setup, self.original)
        augment = reference_models.recipe_of(self.setup).augment
        return make_job(self.setup, self.method, model, augment)

    def _first_job(self) -> tuple[Job, int]:
        """The job at step 0, or where the last checkpoint left it."""
        job = self._fresh_job()
        self.total, self.every = cadence(self.request, self.method, job, self.observer.n_images)
        saved = self.writer.ckpt_path
        if saved.exists():
            self.every = int(self.writer.read().get("every", self.every))
        self.writer.put_many({"total": self.total, "every": self.every})
        self._reference_layout(job)
        if not saved.exists():
            self.writer.truncate(0)
            engine.begin(self.method, job)
            return job, 0
        at = self.step = engine.load(self.method, job, torch.load(saved, weights_only=True))
        self.writer.truncate(at + 1)
        return job, at

    def _reference_layout(self, job: Job) -> None:
        """The picture of the original model, fitted once and kept with it."""
        if not self.map.known(self.original):
            self.control.report("fitting the map", 0, 1, {})
            with self.clock("reference map"):
                self.map.fit(self.original, job.model)

    def _ghost(self, retrained: str | None) -> None:
        """The retrained model on the map, once a run. A cached one that is damaged costs the ghost,
        not the run."""
        self.ghost_due = False
        if retrained is None or self.map.has_ghost():
            return
        try:
            with self.clock("retrained ghost"), undisturbed(self.setup.device):
                self.map.place_ghost(self.closing.scene(retrained), self.request.seed)
        except (StoreError, BadCheckpoint) as fault:
            self.writer.event(self.step, "ghost", f"The retrained model is not shown: {fault}")

    # --- the steps ----------------------------------------------------------------------------

    def _rewound(self, step: int) -> tuple[Job, int]:
        """Replays to ``step`` from the original: the same bits, since every batch is a function
        of (seed, set, t). The rows after it go; the run stays paused there."""
        self.step = step = max(0, min(step, self.total))
        self.writer.truncate(step + 1, {"step": step})
        self.writer.ckpt_path.unlink(missing_ok=True)
        self.writer.event(step, "rewind", f"Rewound to step {step}")
        job = self._fresh_job()
        engine.begin(self.method, job)
        for log in engine.run(self.method, job, total=step):
            assert isinstance(log, StepLog)
            self.control.report("rewinding", log.step, step, {})
        return job, step

    def _loop(self, job: Job, at: int) -> None:
        layout = self.map.layout(self.request.seed)
        self.control.report("unlearning", at, self.total, {})
        self.control.hold(at)
        events = engine.run(
            self.method, job, self.observer, every=self.every, start=at, total=self.total
        )
        try:
            for event in self.clock.each(events):
                if isinstance(event, Snapshot):
                    self._look(job, event, layout)
                    if self._rule_met(event.step):
                        return
                else:
                    self.step = event.step
                    self.losses.add(event)
                    self.control.tick("unlearning", event.step, self.total, {})
        finally:
            self.losses.write()

    def _look(self, job: Job, snapshot: Snapshot, layout: Layout) -> None:
        self.losses.write()
        self._record(snapshot, layout)
        if self.ghost_due:  # after the first frame: that is what a person waits for
            self._ghost(self._retrained_id())
        self._checkpoint(job, snapshot.step)

    def _record(self, snapshot: Snapshot, layout: Layout) -> None:
        if not (np.isfinite(snapshot.z).all() and np.isfinite(snapshot.logits).all()):
            raise Diverged("output of the model", snapshot.step)
        with self.clock("map"):
            frame = layout.place(snapshot.z, snapshot.step, self.probe.label, self.probe.is_forget)
        with self.clock("metrics"):
            scene = probe_scene(snapshot, self.probe, self.forget, frame.near)
            values, reasons = metrics.measure(scene)
        with self.clock("store"):
            self.writer.metrics(snapshot.step, values)
            self.writer.snapshot(
                snapshot.step,
                z=snapshot.z,
                logits=snapshot.logits,
                test_logits=snapshot.test_logits,
                xy=frame.xy,
                quality=frame.quality,
            )
            self.writer.put("reasons", reasons)
        self.values = values

    def _checkpoint(self, job: Job, step: int) -> None:
        now = time.monotonic()
        if now - self._saved_at < max(SAVE_EVERY_S, 20 * self._save_cost):
            return
        with self.clock("checkpoint"):
            self.writer.checkpoint(engine.packed(engine.save(job, step)))
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - now

    def _rule_met(self, step: int) -> bool:
        if self.request.stop_rule == "none":
            return False
        n_classes = self.setup.dataset.n_classes
        said = rule_met(self.request.stop_rule, self.values, n_classes) if step else ""
        if said:
            self.writer.event(step, "stop-rule", said)
            self.stopped_by = said
        return bool(said)

    # --- after the last step ------------------------------------------------------------------

    def _conclude(self, job: Job) -> dict[str, Any]:
        release(job.model)
        self.control.report("measuring", 0, 1, {})
        with self.clock("final metrics"):
            self.writer.put("original", self.closing.alone(self.knew))
        retrained = None
        if self._retrained_id() or (self.request.reference and not self.stopped):
            with self.clock("retrained"):
                retrained = reference_models.ensure(
                    self.store, self.setup, self.forget, self.control
                )
            self._ghost(retrained)
        self.control.report("measuring", 0, 1, {})
        with self.clock("final metrics"):
            final = self.closing.measure(job.model, self.knew, retrained)
        self.writer.put("original", final.original)
        if retrained:
            self.writer.put("retrained", final.seeds[retrained])
        if self.stopped:
            self.writer.checkpoint(engine.packed(engine.save(job, self.step)))
        else:
            self.writer.ckpt_path.unlink(missing_ok=True)
        return self._summary(job, final)

    def _summary(self, job: Job, final: Final) -> dict[str, Any]:
        values, original, seeds = final.values, final.original, list(final.seeds.values())
        retrained = seeds[0] if seeds else None
        header = {"architecture": self.request.model, "head": self.request.head}
        checkpoint.save(self.writer.folder / "unlearned.safetensors", job.model, header)
        forgotten = [self.setup.dataset.class_names[c] for c in self.forget.classes]
        return {
            "verdict": verdict(values, original, retrained, self.forget.kind, forgotten),
            "metrics": values,
            "original": original,
            "retrained": retrained,
            **beside(values, seeds),
            "reasons": final.reasons,
            "weights_sha256": checkpoint.weights_sha256(job.model),
            "steps": self.step,
            "stopped": self.stopped,
            "stopped_by": self.stopped_by,
            "device": self.setup.device,
            "plan": self.setup.plan.model_dump(),
            "seconds": {k: round(v, 3) for k, v in self.clock.seconds.items()},
            "versions": machine(),
            "models": {"original": self.original, "retrained": self._retrained_id()},
            "retrained_seeds": list(final.seeds),
        }
