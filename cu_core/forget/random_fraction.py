"""``random:0.1``: a random tenth of the training samples, whatever their class."""

import numpy as np

from cu_core.forget._rule import Rule, fraction, percent
from cu_core.seeding import derive
from cu_core.spec import Dataset, Ints


def select(argument: str, dataset: Dataset, seed: int) -> Ints:
    """round(fraction * N) samples. For one seed a smaller fraction is part of a larger one."""
    n = len(dataset.train_y)
    order = np.random.default_rng(derive(seed, "forget", "random")).permutation(n)
    return order[: round(fraction(argument, "random") * n)]


RULE = Rule(
    key="random",
    title="A random share",
    example="random:0.1",
    help="A random fraction of all training samples.",
    select=select,
    control="share",
    words=lambda argument: f"a random {percent(argument, 'random')}",
)
