"""What a run measures at its end: each model looked at once, then every measure with the original
and the retrained models beside it.

Values of the references are kept with them: the plain ones for a forget set and probe, those that
compare for these and the models compared. Retrained models of other seeds that are in the cache
take part; they are never trained for it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from cu_core import engine, metrics, models
from cu_core.errors import BadCheckpoint, StoreError
from cu_core.metrics.accuracy import percent_right
from cu_core.metrics.knn_probe import asked_of, knn_probe_forget
from cu_core.metrics.planted import planted_counts
from cu_core.models.evaluate import block_outputs, outputs
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup
from cu_core.seeding import derive, preserve_random_state
from cu_core.spec import ForgetSet, ModelOutputs, Probe, Snapshot
from cu_core.store import Store

SEEDS = 4  # retrained models at most
RELEARN_UPDATES = 50
RELEARN_BATCH, RELEARN_LR, RELEARN_MOMENTUM = 64, 0.01, 0.9
RELEARN_ASKED = 256  # forget samples whose accuracy is read after each update

Values = dict[str, float | None]
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
    """Measures the models of one run, on its forget set and probe."""

    def __init__(self, store: Store, setup: Setup, probe: Probe, observer: engine.Observer) -> None:
        assert setup.forget is not None
        self.store, self.setup, self.forget = store, setup, setup.forget
        self.probe, self.observer = probe, observer
        self._seen: dict[str, tuple[Any, ModelOutputs]] = {}

    def cached_values(self, model_id: str) -> Values | None:
        """What is on record of a model by itself, without looking at it."""
        found = self.store.eval(model_id, self._key("all", "probe"))
        return found["values"] if found else None

    def origin(self, model_id: str) -> str:
        """What the model was before it forgot anything, through all stages: what "original" means
        to a measure. Itself where that is no longer in the cache."""
        origin = self.store.model(model_id).origin
        return origin if origin and self.store.has_model(origin) else model_id

    def own_values(self, model_id: str) -> Values:
        """The measures of a reference model that need no other, kept with it."""

        def look() -> Measured:
            return full_measure(self.setup, *self._see(model_id))

        return self._cached(model_id, self._key("all", "probe"), look)

    def counts(self) -> dict[str, int]:
        """Of how many samples each percentage is, by metric."""
        dataset, probe, classes = self.setup.dataset, self.probe, self.forget.classes
        is_forget = _marked(len(dataset.train_y), self.forget)
        asked = int(asked_of(probe.label, probe.is_forget).sum())
        return {
            **metrics.counts(probe.is_forget, probe.test_label, classes, "probe", "references"),
            **metrics.counts(is_forget, dataset.test_y, classes, "all"),
            **({knn_probe_forget.key: asked} if asked else {}),
            **planted_counts(probe),
        }

    def measure(self, model: Any, original: str, retrained: str | None) -> Final:
        """Every measure of the unlearned ``model`` and of its references."""
        own = self._scene(model)
        values, reasons = full_measure(self.setup, model, own)
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
            untrained=self._untrained(),
        )
        more, why = compared(own)
        for model_id, scene in scenes.items():
            if scene is not None:
                found[model_id] |= self._cached(model_id, key, partial(compared, scene))
        others = {model_id: found[model_id] for model_id in seeds}
        return Final(values | more, reasons | why, found[original], others)

    # --- what is kept -------------------------------------------------------------------------

    def _key(self, *over: Any) -> str:
        """Of what is looked at, of the measures, and of how it is computed here; the seed is that
        of the untrained model."""
        setup = self.setup
        parts = (setup.request.model_seed, setup.device, setup.plan.model_dump_json())
        how = f"{derive(setup.dataset.hash, *parts):016x}"
        return f"{self.forget.hash}-{self.probe.hash}-{metrics.fingerprint(*over)}-{how}"

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
        return self._see(model_id)[1]

    def _see(self, model_id: str) -> tuple[Any, ModelOutputs]:
        if model_id not in self._seen:
            model = reference_models.load_model(self.store, self.setup, model_id)
            self._seen[model_id] = model, self._scene(model)
        return self._seen[model_id]

    def _usable_outputs(self, model_id: str) -> ModelOutputs | None:
        """None for a model whose file is damaged, or whose outputs are no numbers."""
        try:
            scene = self._see(model_id)[1]
        except (StoreError, BadCheckpoint):
            return None
        # whatever is no number in an embedding is none in the logits
        finite = np.isfinite(scene.logits).all() and np.isfinite(scene.test_logits).all()
        return scene if finite else None

    def _with_recorded(self, model_id: str, key: str, alone: Values) -> ModelOutputs | None:
        """The scene of a reference with what is on record of it, ``alone`` and under ``key``."""
        scene, found = self._usable_outputs(model_id), self.store.eval(model_id, key)
        return scene and replace(scene, known=alone | (found["values"] if found else {}))

    def _scene(self, model: Any) -> ModelOutputs:
        """One pass over the probe and its test samples."""
        with block_outputs(model) as blocks:
            look = self.observer.snapshot(model, 0)
        rows = len(self.probe.index)
        layers = {name: torch.cat(parts)[:rows].numpy() for name, parts in blocks.items()}
        scene = model_outputs(look, self.probe, self.forget)
        return replace(scene, layers=layers, relearn=self._relearner(model))

    def _untrained(self) -> ModelOutputs:
        request, dataset = self.setup.request, self.setup.dataset
        seed = derive(request.model_seed, "untrained")
        model = models.build(request.model, dataset.shape, dataset.n_classes, request.head, seed)
        look = self.observer.snapshot(self.setup.place(model), 0)
        return model_outputs(look, self.probe, self.forget)

    def _relearner(self, model: Any) -> Callable[[], list[float]]:
        """Learns the forget set again when first asked; every model by the same batches."""

        @cache
        def relearn() -> list[float]:
            with preserve_random_state(self.setup.device):
                return self._relearn_curve(copy.deepcopy(model).requires_grad_(True))

        return relearn

    def _relearn_curve(self, model: Any) -> list[float]:
        """Forget accuracy (%) after each update, until all are right. BatchNorm keeps its
        statistics, so that a batch of one sample is a batch."""
        batches = self.setup.batches(self.forget.index, RELEARN_BATCH, 0, "relearn", "none")
        asked = np.flatnonzero(self.probe.is_forget)
        asked = asked[:: -(-len(asked) // RELEARN_ASKED)]
        x, label = self.observer.probe_x[torch.from_numpy(asked)], self.probe.label[asked]
        optimizer = torch.optim.SGD(model.parameters(), RELEARN_LR, RELEARN_MOMENTUM)
        model.eval()
        accuracy: list[float] = []
        while len(accuracy) < RELEARN_UPDATES and (not accuracy or accuracy[-1] < 100.0):
            part, wanted = batches.batch(len(accuracy))
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(model(part)[0], wanted).backward()
            optimizer.step()
            logits, _ = outputs(model, x, self.observer.normalise)
            accuracy.append(percent_right(logits, label, "forget samples"))
        return accuracy


def model_outputs(snapshot: Snapshot, probe: Probe, chosen: ForgetSet) -> ModelOutputs:
    return ModelOutputs(
        snapshot.z, snapshot.logits, probe.label, probe.is_forget,
        snapshot.test_logits, probe.test_label, chosen.classes, snapshot.test_z,
        true_label=probe.true_label, trigger_logits=snapshot.trigger_logits,
        trigger_label=probe.trigger_label,
    )  # fmt: skip


def full_measure(
    setup: Setup, model: Any, seen: ModelOutputs
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every metric of one model that needs no other, and why the missing ones are missing.

    Accuracies over the whole training and test set; what reads embeddings, on the probe, as which
    the model was ``seen``.
    """
    chosen, r = setup.forget, setup.resident
    assert chosen is not None
    values, reasons = metrics.measure(seen)
    logits, _ = outputs(model, r.train_x, r.normalise)
    test_logits, _ = outputs(model, r.test_x, r.normalise)
    whole = ModelOutputs(
        seen.z, logits, setup.dataset.train_y, _marked(len(logits), chosen),
        test_logits, setup.dataset.test_y, chosen.classes,
    )  # fmt: skip
    exact, _ = metrics.measure(whole, over="all")
    return {**values, **exact}, reasons


def _marked(n: int, chosen: ForgetSet) -> NDArray[np.bool_]:
    """Which of ``n`` training samples are to be forgotten."""
    is_forget = np.zeros(n, bool)
    is_forget[chosen.index] = True
    return is_forget


def _measure_beside(
    scene: ModelOutputs,
    original: ModelOutputs | None,
    retrained: tuple[ModelOutputs, ...],
    untrained: ModelOutputs,
) -> Measured:
    beside = replace(scene, original=original, retrained=retrained, untrained=untrained)
    return metrics.measure(beside, over="references")
