"""A person's own script: plain PyTorch, its own normalisation and class order, its own numbers."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from cu_core import data, models
from cu_core.spec import Dataset

EPOCHS, BATCH, LR = 3, 64, 0.05
SCRIPTS = {  # mean, std of pixels in 0..1; None: found from the training images
    "totensor": (0.0, 1.0),
    "imagenet": (0.449, 0.226),
    "bytes": (0.0, 1 / 255),
    "data": None,
}


class Trained(NamedTuple):
    """``weights``: what the script saves; ``accuracy``: percent of the test part."""

    weights: dict[str, torch.Tensor]
    accuracy: float


def digits() -> Dataset:
    return data.load("digits")


def scaled(x: np.ndarray, numbers: tuple[float, float] | None) -> torch.Tensor:
    """Images as the script makes numbers of them."""
    pixels = torch.from_numpy(x).float() / 255
    whole = torch.from_numpy(digits().train_x).float() / 255
    mean, std = numbers or (whole.mean(), whole.std())
    return (pixels - mean) / std


@cache
def trained(script: str, order: tuple[int, ...] = (*range(10),)) -> Trained:
    """A small network that the script trained; output k stands for the class ``order[k]``."""
    held, numbers = digits(), SCRIPTS[script]
    place = np.argsort(order)
    x, y = scaled(held.train_x, numbers), torch.from_numpy(place[held.train_y])
    torch.manual_seed(0)
    network = models.build("small-cnn", (1, 8, 8), 10, seed=3)
    optimizer = torch.optim.SGD(network.parameters(), LR, 0.9)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH)[:-1]:
            optimizer.zero_grad()
            cross_entropy(network(x[rows])[0], y[rows]).backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        answers = network(scaled(held.test_x, numbers))[0].argmax(1).numpy()
    right = float((answers == place[held.test_y]).mean() * 100)
    return Trained(network.state_dict(), right)


def saved(path: Path, script: str, order: Sequence[int] = range(10)) -> tuple[Path, float]:
    """The file that the script leaves, and its number."""
    made = trained(script, tuple(order))
    torch.save(made.weights, path)
    return path, made.accuracy
