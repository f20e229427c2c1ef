"""In which order a model's outputs stand for the classes: as its owner or its file names them, by
the usual ways to sort, or as the model itself answers.

An order is int64 (C,): the class of the data that each output stands for.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cu_core.errors import BadRequest
from cu_core.files import given_path
from cu_core.spec import Floats, Ints

OWN_ORDER, TEXT, NUMBER, WRITTEN, ANSWERED = (
    "the data's",
    "as text",
    "as numbers",
    "as written",
    "as it answers",
)
WORDS = {"data": OWN_ORDER, "text": TEXT, "number": NUMBER, "numbers": NUMBER}
SHOWN = 8
PER_CLASS = 8  # samples, of which two halves can agree


def usual(names: Sequence[str]) -> dict[str, Ints]:
    """The usual orders of these classes, those that come out alike once: the data's; as text, as
    torchvision's ImageFolder sorts them, capitals first; without a difference between capitals and
    small letters; as numbers."""
    sorts = {
        OWN_ORDER: None,
        TEXT: lambda name: name,
        f"{TEXT}, capitals like small letters": str.casefold,
        NUMBER: _by_number,
    }
    found: dict[str, Ints] = {}
    for title, key in sorts.items():
        order = [*range(len(names))]
        if key is not None:
            order.sort(key=lambda i: key(names[i]))
        if not any(other.tolist() == order for other in found.values()):
            found[title] = np.array(order, np.int64)
    return found


def _by_number(name: str) -> list[tuple[int, Any]]:
    """Figures in a name count as the number that they write."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def written(text: str, names: Sequence[str]) -> tuple[str, Ints]:
    """(what it is called, the order) that somebody wrote: "text", "number", "data", names with
    commas, or a file with one a line or in JSON. BadRequest names what is missing or unknown."""
    known = WORDS.get(text.strip().lower())
    if known:
        order = usual(names).get(known)
        return known, _sorted(known, names) if order is None else order
    given = _listed(text)
    order = matched(given, names)
    if order is None:
        raise BadRequest(_misfit(given, names))
    return WRITTEN, order


def _sorted(known: str, names: Sequence[str]) -> Ints:
    """An order that is the same as another of the usual ones, under its own name."""
    key = {TEXT: lambda name: name, NUMBER: _by_number}[known]
    return np.array(sorted(range(len(names)), key=lambda i: key(names[i])), np.int64)


def _listed(text: str) -> list[str]:
    """Class names in the order of the outputs."""
    path = given_path(text)
    if "," not in text and path.suffix.lower() in (".json", ".txt", ".csv", ".names"):
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as fault:
            raise BadRequest(f"The classes cannot be read from {path.name}: {fault}.") from None
        if path.suffix.lower() == ".json":
            return _of_json(path.name, text)
        return [line.strip() for line in text.splitlines() if line.strip()]
    return [part.strip() for part in text.split(",") if part.strip()]


def _of_json(name: str, text: str) -> list[str]:
    """A list of names, name -> output as ``class_to_idx`` has it, or output -> name."""
    try:
        content = json.loads(text)
    except ValueError as fault:
        raise BadRequest(f"{name} is no JSON ({fault}). Write a list of the classes.") from None
    if isinstance(content, list):
        return [str(one) for one in content]
    if isinstance(content, Mapping):
        for pairs in (content.items(), ((v, k) for k, v in content.items())):
            try:
                numbered = sorted((int(output), str(one)) for one, output in pairs)
            except (TypeError, ValueError):
                continue
            if [output for output, _ in numbered] == [*range(len(numbered))]:
                return [one for _, one in numbered]
    raise BadRequest(
        f"{name} lists no classes: write a list of names, or each name with the number of its "
        "output, from 0."
    )


def matched(given: Sequence[str], names: Sequence[str]) -> Ints | None:
    """The order that these names are in; None unless each of the data's is among them once."""
    for plain in (str, _plain):
        place = {plain(name): i for i, name in enumerate(names)}
        order = [place.get(plain(one)) for one in given]
        if len(place) == len(names) and sorted(i for i in order if i is not None) == [
            *range(len(names))
        ]:
            return np.array([i for i in order if i is not None], np.int64)
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip()).casefold()


def _misfit(given: Sequence[str], names: Sequence[str]) -> str:
    theirs, ours = [_plain(one) for one in given], {_plain(name): name for name in names}
    said = [
        ("unknown", [one for one in given if _plain(one) not in ours]),
        ("missing", [name for plain, name in ours.items() if plain not in theirs]),
        ("named twice", sorted({o for o in given if theirs.count(_plain(o)) > 1})),
    ]
    told = "; ".join(f"{what}: {few(which)}" for what, which in said if which)
    return (
        f"--classes names {len(given)} classes and the data has {len(names)} ({few(names)}): "
        f"{told}. Name each class of the data once, in the order of the model's outputs."
    )


def few(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


# --- what a model answers ---------------------------------------------------------------------


def counts(logits: Floats, y: Ints, n_classes: int) -> Ints:
    """(C, C): how often each output was the highest for samples of each class."""
    flat = logits.argmax(1) * n_classes + y
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)


def answered(table: Ints) -> Ints:
    """The order that agrees best with ``counts``."""
    from scipy.optimize import linear_sum_assignment  # 26 MB, of which a waiting worker has no use

    _, order = linear_sum_assignment(-table)
    return np.asarray(order, np.int64)


def share(table: Ints, order: Ints) -> float:
    """Percent of the samples that are answered right in this order."""
    return 100.0 * float(table[np.arange(len(order)), order].sum()) / max(int(table.sum()), 1)


def by_chance(table: Ints, order: Ints) -> float:
    """Percent that the same answers would have right in random order."""
    n = max(int(table.sum()), 1)
    return 100.0 * float((table.sum(1) / n) @ (table.sum(0)[order] / n))
