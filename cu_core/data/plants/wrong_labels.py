"""``wrong-labels:0.1``: a tenth of the training samples is taught as another class.

The wrong class is drawn evenly among the others (symmetric label noise). For one data set a smaller
share is part of a larger one, with the same wrong labels.
"""

import numpy as np

from cu_core.data.plants._plant import Plant, Planted, share, stream
from cu_core.errors import BadRequest
from cu_core.spec import Dataset


def choose(argument: str, dataset: Dataset) -> Planted:
    """round(share * N) samples of all classes."""
    wanted, y, classes = share(argument, "wrong-labels"), dataset.train_y, dataset.n_classes
    if classes < 2:
        raise BadRequest(f"{dataset.key} has a single class, so no label can be wrong.")
    rng = stream(dataset, "wrong-labels")
    order, shift = rng.permutation(len(y)), rng.integers(1, classes, len(y))  # (N,), (N,)
    index = np.sort(order[: round(wanted * len(y))])
    note = f"{len(index):,} of {len(y):,} training samples have a wrong label"
    return Planted(index, (y[index] + shift[index]) % classes, note)


PLANT = Plant(
    key="wrong-labels",
    title="Wrong labels",
    example="wrong-labels:0.1",
    help="A share of the training samples is taught as another class, drawn at random.",
    choose=choose,
)
