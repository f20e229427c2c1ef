"""The record of a watched loop: a run like any other in the store, written by the loop's process.

What it says is what a run says on its way, and of the samples that were looked at: there is no
pass over the whole data, and the person's retrained model, if one was given, is the only reference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cu_core import metrics, projection
from cu_core.files import sources_hash
from cu_core.metrics.gap import compare
from cu_core.metrics.knn_probe import asked_of, chance, knn_probe_forget
from cu_core.metrics.verdict import Evidence, headline, verdict
from cu_core.runs.resolve import machine
from cu_core.runs.runmap import RunMap
from cu_core.runs.scenes import model_outputs
from cu_core.runs.successive import Successive
from cu_core.spec import (
    ACTIVE,
    ForgetFacts,
    ForgetSet,
    ModelOutputs,
    ModelValues,
    Provenance,
    RunProgress,
    RunState,
    Snapshot,
    StepLog,
    Summary,
    WatchRequest,
)
from cu_core.spec.phases import WATCHING
from cu_core.store import Store
from cu_core.store.names import name_arrays
from cu_core.watching.pictures import sheet
from cu_core.watching.samples import Samples

SEED = 0  # of the map
TURNS = 4  # of a frame: one in which everything moves then costs 0.3 s, not 1.1 (2,000 points)


class Recorder:
    """Holds the run from its first moment to its end."""

    def __init__(
        self,
        store: Store,
        request: WatchRequest,
        name: str | None,
        samples: Samples,
        class_names: Sequence[str],
    ) -> None:
        self.store, self.samples, self.class_names = store, samples, tuple(class_names)
        self.claimed = store.claim_new(request, name)
        self.run_id = self.claimed.run_id
        self.writer = store.writer(self.run_id)
        self.chosen = _forget_set(samples)
        self.map = RunMap(store, self.writer, samples.probe)
        self.layout: projection.Layout | None = None
        self.successive = Successive(store.reader(self.run_id))
        self.first: ModelOutputs | None = None
        self.last: ModelOutputs | None = None
        self.original: ModelValues = {}
        self.values: ModelValues = {}
        self.reasons: dict[str, str] = {}
        self.retrained: tuple[ModelOutputs, ModelValues] | None = None
        self.frames, self.last_step = 0, -1

    def begin(self, device: str, source: Any, every: int | None) -> None:
        """What a page needs to draw the run."""
        writer, known = self.writer, sheet(self.samples.batches, source)
        names = name_arrays(self.samples.origin)
        writer.probe(self.samples.probe, **names, **({"atlas": known[0]} if known else {}))
        writer.put(
            RunProgress(
                device=device,
                class_names=self.class_names,
                forget=self._facts(),
                every=every,
                phase=WATCHING.key,
                reported=time.time(),
                provenance=Provenance(versions=machine(), sources=sources_hash()),
            )
        )
        if known:
            writer.put(RunProgress(atlas=known[1]))
        writer.move("starting", "running")

    def compare_with(self, snapshot: Snapshot) -> None:
        """The retrained model, as the samples show it."""
        scene = model_outputs(snapshot, self.samples.probe, self.chosen)
        values, _ = metrics.measure(scene)
        self.retrained = scene, values
        self.writer.put(RunProgress(retrained=values))

    def frame(self, snapshot: Snapshot) -> None:
        """One picture: laid out, measured, kept."""
        probe, step = self.samples.probe, snapshot.step
        if self.layout is None:
            self.map.take(projection.reference(snapshot.z, SEED, probe.label))
            self.layout = self.map.layout(SEED, TURNS)
        frame = self.layout.place(snapshot.z, step, probe.label, probe.is_forget)
        scene = model_outputs(snapshot, probe, self.chosen)
        self.values, self.reasons = metrics.measure(scene)
        if self.first is None:
            self.first, self.original = scene, dict(self.values)
        self.last = scene
        self.writer.metrics(step, self.values | self.successive.values(step, scene))
        self.writer.snapshot(
            step,
            z=snapshot.z,
            logits=snapshot.logits,
            test_logits=snapshot.test_logits,
            xy=frame.xy,
            quality=frame.quality,
        )
        self.frames, self.last_step = self.frames + 1, step
        self.writer.put(
            RunProgress(step=step, reasons=self.reasons, original=self.original, **_now(step))
        )

    def rehearse(self, snapshot: Snapshot) -> None:
        """The work of a picture without making one, where everything has moved: what a look costs
        at most is known then."""
        probe = self.samples.probe
        layout = projection.Layout(self.map.reference_xy, SEED, turns=TURNS)
        elsewhere = np.random.default_rng(SEED).permutation(snapshot.z)
        layout.place(elsewhere, 0, probe.label, probe.is_forget)
        metrics.measure(model_outputs(snapshot, probe, self.chosen))

    def losses(self, logs: Sequence[StepLog], step: int) -> None:
        self.writer.steps(logs, RunProgress(step=step, **_now(step)))

    def conclude(self, step: int) -> Summary:
        """The last picture beside the first, and beside the retrained model."""
        values, reasons, original = dict(self.values), dict(self.reasons), dict(self.original)
        seeds: list[ModelValues] = []
        if self.retrained is not None:
            self.map.place_ghost(self.retrained[0], SEED)
            seeds = [dict(self.retrained[1])]
        if self.last is not None:
            beside = self._beside()
            values, reasons = values | beside[0][0], reasons | beside[0][1]
            original |= beside[1][0]
            seeds = [seed | beside[2][0] for seed in seeds]
        return self._summary(step, values, original, seeds, reasons)

    def finish(
        self, summary: Summary, notes: Sequence[str], seconds: Mapping[str, float]
    ) -> Summary:
        """The final record, with what there is to say of the watch itself."""
        whole = Summary(**summary.written, notes=tuple(notes), seconds=dict(seconds))
        self.writer.put(RunProgress(total=whole.steps))
        self.writer.finish(whole)
        return whole

    def end(self, state: RunState, message: str = "") -> None:
        """The last word; nothing is written after it."""
        try:
            self.writer.move(ACTIVE, state, message)
        finally:
            self.release()

    def release(self) -> None:
        self.writer.close()
        self.claimed.release()

    def _beside(self) -> list[tuple[ModelValues, dict[str, str]]]:
        """What compares models, of the last picture, the first and the retrained model."""
        assert self.last is not None
        others = () if self.retrained is None else (self.retrained[0],)
        scenes = [scene for scene in (self.last, self.first, *others) if scene is not None]
        return [
            metrics.measure(replace(scene, original=self.first, retrained=others), "references")
            for scene in scenes
        ]

    def _summary(
        self,
        step: int,
        values: ModelValues,
        original: ModelValues,
        seeds: list[ModelValues],
        reasons: dict[str, str],
    ) -> Summary:
        probe, chosen = self.samples.probe, self.chosen
        counts = metrics.counts(
            probe.is_forget, probe.test_label, chosen.classes, "all", "probe", "references"
        )
        asked = int(asked_of(probe.label, probe.is_forget).sum())
        counts |= {knn_probe_forget.key: asked} if asked else {}
        names = [self.class_names[c] for c in chosen.classes]
        evidence = Evidence(
            values, original, seeds, chosen.kind, names, counts, chance(probe.label)
        )
        return Summary(
            verdict=verdict(evidence),
            headline=headline(evidence),
            forget=self._facts(),
            metrics=values,
            original=original,
            retrained=seeds[0] if seeds else None,
            counts=counts,
            chance=evidence.chance,
            **compare(values, seeds),
            reasons=reasons,
            steps=step,
            versions=machine(),
            provenance=Provenance(versions=machine(), sources=sources_hash()),
        )

    def _facts(self) -> ForgetFacts:
        samples, chosen = self.samples, self.chosen
        return ForgetFacts(
            rule=chosen.rule,
            kind=chosen.kind,
            n_forget=samples.n_forget,
            n_retain=samples.n_retain,
            n_drawn=int(samples.probe.is_forget.sum()),
            n_points=len(samples.probe.index),
            classes=chosen.classes,
            hash=chosen.hash,
        )


def _forget_set(samples: Samples) -> ForgetSet:
    """Whole classes, where no retained sample is of the forgotten ones."""
    probe = samples.probe
    gone, kept = (np.unique(probe.label[side]) for side in (probe.is_forget, ~probe.is_forget))
    whole = not np.isin(gone, kept).any()
    classes = tuple(int(c) for c in gone) if whole else ()
    index = np.sort(probe.index[probe.is_forget])
    return ForgetSet(index, "watched", "class" if whole else "sample", classes, SEED)


def _now(step: int) -> dict[str, Any]:
    return {"phase": WATCHING.key, "phase_done": step, "phase_total": 0, "reported": time.time()}
