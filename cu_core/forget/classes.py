"""``class:5``, ``class:3,5``, ``class:cat,dog``: all training samples of the named classes."""

import numpy as np

from cu_core.errors import BadForgetSet
from cu_core.forget._rule import Rule
from cu_core.spec import Dataset, Ints

NAMED = 20  # class names that a message lists


def select(argument: str, dataset: Dataset, seed: int) -> Ints:
    """Class ids or names, separated by commas. A name counts before an id."""
    return np.flatnonzero(np.isin(dataset.train_y, class_ids(argument, dataset.class_names)))


def class_ids(argument: str, names: tuple[str, ...]) -> list[int]:
    """The ids of the classes that are meant, as they are listed. BadForgetSet for what is none."""
    wanted = [argument] if argument in names else argument.split(",")
    return [_class_id(part.strip(), names) for part in wanted]


def _class_id(text: str, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text)
    folded = [k for k, name in enumerate(names) if name.casefold() == text.casefold()]
    if len(folded) == 1:
        return folded[0]
    # Where the names are numbers, an id beside them would mean two classes at once.
    numbered = all(name.isdecimal() for name in names)
    if not numbered and text.isdecimal() and int(text) < len(names):
        return int(text)
    listed = ", ".join(names[:NAMED])
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    ids = "" if numbered else f" (ids 0 to {len(names) - 1})"
    raise BadForgetSet(f"There is no class {text!r}; the classes are {listed}{rest}{ids}.")


def words(argument: str) -> str:
    """ "3,5" -> "classes 3, 5"."""
    return f"class{'es' * (',' in argument)} {argument.replace(',', ', ')}"


RULE = Rule(
    key="class",
    title="Whole classes",
    example="class:5",
    help="Every training sample of one or more classes, by id or by name.",
    select=select,
    control="classes",
    words=words,
)
