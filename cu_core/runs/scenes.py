"""How a run's models look: each one passed over the probe once, for all measures that compare.

What a reference model shows is kept with it: it is the same in every run on the same probe.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from cu_core import engine, models
from cu_core.metrics.accuracy import percent_right
from cu_core.models.evaluate import block_outputs, outputs
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup
from cu_core.seeding import derive, preserve_random_state
from cu_core.spec import Floats, ForgetSet, ModelOutputs, Probe, Snapshot
from cu_core.store import Store

RELEARN_UPDATES = 50
RELEARN_BATCH, RELEARN_LR, RELEARN_MOMENTUM = 64, 0.01, 0.9
RELEARN_ASKED = 256  # forget samples whose accuracy is read after each update
Relearn = Callable[[], Iterable[float]]
LAYER = "layer/"  # before a block's name, among what is kept of a scene
UNTRAINED = "untrained"


class Scenes:
    """Models as the probe of one run shows them. ``how``: what an output depends on besides the
    model and the probe."""

    def __init__(
        self, store: Store, setup: Setup, probe: Probe, observer: engine.Observer, how: str
    ) -> None:
        assert setup.forget is not None
        self.store, self.setup, self.forget = store, setup, setup.forget
        self.probe, self.observer, self.how = probe, observer, how
        self._seen: dict[str, tuple[Any, ModelOutputs]] = {}

    def reference(self, model_id: str) -> tuple[Any, ModelOutputs]:
        """A model of the cache and how it looks; StoreError or BadCheckpoint if damaged."""
        if model_id not in self._seen:
            model = reference_models.load_model(self.store, self.setup, model_id)
            found = self._kept(model_id, self.how, lambda: self._look(model))
            self._seen[model_id] = model, self._scene(found, self._relearned(model_id, model))
        return self._seen[model_id]

    def start(self, model_id: str) -> Snapshot:
        """The snapshot of step 0 of a run that begins with a model of the cache."""
        seen = self.reference(model_id)[1]
        return Snapshot(0, seen.z, seen.logits, seen.test_logits, seen.test_z, seen.trigger_logits)

    def own(self, model: Any) -> ModelOutputs:
        """How a model looks that is not in the cache."""
        return self._scene(self._look(model), lambda: self.relearned(model))

    def untrained(self, original: str) -> ModelOutputs:
        """How the network looks before any training; kept with the ``original`` model."""
        request, dataset = self.setup.request, self.setup.dataset
        seed = derive(request.model_seed, UNTRAINED)

        def look() -> dict[str, Floats]:
            shape = dataset.shape
            model = models.build(request.model, shape, dataset.n_classes, request.head, seed)
            return _arrays(self.observer.snapshot(self.setup.place(model), 0))

        key = f"{self.how}-{UNTRAINED}-{request.model}-{request.head}-{seed}"
        return model_outputs(_snapshot(self._kept(original, key, look)), self.probe, self.forget)

    def _kept(
        self, model_id: str, key: str, look: Callable[[], dict[str, Floats]]
    ) -> dict[str, Floats]:
        found = self.store.scene(model_id, key)
        if found is None:
            found = look()
            self.store.save_scene(model_id, key, found)
        return found

    def _look(self, model: Any) -> dict[str, Floats]:
        """One pass over the probe and its test samples, with what the blocks give."""
        with block_outputs(model) as blocks:
            seen = self.observer.snapshot(model, 0)
        rows = len(self.probe.index)
        layers = {f"{LAYER}{n}": torch.cat(parts)[:rows].numpy() for n, parts in blocks.items()}
        return _arrays(seen) | layers

    def _scene(self, found: dict[str, Floats], relearn: Relearn) -> ModelOutputs:
        scene = model_outputs(_snapshot(found), self.probe, self.forget)
        layers = {
            name.removeprefix(LAYER): part for name, part in found.items() if name.startswith(LAYER)
        }
        return replace(scene, layers=layers, relearn=relearn)

    def _relearned(self, model_id: str, model: Any) -> Relearn:
        """What a reference model learns again, kept with it."""
        key = f"{self.how}-{self.forget.hash}-relearn"

        def read() -> list[float]:
            kept = self.store.eval(model_id, key)
            if kept is None:
                kept = {"accuracy": list(self.relearned(model))}
                self.store.save_eval(model_id, key, kept)
            return list(kept["accuracy"])

        return read

    def relearned(self, model: Any) -> Iterator[float]:
        """Forget accuracy (%) of a copy after each update on the forget set, until all are right;
        every model by the same batches. BatchNorm keeps its statistics, so that a batch of one
        sample is a batch."""
        model = copy.deepcopy(model).requires_grad_(True).eval()
        batches = self.setup.batches(self.forget.index, RELEARN_BATCH, 0, "relearn", "none")
        asked = np.flatnonzero(self.probe.is_forget)
        asked = asked[:: -(-len(asked) // RELEARN_ASKED)]
        x, label = self.observer.probe_x[torch.from_numpy(asked)], self.probe.label[asked]
        optimizer = torch.optim.SGD(model.parameters(), RELEARN_LR, RELEARN_MOMENTUM)
        for update in range(RELEARN_UPDATES):
            with preserve_random_state(self.setup.device):
                part, wanted = batches.batch(update)
                optimizer.zero_grad(set_to_none=True)
                cross_entropy(model(part)[0], wanted).backward()
                optimizer.step()
                logits, _ = outputs(model, x, self.observer.normalise)
            accuracy = percent_right(logits, label, "forget samples")
            yield accuracy
            if accuracy == 100.0:
                return


def _arrays(seen: Snapshot) -> dict[str, Floats]:
    """What is kept of a look, by the snapshot's names."""
    return {
        field.name: value
        for field in fields(seen)
        if isinstance(value := getattr(seen, field.name), np.ndarray)
    }


def _snapshot(found: dict[str, Floats]) -> Snapshot:
    named = {field.name for field in fields(Snapshot)}
    return Snapshot(0, **{name: part for name, part in found.items() if name in named})


def model_outputs(snapshot: Snapshot, probe: Probe, chosen: ForgetSet) -> ModelOutputs:
    return ModelOutputs(
        snapshot.z, snapshot.logits, probe.label, probe.is_forget,
        snapshot.test_logits, probe.test_label, chosen.classes, snapshot.test_z,
        true_label=probe.true_label, trigger_logits=snapshot.trigger_logits,
        trigger_label=probe.trigger_label,
    )  # fmt: skip
