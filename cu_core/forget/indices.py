"""``indices:FILE``: listed samples, by the rows, files or keys that their owner knows them by.

Rows are those of the data as they were given (``Dataset.train_origin``), in whatever way numpy,
pandas, JSON and spreadsheets write a list, or a mask, of them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from cu_core.errors import BadForgetSet
from cu_core.forget import _reading
from cu_core.forget._choice import choose
from cu_core.forget._owner import TOLD, Found, Owner, Unfit
from cu_core.forget._rule import Picked, Rule
from cu_core.forget._source import listed_file
from cu_core.forget._table import Table
from cu_core.spec import Dataset

ENDINGS = (
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".npy", ".npz", ".xlsx", ".parquet", ".feather",
    ".dat", ".gz",
)  # fmt: skip


def select(argument: str, dataset: Dataset, seed: int) -> Picked:
    """Training samples, each once, with notes on what was listed and could not be taken; the first
    wrong one is named."""
    path, column = listed_file(argument)
    if not argument or not path.is_file():
        raise BadForgetSet(
            f"There is no file {argument!r}; write indices:FILE with a list of them."
        )
    name = path.name
    try:
        tables = _reading.tables(path, column)
    except (*_reading.FAULTS, csv.Error) as error:
        why = str(error).rstrip(".") or type(error).__name__
        raise BadForgetSet(f"{name} cannot be read as a list of samples: {why}.") from None
    try:
        found, notes = _first(tables, Owner(dataset), column)
    except Unfit as fault:
        why = str(fault.args[0]).replace("indices:FILE", f"indices:{name}")
        raise BadForgetSet(f"{name}{_link(why)}{why.rstrip('.')}.") from None
    return _picked(found, notes, name)


def _first(tables: Sequence[Table], owner: Owner, column: str) -> tuple[Found, tuple[str, ...]]:
    """What the likeliest reading that fits the data names."""
    faults = []
    for table in tables:
        try:
            return choose(table, owner, column)
        except Unfit as fault:
            faults.append(fault)
    raise faults[0]


def _link(why: str) -> str:
    """Between the name of the file and what is wrong: a verb is about the file."""
    return " " if why.split(" ", 1)[0] in ("lists", "holds", "has", "may", "names") else ", "


def _picked(found: Found, notes: tuple[str, ...], name: str) -> Picked:
    n, aside = len(found.index) + len(found.aside), list(dict.fromkeys(found.aside))
    chosen = found.chosen
    if aside and not found.index:
        raise BadForgetSet(
            f"All {found.what} that {name} lists are in {found.test_part}, which is never trained "
            f"on: {found.what} {_some(aside)}. List some of the training part."
        )
    said = [f"{name}: {note}" for note in notes]
    if aside:
        said.append(
            f"{len(aside):,} of {len(chosen) + len(aside):,} listed {found.what} "
            f"{_are(len(aside))} in {found.test_part}, which is never trained on: {found.what} "
            f"{_some(aside)}"
        )
    more = len(found.index) - len(chosen)
    if more:
        said.append(
            f"{name}: {more:,} of {n:,} {_are(more)} listed a second time; each is taken once"
        )
    return Picked(chosen, tuple(said))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _some(names: list[str]) -> str:
    """The first few, and how many more."""
    rest = f" and {len(names) - TOLD:,} more" * (len(names) > TOLD)
    return f"{', '.join(names[:TOLD])}{rest}"


RULE = Rule(
    key="indices",
    title="Listed samples",
    example="indices:FILE",
    help="The samples that a file lists, by the rows, files or keys that the data have: text, a "
    "table, JSON, numpy arrays, a workbook, or a mask of true and false. FILE#COLUMN names a "
    "column.",
    select=select,
    control="file",
    endings=ENDINGS,
    words=lambda argument: f"listed images ({listed_file(argument)[0].name})",
)
