"""What a file of this folder declares: ``PLANT = Plant(...)``, under the word before the colon."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cu_core.errors import BadRequest
from cu_core.seeding import derive
from cu_core.spec import Dataset, Ints, Trigger


@dataclass(frozen=True)
class Planted:
    """What is to be changed. ``index``: training samples (M,), sorted, each once; ``label``: int64
    (M,), what they are taught to be; ``note``: what was done, with counts; ``trigger``: the mark
    to be drawn on them, if one is."""

    index: Ints
    label: Ints
    note: str
    trigger: Trigger | None = None


@dataclass(frozen=True)
class Plant:
    """A way to spoil some training samples on purpose, so that it is known which ones.

    ``choose(argument, dataset) -> Planted``: the text after the colon. The same (argument, data)
    give the same samples, whatever a run's seed. BadRequest with a sentence for anything else.
    """

    key: str
    title: str
    example: str
    help: str
    choose: Callable[[str, Dataset], Planted]


def share(text: str, key: str) -> float:
    """A number strictly between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < 1:
        raise BadRequest(
            f"{key} needs a fraction between 0 and 1, both excluded, got {text!r}; "
            f"{key}:0.1 is a tenth."
        )
    return value


def stream(dataset: Dataset, key: str) -> np.random.Generator:
    """The random numbers of a plant: the data's own, the same for every run."""
    return np.random.default_rng(derive("plant", key, len(dataset.train_y)))
