"""``signs``: 4,000 pictures of ten road signs, 32 x 32 in colour, drawn by Lethe's own code.

No photographs: flat signs in a random pose, light, blur and noise before a made-up background. Some
look alike by design (yield and danger, 30 and no overtaking, parking and pedestrian crossing), so
that where forgotten samples go can be judged by eye.
"""

from pathlib import Path

from cu_core.data import _sign_scenes, _sign_shapes
from cu_core.data.cache import cached
from cu_core.data.memory import Room
from cu_core.data.source import Source
from cu_core.spec import Dataset

TRAIN, TEST = 3000, 1000
SEED = 43
MADE_BY = [Path(str(module.__file__)) for module in (_sign_shapes, _sign_scenes)]


def load(argument: str, home: Path | None) -> Dataset:
    """3,000 training and 1,000 test pictures, (N, 3, 32, 32), as many of each sign."""
    return cached(home, "signs", MADE_BY, _drawn)


def _drawn(room: Room) -> Dataset:
    x, y = _sign_scenes.scenes(TRAIN + TEST, SEED)
    names = tuple(_sign_shapes.SIGNS)
    return Dataset("signs", x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:], names)


SOURCES = (
    Source(
        key="signs",
        title="Road signs (32 x 32, built in)",
        help="4,000 pictures of ten road signs, drawn by Lethe's own code; no photographs.",
        load=load,
    ),
)
