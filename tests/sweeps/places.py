"""A place where the runs of a sweep end at once, as a test wants them to, without any training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cu_core.spec import REPORTED, TUNING, SeedRange, Summary, UnlearnRequest
from cu_core.store import Store

End = Callable[["MadeUpPlace", str, UnlearnRequest], None]


def summary_of(request: UnlearnRequest) -> Summary:
    """Numbers by fixed arithmetic on the knobs and the seed."""
    weight = float(request.hparams.get("contrast_weight", 3.0))
    ua = 10 * abs(weight - 4) + 0.1 * request.seed
    half = {TUNING: 90 - weight, REPORTED: 89.5 - weight}
    words = repr((sorted(request.hparams.items()), request.seed, request.method))
    return Summary(
        metrics={"ua": ua, "ra": 99.0, **half},
        retrained={"ua": 0.0, "ra": 99.0, TUNING: 92.0, REPORTED: 91.0},
        band={"ua": SeedRange(0.0, 0.5), "ra": SeedRange(98, 99), TUNING: SeedRange(91, 92)},
        weights_sha256=hashlib.sha256(words.encode()).hexdigest(),
        seconds={"step": 0.5, "map": 0.25},
        steps=3,
    )


class MadeUpPlace:
    """``end(place, run_id, request)`` decides what becomes of a run that is begun; without it the
    run is done. ``begun``: the ids of all that were begun, in order."""

    def __init__(self, store: Store, end: End | None = None, slots: int = 2) -> None:
        self.store, self.slots = store, slots
        self._end = end or MadeUpPlace.done
        self.begun: list[str] = []
        self.looks = 0
        self.closed = False

    def begin(self, run_id: str) -> None:
        self.begun.append(run_id)
        request = self.store.run(run_id).request
        assert isinstance(request, UnlearnRequest)
        self._end(self, run_id, request)

    def look(self) -> None:
        self.looks += 1

    def stop(self, run_id: str) -> None:
        self.store.move(run_id, {"queued", "lost"}, "stopped", "Stopped by you.")

    def close(self) -> None:
        self.closed = True

    def done(self, run_id: str, request: UnlearnRequest, **changes: object) -> None:
        self.write(run_id, "done", summary=summary_of(request).model_copy(update=changes))

    def write(
        self, run_id: str, state: str, message: str = "", summary: Summary | None = None
    ) -> None:
        """``state`` "lost": its worker dies; else what its record ends with."""
        with self.store.claim_run(run_id):
            writer = self.store.writer(run_id)
            writer.move(("starting",), "running")
            if summary is not None:
                writer.finish(summary)
            if state != "lost":
                writer.move(("running",), state, message)
            writer.close()
