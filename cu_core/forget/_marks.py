"""The column of a table that says of each line whether it is meant, beside others that say which
sample it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cu_core.forget._owner import Unfit
from cu_core.forget._table import Column, Table, empty, norm, plain, shown, text, truth, whole
from cu_core.forget._words import FORGET, MASKS, NAMES, other

WORDS = {"yes": True, "y": True, "t": True, "x": True, "no": False, "n": False, "f": False}


def meant(cell: Any) -> bool | None:
    """Whether a cell marks its line, by a truth, by 0 or 1 or by a word; None: it marks nothing."""
    mark, number = truth(cell), whole(cell)
    if mark is not None or number is not None:
        return mark if mark is not None else {0: False, 1: True}.get(number or 0)
    return (WORDS | FORGET).get(norm(cell)) if isinstance(cell, str) else None


def selector(
    table: Table, columns: Sequence[Column], wanted: str
) -> tuple[Column, list[bool]] | None:
    """That column, if there is one, and its marks, one a line. Unfit where it marks some lines
    alone."""
    for column in table.columns if len(table.columns) > 1 else ():
        marks = None if wanted and column is columns[0] else _marks(column)
        others = [c for c in columns if c is not column and not other(c.name)]
        named = [c for c in others if any(norm(c.name) in names for names in NAMES.values())]
        by_word = norm(column.name) not in MASKS
        if marks is not None and (named or (by_word and others)):
            return column, marks
    return None


def _marks(column: Column) -> list[bool] | None:
    filled = [cell for cell in column.cells if not empty(cell)]
    if norm(column.name) not in MASKS:
        said = [FORGET.get(norm(text(cell))) for cell in column.cells]
        return [mark is True for mark in said] if True in said else None
    if all((whole(cell) or 0) > 1 for cell in filled) or not filled:
        return None
    said = [meant(cell) for cell in filled]
    names = all(isinstance(cell, str) and not plain(cell) for cell in filled)
    unmarked = names and all(mark is None for mark in said)
    if unmarked or any((whole(cell) or 0) > 1 for cell in filled):
        return None  # it lists samples
    if None in said:
        wrong = filled[said.index(None)]
        raise Unfit(f"holds {shown(wrong)} in the column {column.name!r}, not true or false")
    if len(filled) < len(column.cells) and False in said:
        raise Unfit(f"holds neither true nor false in some lines of the column {column.name!r}")
    return [not empty(cell) and meant(cell) is True for cell in column.cells]
