"""What a file lists: columns of cells, whatever kind of file they were written to."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

NUMBER = re.compile(r"[+-]?\d+")
FLOAT = re.compile(r"[+-]?(\d+[.,]?\d*|[.]\d+)([eE][+-]?\d+)?")
TRUTHS = {"true": True, "false": False}
DIGITS = 18  # of a row's number; one with more is none, and would cost time to read
EXACT = 2.0**53  # up to here a float holds every whole number
NO_NUMBERS = ("nan", "inf", "infinity")  # as numpy prints them
NOTHING = ("", "nan", "none", "null", "na", "<na>")


@dataclass(frozen=True)
class Column:
    """``name``: as the file has it, "" where it has none; ``cells``: numbers, texts, bools or None
    as the file's format gives them."""

    name: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """``at``: where each cell of a column stands, as messages count it: "line 3". ``title`` is what
    a column is called there, by its place where it has no name."""

    columns: tuple[Column, ...]
    at: tuple[int, ...]
    unit: str = "line"

    def title(self, column: Column) -> str:
        return repr(column.name) if column.name else f"column {self.columns.index(column) + 1}"

    def lines(self, chosen: Sequence[bool]) -> Table:
        """Those lines alone."""

        def kept(cells: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(cell for cell, there in zip(cells, chosen, strict=True) if there)

        columns = tuple(Column(c.name, kept(c.cells)) for c in self.columns)
        return Table(columns, kept(self.at), self.unit)


def empty(cell: Any) -> bool:
    """Whether nothing stands there."""
    if isinstance(cell, str):
        return cell.strip().casefold() in NOTHING
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def whole(cell: Any) -> int | None:
    """The whole number in a cell, also of "3", 3.0 and "3.000e+00"; None where there is none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return cell
    if isinstance(cell, str):
        text = cell.strip()
        if NUMBER.fullmatch(text):
            return int(text[: DIGITS + 1])
        if not FLOAT.fullmatch(text) or len(text) > 64:
            return None
        cell = float(text.replace(",", "."))
    if isinstance(cell, float) and abs(cell) <= EXACT and cell == int(cell):
        return int(cell)
    return None


def truth(cell: Any) -> bool | None:
    """True or False where a cell holds such a value, a word of it too; None else."""
    if isinstance(cell, str):
        return TRUTHS.get(cell.strip().casefold())
    return cell if isinstance(cell, bool) else None


def plain(cell: Any) -> bool:
    """Whether a cell is one of a bare list: a number, or true and false."""
    if isinstance(cell, str):
        said = cell.strip().casefold().lstrip("+-")
        return said in NO_NUMBERS or FLOAT.fullmatch(said) is not None or said in TRUTHS
    return whole(cell) is not None or truth(cell) is not None


def text(cell: Any) -> str:
    """A cell as a name: whole floats, which spreadsheets make of numbers, without their point."""
    number = whole(cell) if isinstance(cell, float) else None
    return str(cell if number is None else number).strip()


def shown(cell: Any) -> str:
    """A cell in a message."""
    said = repr(cell) if not isinstance(cell, str) else repr(cell.strip())
    return said if len(said) <= 60 else f"{said[:57]}…"


def norm(name: str) -> str:
    """A column's name without case, spaces, dashes and underscores: "Row Index" is "rowindex"."""
    return re.sub(r"[\W_]+", "", name.casefold())


def tabled(rows: list[list[Any]], at: list[int], unit: str, known: Iterable[str]) -> Table:
    """Rows of cells as columns, the header told from the rows by what stands in it.

    A header holds no number and stands over one, or holds a name that is ``known``. Lines before
    it that are narrower than the table are a title.
    """
    width = max((len(row) for row in rows), default=0)
    while (
        len(rows) > 1
        and all(map(empty, rows[0][1:]))
        and not (plain(rows[0][0]) or all(map(empty, rows[1][1:])))
    ):
        rows, at = rows[1:], at[1:]
    names = [""] * width
    filled = [row + [None] * (width - len(row)) for row in rows]
    if filled and is_header(filled[0], filled[1:], known):
        names = ["" if empty(cell) else text(cell) for cell in filled[0]]
        names = ["" if name.startswith("Unnamed: ") else name for name in names]  # as pandas says
        filled, at = filled[1:], at[1:]
    columns = (Column(name, tuple(row[i] for row in filled)) for i, name in enumerate(names))
    kept = tuple(c for c in columns if c.name or not all(map(empty, c.cells)) or width == 1)
    return Table(kept, tuple(at), unit)


def is_header(first: Sequence[Any], rest: Sequence[Sequence[Any]], known: Iterable[str]) -> bool:
    """Whether the first row names the columns of the rest."""
    if all(map(empty, first)):
        return False
    if empty(first[0]) and len(first) > 1 and rest and not any(empty(row[0]) for row in rest):
        return True  # pandas leaves a table's index without a name
    if any(plain(cell) for cell in first if not empty(cell)):
        return False
    if any(norm(text(cell)) in known for cell in first if not empty(cell)):
        return True
    return any(
        not empty(cell) and plain(row[i]) and not as_sample(cell)
        for row in rest[:1]
        for i, cell in enumerate(first)
    )


def as_sample(cell: Any) -> bool:
    """Whether a text may be the name of a sample, with figures or a path, rather than a header."""
    return bool(set(text(cell)) & set("./\\0123456789"))
