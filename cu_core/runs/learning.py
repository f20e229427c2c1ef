"""The picture of a model that is yet to learn, drawn now and then while it is trained.

A run whose original model was never trained begins with that, and its own map cannot begin before
its end. So the half-trained model is looked at on the run's probe and laid out, each frame from the
last. It is kept as a view beside the run's record, written anew with each frame: a page in another
process has either the last frame or the one before it, and no snapshot of the run is touched.

What is looked at is not moved: the trained weights have the same bits without it. How often depends
on a clock, which nothing on record does.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core import engine
from cu_core.errors import StoreError
from cu_core.projection import Layout, reference
from cu_core.seeding import preserve_random_state
from cu_core.spec import Probe, Snapshot
from cu_core.store import Store
from cu_core.store.views import LEARNING

log = logging.getLogger(__name__)

SEED = 0  # of the layout: what is drawn of a training does not depend on the run's seed
SHARE = 0.1  # of the training's time that looking at it may take
MOST = 40  # looks at one training: some 20 kB each of 2,000 points
EARLY = 1.5  # above 1: looks are closer in the beginning, when a model learns most
PACED = 0.04  # of the updates tell their pace: the first few are slow
TURNS = 1  # of a frame's layout at most: the next one goes on from there


class Learning:
    """Hears of every update of a training, and looks at the model when there is time for it."""

    def __init__(self, store: Store, run_id: str, probe: Probe, observer: engine.Observer) -> None:
        self.store, self.run_id, self.probe, self.observer = store, run_id, probe, observer
        self.looked = 0.0  # seconds, since the first update
        self._open = True
        self._layout: Layout | None = None
        self._frames: dict[str, list[NDArray[Any]]] = {"xy": [], "pred": []}
        self._facts: dict[str, list[Any]] = {"steps": [], "accuracy": []}
        self._first, self._looks, self._at, self._total = 0, 0, 0, 0
        self._began, self._cost = 0.0, 0.0

    def begin(self, model: torch.nn.Module, done: int, total: int) -> None:
        """Before the first update of this process: a picture of the blank model, or what is there
        of one that was cut off after ``done`` of ``total`` updates or later."""
        self._total = total
        self._guarded(self._first_picture, model, done)
        self._first, self._began, self._at = (
            done,
            time.perf_counter(),
            done + 1 + int(PACED * total),
        )

    def __call__(self, model: torch.nn.Module, done: int, total: int) -> None:
        """Update ``done`` of ``total`` has been made."""
        if not self._open or done < self._at:
            return
        due = self._due(done, total)
        self._at = min(due, done + max(done - self._first, 1))  # a pace may change
        if done >= due:
            began = time.perf_counter()
            self._guarded(self._look, model, done)
            self._cost = time.perf_counter() - began
            self.looked += self._cost
            self._looks += 1

    def _due(self, done: int, total: int) -> int:
        """The update of the next look: as many are spread over the training as it pays for."""
        updates = total - self._first
        pace = (time.perf_counter() - self._began - self.looked) / (done - self._first)
        n = min(MOST, int(SHARE * pace * updates / self._cost)) if self._cost else MOST
        if self._looks >= n:
            return total + 1
        share: float = ((self._looks + 1) / n) ** EARLY
        return self._first + round(updates * share)

    def _first_picture(self, model: torch.nn.Module, done: int) -> None:
        began = time.perf_counter()
        if done:
            self._take_up(done)
        else:
            self._look(model, 0)
        self._cost = (time.perf_counter() - began) / 2  # the first one loads what it needs

    def _take_up(self, done: int) -> None:
        """The frames of an earlier process, but those of updates that are made once more."""
        found = self.store.reader(self.run_id).view(LEARNING)
        if found is None:
            return
        arrays, facts = found
        n = sum(step <= done for step in facts["steps"])
        self._facts = {name: list(facts[name])[:n] for name in self._facts}
        self._frames = {name: list(arrays[name])[:n] for name in self._frames}
        if n:
            xy = self._frames["xy"]
            self._layout = Layout(xy[0], SEED, previous=xy[-1], turns=TURNS)

    def _look(self, model: torch.nn.Module, done: int) -> None:
        with preserve_random_state(str(self.observer.probe_x.device)):
            seen = self.observer.snapshot(model, done)
            if not (np.isfinite(seen.z).all() and np.isfinite(seen.logits).all()):
                return  # the training itself says what is wrong with it
            xy = self._placed(seen)
        right = seen.test_logits.argmax(1) == self.probe.test_label
        self._facts["steps"].append(done)
        self._facts["accuracy"].append(float(100 * right.mean()))
        self._frames["xy"].append(xy)
        self._frames["pred"].append(seen.logits.argmax(1).astype(np.uint16))
        arrays = {name: np.stack(frames) for name, frames in self._frames.items()}
        self.store.save_view(self.run_id, LEARNING, arrays, {**self._facts, "total": self._total})

    def _placed(self, seen: Snapshot) -> NDArray[np.float32]:
        """Nothing is forgotten yet: all samples are laid out alike."""
        if self._layout is None:
            xy = reference(seen.z, SEED, self.probe.label)
            self._layout = Layout(xy, SEED, turns=TURNS)
            return xy
        alike = np.zeros(len(seen.z), bool)
        return self._layout.place(seen.z, seen.step, self.probe.label, alike).xy

    def _guarded(self, act: Callable[..., None], *given: Any) -> None:
        """A picture that cannot be kept costs the picture, not the training."""
        try:
            act(*given)
        except StoreError as fault:
            self._open = False
            log.warning("The picture of the learning model ends: %s", fault)
