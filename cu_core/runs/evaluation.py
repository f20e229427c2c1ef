"""What a run measures at its end: each model looked at once, then every measure with the original
and the retrained models beside it.

Values of the references are kept with them: the plain ones for a forget set and probe, those that
compare for these and the models compared. Retrained models of other seeds that are in the cache
take part; they are never trained for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from cu_core import engine, metrics
from cu_core.errors import BadCheckpoint, StoreError
from cu_core.metrics.knn_probe import asked_of, knn_probe_forget
from cu_core.metrics.planted import planted_counts
from cu_core.runs.resolve import Setup
from cu_core.runs.scenes import Scenes
from cu_core.runs.whole import DRAWN, Samples, Values, samples, whole_measure
from cu_core.seeding import derive
from cu_core.spec import ModelOutputs, Over, Probe
from cu_core.store import Store

SEEDS = 4  # retrained models at most

Measured = tuple[Values, dict[str, str]]


@dataclass(frozen=True)
class Final:
    """All measures of a run. ``seeds``: those of each retrained model by id, the run's own first;
    empty when there is none."""

    values: Values
    reasons: dict[str, str]
    original: Values
    seeds: dict[str, Values]


class Evaluation:
    """Measures the models of one run, on its forget set and probe. ``every``: accuracies over the
    whole sets by every sample; else by a draw, where the sets are large."""

    def __init__(
        self,
        store: Store,
        setup: Setup,
        probe: Probe,
        observer: engine.Observer,
        every: bool = True,
    ) -> None:
        assert setup.forget is not None
        self.store, self.setup, self.forget, self.probe = store, setup, setup.forget, probe
        self.samples = samples(setup, setup.forget, every)
        self.scenes = Scenes(store, setup, probe, observer, f"{probe.hash}-{self._how()}")

    def cached_values(self, model_id: str) -> Values | None:
        """What is on record of a model by itself, without looking at it: by every sample if that
        was ever counted."""
        for key in self._own_keys():
            if found := self.store.eval(model_id, key):
                return dict(found["values"])
        return None

    def origin(self, model_id: str) -> str:
        """What the model was before it forgot anything, through all stages: what "original" means
        to a measure. Itself where that is no longer in the cache."""
        origin = self.store.model(model_id).origin
        return origin if origin and self.store.has_model(origin) else model_id

    def own_values(self, model_id: str) -> Values:
        """The measures of a reference model that need no other, kept with it."""

        def look() -> Measured:
            return full_measure(self.setup, *self.scenes.reference(model_id), self.samples)

        return self.cached_values(model_id) or self._cached(model_id, self._own_keys()[-1], look)

    @property
    def looked_at(self) -> tuple[int, int] | None:
        """How many images accuracies are read on, and how many there are; None: on all."""
        dataset = self.setup.dataset
        whole = len(dataset.train_y) + len(dataset.test_y)
        return None if self.samples.whole else (self.samples.images, whole)

    def counts(self) -> dict[str, int]:
        """Of how many samples each percentage is, by metric."""
        probe, classes = self.probe, self.forget.classes
        asked = int(asked_of(probe.label, probe.is_forget).sum())
        return {
            **metrics.counts(probe.is_forget, probe.test_label, classes, "probe", "references"),
            **self.samples.looked,
            **({knn_probe_forget.key: asked} if asked else {}),
            **planted_counts(probe),
        }

    def measure(self, model: Any, original: str, retrained: str | None) -> Final:
        """Every measure of the unlearned ``model`` and of its references."""
        own = self.scenes.own(model)
        values, reasons = full_measure(self.setup, model, own, self.samples)
        seeds = self._seeds(retrained) if retrained else []
        found = {model_id: self.own_values(model_id) for model_id in (original, *seeds)}
        key = f"{self._key('references')}-{derive(original, *seeds):016x}"
        scenes = {
            model_id: self._with_recorded(model_id, key, alone) for model_id, alone in found.items()
        }
        compared = partial(
            _measure_beside,
            original=scenes[original],
            retrained=tuple(s for s in (scenes[i] for i in seeds) if s is not None),
            untrained=self.scenes.untrained(original),
        )
        more, why = compared(own)
        for model_id, scene in scenes.items():
            if scene is not None:
                found[model_id] |= self._cached(model_id, key, partial(compared, scene))
        others = {model_id: found[model_id] for model_id in seeds}
        return Final(values | more, reasons | why, found[original], others)

    # --- what is kept -------------------------------------------------------------------------

    def _how(self) -> str:
        """What values depend on besides forget set, probe and measures: the data, the seed of the
        untrained model, how it is computed here."""
        setup = self.setup
        parts = (setup.request.model_seed, setup.device, setup.plan.model_dump_json())
        return f"{derive(setup.dataset.hash, *parts):016x}"

    def _key(self, *over: Over) -> str:
        """Of what is looked at, of the measures, and of how it is computed here."""
        known = f"{self.forget.hash}-{self.probe.hash}"
        return f"{known}-{metrics.fingerprint(*over)}-{self._how()}"

    def _own_keys(self) -> list[str]:
        """Of a model's values by itself: by every sample, then, where that will do, by a draw."""
        exact = self._key("all", "probe")
        return [exact] if self.samples.whole else [exact, f"{exact}-{DRAWN}"]

    def _cached(self, model_id: str, key: str, measure: Callable[[], Measured]) -> Values:
        found = self.store.eval(model_id, key)
        if found is None:
            values, reasons = measure()
            found = {"values": values, "reasons": reasons}
            self.store.save_eval(model_id, key, found)
        return dict(found["values"])

    def _seeds(self, retrained: str) -> list[str]:
        """The run's retrained model, then those in the cache that differ from it by their seed: one
        of each, since the same seed in another precision is no other draw."""
        own = self.store.model(retrained)
        alike = (
            "kind", "dataset_hash", "architecture", "head", "recipe", "forget_hash", "scaling",
        )  # fmt: skip
        others: dict[int, str] = {}
        for record in sorted(self.store.models(), key=lambda record: (record.seed, record.id)):
            if (
                record.seed not in (own.seed, *others)
                and all(getattr(record, name) == getattr(own, name) for name in alike)
                and self._usable_outputs(record.id) is not None
            ):
                others[record.seed] = record.id
        return [retrained, *list(others.values())[: SEEDS - 1]]

    # --- looking ------------------------------------------------------------------------------

    def outputs_of(self, model_id: str) -> ModelOutputs:
        """A reference model as the probe shows it, looked at once a run."""
        return self.scenes.reference(model_id)[1]

    def _usable_outputs(self, model_id: str) -> ModelOutputs | None:
        """None for a model whose file is damaged, or whose outputs are no numbers."""
        try:
            scene = self.outputs_of(model_id)
        except (StoreError, BadCheckpoint):
            return None
        # whatever is no number in an embedding is none in the logits
        finite = np.isfinite(scene.logits).all() and np.isfinite(scene.test_logits).all()
        return scene if finite else None

    def _with_recorded(self, model_id: str, key: str, alone: Values) -> ModelOutputs | None:
        """The scene of a reference with what is on record of it, ``alone`` and under ``key``."""
        scene, found = self._usable_outputs(model_id), self.store.eval(model_id, key)
        return scene and replace(scene, known=alone | (found["values"] if found else {}))


def full_measure(setup: Setup, model: Any, seen: ModelOutputs, of: Samples) -> Measured:
    """Every metric of one model that needs no other, and why the missing ones are missing.

    Accuracies over the samples of the whole sets that are looked at; what reads embeddings, on the
    probe, as which the model was ``seen``.
    """
    values, reasons = metrics.measure(seen)
    return {**values, **whole_measure(setup, model, of)}, reasons


def _measure_beside(
    scene: ModelOutputs,
    original: ModelOutputs | None,
    retrained: tuple[ModelOutputs, ...],
    untrained: ModelOutputs,
) -> Measured:
    beside = replace(scene, original=original, retrained=retrained, untrained=untrained)
    return metrics.measure(beside, over="references")
