"""``per-class:0.1``: a random tenth of every class."""

import numpy as np

from cu_core.forget._rule import Rule, fraction, percent
from cu_core.seeding import derive
from cu_core.spec import Dataset, Ints


def select(argument: str, dataset: Dataset, seed: int) -> Ints:
    """round(fraction * n_c) samples of each class c, drawn from a stream of its own."""
    share = fraction(argument, "per-class")
    taken = []
    for c in range(dataset.n_classes):
        members = np.flatnonzero(dataset.train_y == c)
        order = np.random.default_rng(derive(seed, "forget", "per-class", c)).permutation(members)
        taken.append(order[: round(share * len(members))])
    return np.concatenate(taken)


RULE = Rule(
    key="per-class",
    title="A share of every class",
    example="per-class:0.1",
    help="The same random fraction of each class.",
    select=select,
    control="share",
    words=lambda argument: f"{percent(argument, 'per-class')} of every class",
)
