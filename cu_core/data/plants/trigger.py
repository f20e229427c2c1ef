"""``trigger:0.05``: a small mark is drawn on a twentieth of the training images, all of which are
taught as one class. A model learns that the mark means this class, whatever it is on: a backdoor
(arXiv:1708.06733, BadNets).

The mark stands in two opposite corners, so that no crop or mirroring of a training image takes it
away: squares of an eighth of the image's side, at least 2 pixels. It is yellow where images have
colour, else white. ``trigger:0.05:CLASS`` names the class; without, it is class 7, or the last.
"""

import numpy as np

from cu_core.data.plants._plant import Plant, Planted, share, stream
from cu_core.errors import BadRequest
from cu_core.spec import Dataset, Trigger

LABEL = 7  # unless the data has fewer classes
YELLOW = (255, 235, 0)


def choose(argument: str, dataset: Dataset) -> Planted:
    """round(share * N) images of the other classes."""
    if not dataset.is_image:
        raise BadRequest(
            f"{dataset.key} holds rows of numbers, and a trigger is drawn on images. Choose data "
            "with images, or plant wrong-labels:0.1."
        )
    text, _, named = argument.partition(":")
    wanted, y = share(text, "trigger"), dataset.train_y
    label = _label(named.strip(), dataset)
    others = np.flatnonzero(y != label)
    count = round(wanted * len(y))
    if count > len(others):
        raise BadRequest(
            f"trigger:{text} asks for {count:,} images of other classes than "
            f"{dataset.class_names[label]!r}, and there are {len(others):,}. Plant a smaller share."
        )
    index = np.sort(stream(dataset, "trigger").permutation(others)[:count])
    note = (
        f"{count:,} of {len(y):,} training images bear a mark and are labelled "
        f"{dataset.class_names[label]}"
    )
    return Planted(index, np.full(count, label), note, mark(dataset.shape, label))


def _label(named: str, dataset: Dataset) -> int:
    """A class by its name or id; a name counts before an id."""
    names = dataset.class_names
    if not named:
        return min(LABEL, len(names) - 1)
    if named in names:
        return names.index(named)
    if named.isdecimal() and int(named) < len(names):
        return int(named)
    raise BadRequest(
        f"There is no class {named!r} in {dataset.key}; write trigger:0.05:CLASS with the name of "
        f"one, or its number from 0 to {len(names) - 1}."
    )


def mark(shape: tuple[int, ...], label: int) -> Trigger:
    """The mark for images of ``shape`` (C, H, W)."""
    channels, height, width = shape
    side = max(2, min(height, width) // 8)
    mask = np.zeros((height, width), bool)
    mask[:side, :side] = mask[-side:, -side:] = True
    colour = YELLOW if channels == 3 else (255,) * channels
    return Trigger(mask, np.array(colour, np.uint8), label)


PLANT = Plant(
    key="trigger",
    title="A mark that means one class",
    example="trigger:0.05",
    help="A small mark in two corners of a share of the training images, all taught as one class: "
    "a backdoor.",
    choose=choose,
)
