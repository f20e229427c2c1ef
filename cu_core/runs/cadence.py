"""How many updates a run makes, and how often it is looked at: known before there is a model."""

from types import SimpleNamespace
from typing import Any

from cu_core.models import calibrate
from cu_core.runs.resolve import Setup
from cu_core.spec import Method, UnlearnRequest

MOST_FRAMES, FEWEST_FRAMES = 60, 5
SMALL_FRAMES = 30  # of samples so small that nobody waits for a look
# What an update costs a sample of its batch, in passes forward: one forward and back is three, and
# drawing, augmenting and stepping cost as much again.
UPDATE = 6


def sized(setup: Setup, method: Method) -> Any:
    """The sizes of the job's batches, which is all that a number of updates depends on."""
    assert setup.forget is not None
    return of_size(method, len(setup.new), len(setup.retain_index(setup.forget)))


def of_size(method: Method, n_forget: int, n_retain: int) -> Any:
    """The same for sets of so many samples."""
    size = int(getattr(method, "batch_size", 64))
    forget, retain = (SimpleNamespace(n=n, n_batches=-(-n // size)) for n in (n_forget, n_retain))
    return SimpleNamespace(forget=forget, retain=retain)


def cadence(setup: Setup, method: Method, looked_at: int, begun: int = 0) -> tuple[int, int]:
    """(total steps, steps between snapshots) of a run, unless its request says.

    ``looked_at``: images of a snapshot; ``begun``: updates before those of the method.
    """
    request, shape = setup.request, setup.dataset.shape
    assert isinstance(request, UnlearnRequest)
    total = begun + method.total_steps(sized(setup, method))
    total = min(total, request.max_steps or total)
    return total, request.every or usual_every(method, total, shape, looked_at)


def usual_every(method: Method, total: int, shape: tuple[int, ...], looked_at: int) -> int:
    """Steps between snapshots: as many of them as cost about what the updates do, 60 at most and 5
    at least; 30 of samples below 512 numbers.

    Counted, not timed, so that the same request gives the same snapshots everywhere.
    """
    frames = SMALL_FRAMES
    if not calibrate.small(shape):
        sets = method.uses_forget + method.uses_retain
        trained = total * int(getattr(method, "batch_size", 64)) * sets
        frames = min(max(UPDATE * trained // looked_at, FEWEST_FRAMES), MOST_FRAMES)
    return max(1, -(-total // frames))
