"""How long the pieces of a run take here: by what this machine was measured to do, else guessed.

A rate is kept for the same work (network, shape, batch, method) on the same processor and plan.
"""

from dataclasses import dataclass
from typing import Any

from cu_core.data.probe import make_probe
from cu_core.runs import reference_models
from cu_core.runs.clock import Clock
from cu_core.runs.rates import Rates, training, updating
from cu_core.runs.resolve import Setup
from cu_core.runs.runmap import kept_as
from cu_core.runs.whole import DRAWN, KINDS
from cu_core.spec import Method, UnlearnRequest, Wait
from cu_core.spec import phases as p
from cu_core.store import Store

FRAME_S = 0.05  # a frame's place on the map and in the store, where none was measured
MAP_S, MAP_POINT_S = 0.3, 0.0006  # a reference layout: its start, then each point
BACKWARD = 3.0  # a pass forward and back, in passes forward
MODELS = 3  # that are measured at the end
LOOKS = ("snapshot", "map", "metrics", "store", "checkpoint")  # of the clock, once a frame


@dataclass(frozen=True)
class Work:
    """A phase of a run and the ``seconds`` that it is expected to take, None: nothing is known;
    ``measured``: by a rate of this machine."""

    phase: str
    seconds: float | None
    measured: bool


def forecast(
    store: Store, setup: Setup, method: Method, total: int, frames: int, n_images: int
) -> list[Work]:
    """The phases that a run has yet to go through; what is cached is not among them.

    ``n_images``: of a look at the probe.
    """
    request, rates = setup.request, Rates(setup)
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    look = rates.known("look", n_images)
    per_image = None if look is None else look / n_images
    original = request.original or reference_models.model_id(setup, None)
    found: list[Work] = []
    if not store.has_model(original):
        found.append(_training(setup, rates, p.TRAINING.key, per_image, None))
    if not _has_layout(store, setup, original):
        guess = MAP_S + MAP_POINT_S * min(request.probe_size, len(setup.dataset.train_y))
        found.append(_work(p.FITTING.key, rates.known("map", request.probe_size), guess))
    step, frame = rates.known(*updating(method)), rates.known("frame", n_images)
    frame = frame if frame is not None else (look or 0.0) + FRAME_S
    found.append(_work(p.UNLEARNING.key, None if step is None else total * step + frames * frame))
    if request.reference and not store.has_model(reference_models.model_id(setup, setup.forget)):
        found.append(_training(setup, rates, p.RETRAINING.key, per_image, setup.forget))
    whole = len(setup.dataset.train_y) + len(setup.dataset.test_y)
    looked = min(whole, KINDS * DRAWN)
    measuring = None if per_image is None else 1.0 + MODELS * looked * per_image
    found.append(_work(p.MEASURING.key, rates.known("measuring", setup.dataset.hash), measuring))
    return found


def _training(
    setup: Setup, rates: Rates, phase: str, per_image: float | None, without: Any
) -> Work:
    recipe = setup.recipe
    n = len(setup.retain_index(without))
    updates = recipe.epochs * -(-n // recipe.batch_size)
    known = rates.known(*training(setup))
    guess = None if per_image is None else BACKWARD * per_image * recipe.batch_size * updates
    return _work(phase, None if known is None else known * updates, guess)


def _work(phase: str, known: float | None, guess: float | None = None) -> Work:
    return Work(phase, guess if known is None else known, known is not None)


def _has_layout(store: Store, setup: Setup, original: str) -> bool:
    """Whether the original model has its map; asked by the probe that the run will have."""
    if not store.has_model(original):
        return False
    request = setup.request
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    probe = make_probe(setup.dataset, setup.forget, request.probe_size)
    return store.layout(original, kept_as(probe)) is not None


def remember(setup: Setup, method: Method, clock: Clock, n_images: int) -> None:
    """Keeps the rates that a run was measured to have."""
    rates, spent, counts = Rates(setup), clock.seconds, clock.counts
    if steps := counts.get("step", 0):
        rates.keep(spent["step"] / steps, *updating(method))
    if frames := counts.get("snapshot", 0):
        rates.keep(sum(spent.get(name, 0.0) for name in LOOKS) / frames, "frame", n_images)
        rates.keep(spent["snapshot"] / frames, "look", n_images)
    if "reference map" in spent:
        rates.keep(spent["reference map"], "map", getattr(setup.request, "probe_size", 0))
    rates.keep(spent["final metrics"], "measuring", setup.dataset.hash)


def by_part(works: list[Work]) -> dict[str, Wait]:
    """What each part of the wait is expected to take."""
    found: dict[str, Wait] = {}
    for part in p.PARTS:
        own = [work for work in works if p.PHASES[work.phase].part == part]
        seconds = [work.seconds for work in own]
        left = None if None in seconds else sum(s for s in seconds if s is not None)
        found[part] = Wait(left=left, guess=not all(work.measured for work in own))
    return found
