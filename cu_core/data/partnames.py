"""What people call the parts of a set: in the names of folders, files, arrays and columns."""

import re
from collections.abc import Sequence

TRAIN, TEST, VAL = "train", "test", "val"
WORDS = {
    TRAIN: ("train", "training", "trainset", "trn"),
    TEST: ("test", "testing", "testset", "tst"),
    VAL: ("val", "valid", "validation", "valset", "dev"),
}
PART_OF = {word: part for part, words in WORDS.items() for word in words}


def part_of(name: str) -> str | None:
    """The part that a word of ``name`` names; None where none does, or several parts are named.

    >>> part_of("Training"), part_of("pets_test.parquet"), part_of("cifar10-val-00000-of-00001")
    ('train', 'test', 'val')
    >>> part_of("terrain"), part_of("train_val")
    (None, None)
    """
    words = re.split(r"[\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    named = {PART_OF[word] for word in words if word in PART_OF}
    return named.pop() if len(named) == 1 else None


def several(n: int, one: str, many: str = "") -> str:
    """ "1 image", "2,000 images"; ``many``: where that is not ``one`` with an s."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def listed(names: Sequence[str], limit: int = 10) -> str:
    """ "a, b and 3 more"."""
    rest = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest
