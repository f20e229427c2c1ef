"""The first of the three lines: what is handed over is checked, read and looked at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from cu_core.errors import BadRequest
from cu_core.spec import WatchRequest
from cu_core.store import Store
from cu_core.watching._watch import Watch
from cu_core.watching.cadence import BEGINNING, Cadence, Clock
from cu_core.watching.fence import plain_settings, random_streams
from cu_core.watching.looking import Embed, Looker, bare
from cu_core.watching.parts import kind, part
from cu_core.watching.recorder import SEED, Recorder
from cu_core.watching.samples import Samples, class_names, gather

FEWEST_POINTS, MOST_POINTS = 20, 50_000


def watch(
    model: nn.Module,
    *,
    forget: Any,
    retain: Any,
    test: Any = None,
    every: int | None = None,
    name: str | None = None,
    home: Path | str | None = None,
    reference: nn.Module | None = None,
    classes: Sequence[str] | None = None,
    points: int = 2000,
    embed: Embed | None = None,
    clock: Clock = time.perf_counter,
) -> Watch:
    """Watches a training loop of one's own: ``w.step(loss=loss)`` after each update, ``w.close()``
    or ``with`` at its end. The app shows it as a run while it goes on, and keeps it.

    ``forget``, ``retain``, ``test``: a Dataset, a DataLoader or a pair (x, y) each, whose samples
    are as the model takes them; up to ``points`` of the first two are shown, and 1,000 of the test
    set. ``every``: updates between two pictures; without it as many as take 5 % of the time.
    ``reference``: a model retrained without the forget set, to compare with. ``classes``: a name
    for each logit. ``embed``: (model, batch) -> (logits, embeddings), for a model whose last layer
    is not linear. ``home``: None: $LETHE_HOME, else ~/.lethe. ``clock``: gives seconds. BadRequest
    for an argument that cannot be used; after that nothing raises, see ``Watch``.
    """
    _check(every, points)
    cadence = Cadence(every, clock)
    parts = part("forget", forget), part("retain", retain)
    tested = None if test is None else part("test", test)
    with cadence.looking(BEGINNING), random_streams(bare(model)), plain_settings():
        samples = gather(*parts, tested, points)
    looker, retrained = _lookers(model, reference, samples, embed)
    names = class_names(classes, samples, looker.n_classes)
    request = _request(samples.source, kind(looker.model), every, points)
    watched = Watch(looker, cadence)
    watched.begin(
        lambda: Recorder(Store(home), request, name, samples, names), parts[0].root, retrained
    )
    return watched


def _lookers(
    model: nn.Module, reference: nn.Module | None, samples: Samples, embed: Embed | None
) -> tuple[Looker, Looker | None]:
    """At the model and at what it is compared with."""
    looker = Looker(model, samples, embed)
    if reference is None:
        return looker, None
    retrained = Looker(reference, samples, embed)
    if retrained.n_classes != looker.n_classes:
        raise BadRequest(
            f"reference gives {retrained.n_classes} logits, and model {looker.n_classes}; a "
            "retrained model has the same classes."
        )
    return looker, retrained


def _request(source: str, network: str, every: int | None, points: int) -> WatchRequest:
    return WatchRequest(dataset=source, model=network, every=every, probe_size=points, seed=SEED)


def _check(every: int | None, points: int) -> None:
    if every is not None and every < 1:
        raise BadRequest(f"every must be a whole number of updates from 1 on; got {every}.")
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        raise BadRequest(f"points must be in [{FEWEST_POINTS}, {MOST_POINTS}]; got {points}.")
