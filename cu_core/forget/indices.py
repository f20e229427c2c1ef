"""``indices:FILE``: listed samples, one index per line (.txt, .csv), an array (.npy) or .json."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.errors import BadForgetSet
from cu_core.forget._rule import Rule
from cu_core.spec import Dataset, Ints


def select(argument: str, dataset: Dataset, seed: int) -> Ints:
    """Indices into the training part, each once; the first wrong one is named."""
    path = Path(argument).expanduser()
    if not argument or not path.is_file():
        raise BadForgetSet(
            f"There is no file {argument!r}; write indices:FILE with a list of them."
        )
    if path.suffix.lower() not in READERS:
        raise BadForgetSet(f"{path.name} is none of {', '.join(READERS)}; save the indices as one.")
    try:
        values = READERS[path.suffix.lower()](path)
    except (OSError, ValueError, EOFError, csv.Error, RecursionError) as error:
        raise BadForgetSet(f"{path.name} cannot be read as a list of indices: {error}.") from None
    return _checked(values, path.name, len(dataset.train_y))


def _lines(path: Path) -> list[int]:
    """The first column; empty lines, # comments and the header of a .csv are passed over."""
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            text = row[0].strip() if row else ""
            if not text or text.startswith("#"):
                continue
            try:
                found.append(int(text))
            except ValueError:
                if number == 1 and path.suffix.lower() == ".csv":
                    continue
                raise ValueError(f"line {number} is {text!r}, not a whole number") from None
    return found


def _npy(path: Path) -> list[int]:
    values = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError("it must hold one row of whole numbers")
    return list(map(int, values))


def _json(path: Path) -> list[int]:
    values: Any = json.loads(path.read_text("utf-8"))
    if not isinstance(values, list):
        raise ValueError("it must hold a list of whole numbers")
    wrong = [v for v in values if type(v) is not int]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a whole number")
    return values


def _checked(values: list[int], name: str, n: int) -> Ints:
    for value in values:
        if not 0 <= value < n:
            raise BadForgetSet(f"{name} holds the index {value}; they must lie in 0 to {n - 1}.")
    index = np.array(values, dtype=np.int64)
    unique, counts = np.unique(index, return_counts=True)
    if len(unique) < len(index):
        twice = unique[counts > 1][0]
        raise BadForgetSet(f"{name} holds the index {twice} more than once; list each once.")
    return unique


READERS = {".txt": _lines, ".csv": _lines, ".npy": _npy, ".json": _json}
RULE = Rule(
    key="indices",
    title="Listed samples",
    example="indices:FILE",
    help="The training samples that a file lists by index: one a line (.txt, .csv), an array of "
    "whole numbers (.npy) or a .json list.",
    select=select,
    control="file",
    endings=tuple(READERS),
    words=lambda argument: f"listed images ({Path(argument).name})",
)
