"""Which column of a table says what is to be forgotten: by name, by content, never by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cu_core.forget._marks import meant, selector
from cu_core.forget._owner import Found, Owner, Unfit
from cu_core.forget._table import Column, Table, as_sample, empty, norm, text, truth, whole
from cu_core.forget._words import FILES, KEYS, KNOWN, MASKS, NAMES, ROWS, other


@dataclass
class Candidate:
    """A column read as one of NAMES; ``why`` it cannot be, or what it gives."""

    column: Column
    kind: str
    found: Found | None
    why: str = ""


def choose(table: Table, owner: Owner, wanted: str) -> tuple[Found, tuple[str, ...]]:
    """What the table names, with what is to be said of it. Unfit with the rest of a sentence."""
    if not table.at:
        return Found("rows"), ()
    notes: list[str] = []
    columns = _wanted(table, wanted)
    marked = selector(table, columns, wanted)
    if marked is not None:
        by, marks = marked
        if not any(marks):
            raise Unfit(f"holds no line that is meant by its column {by.name!r}")
        count = f"{sum(marks):,} {'is' if sum(marks) == 1 else 'are'} meant"
        notes.append(f"of {len(marks):,} lines, {count} by {by.name!r}")
        columns = [c for c in columns if c is not by]
        table, columns = _kept(table, columns, marks)
    tried = [one for column in columns for one in _readings(table, column, owner)]
    best = _agreed(table, _by_name(tried)) or _by_content(table, columns, tried, notes, wanted)
    if best is None or best.found is None:
        raise Unfit(_refusal(table, columns, tried))
    header = best.found.header or best.column.name
    if len(table.columns) == 1 and header and norm(header) not in KNOWN:
        notes.append(f"its first line, {header!r}, was taken for a header")
    gone = sum(map(empty, best.column.cells))
    if gone:
        cells = "cell was" if gone == 1 else "cells were"
        notes.append(f"{gone:,} empty {cells} passed over in {table.title(best.column)}")
    return best.found, tuple(notes)


def _wanted(table: Table, wanted: str) -> list[Column]:
    """The columns that may be meant: all, or the one that was named."""
    columns = list(table.columns)
    if not wanted:
        return columns
    same = [c for c in columns if c.name == wanted]
    same = same or [c for c in columns if norm(c.name) == norm(wanted)]
    if not same and wanted.isdecimal() and 0 < int(wanted) <= len(columns):
        same = [columns[int(wanted) - 1]]
    if len(same) != 1:
        raise Unfit(f"has no column {wanted!r}; it has {_titles(table, columns)}")
    return same


def _titles(table: Table, columns: Sequence[Column]) -> str:
    return ", ".join(table.title(column) for column in columns)


def _kept(table: Table, columns: list[Column], marks: list[bool]) -> tuple[Table, list[Column]]:
    kept = table.lines(marks)
    pairs = zip(table.columns, kept.columns, strict=True)
    return kept, [new for old, new in pairs if any(old is column for column in columns)]


def _readings(table: Table, column: Column, owner: Owner) -> Iterator[Candidate]:
    """The column as each thing that it may be."""
    filled = [(i, cell) for i, cell in enumerate(column.cells) if not empty(cell)]
    cells = [cell for _, cell in filled]
    if not cells and len(table.columns) > 1:
        return
    marks = norm(column.name) in MASKS and all(meant(cell) is not None for cell in cells)
    marks = marks and len(cells) in (owner.n_rows, owner.n_train)
    reads: dict[str, Callable[[Sequence[Any]], Found]] = {
        "rows": owner.rows,
        "files": owner.files,
        "keys": owner.keys,
        "mask": lambda given: owner.mask(given, marks),
    }
    numbers = all(whole(cell) is not None or truth(cell) is not None for cell in cells)
    for kind, read in reads.items():
        if kind == "files" and numbers and norm(column.name) not in FILES:
            continue  # a name that is but a number is one where it is called so
        try:
            if kind != "mask" and not marks:
                _no_mask(cells, owner)
            found = None if marks and kind != "mask" else _read(read, kind, column, cells)
            yield Candidate(column, kind, found, "is a mask by its name" * (found is None))
        except Unfit as fault:
            why, *at = fault.args
            where = f"{table.unit} {table.at[filled[at[0]][0]]} " if at else ""
            yield Candidate(column, kind, None, f"{where}{why}")


def _read(
    read: Callable[[Sequence[Any]], Found], kind: str, column: Column, cells: list[Any]
) -> Found:
    """What the cells name; a header that is no known word is told by what stands under it."""
    try:
        return read(cells)
    except Unfit as fault:
        header = kind in ("files", "keys") and not column.name and fault.args[1:] == (0,)
        if not header or len(cells) < 2 or as_sample(cells[0]):
            raise
        try:
            found = read(cells[1:])
        except Unfit as below:
            why, *at = below.args
            raise Unfit(why, *(place + 1 for place in at)) from None
        found.header = text(cells[0])
        return found


def _no_mask(cells: Sequence[Any], owner: Owner) -> None:
    """0 and 1 alone, many times, are a mask or nothing."""
    values = {whole(cell) for cell in cells}
    if len(cells) < 3 or not values <= {0, 1}:
        return
    if len(cells) in (owner.n_rows, owner.n_train):
        ones = sum(whole(cell) == 1 for cell in cells)
        raise Unfit(
            f"holds {len(cells):,} times 0 or 1: as a mask that is {ones:,} samples, as row "
            "numbers the rows 0 and 1. Write true and false for a mask, or each row once"
        )
    raise Unfit(f"holds 0 and 1 alone, {len(cells):,} of them; a mask has {owner.lengths}")


def _by_name(tried: list[Candidate]) -> list[Candidate]:
    """Those whose name says what they hold, where they do hold it; keys before rows."""
    order = {"keys": 0, "files": 1, "rows": 2, "mask": 3}
    fits = [
        one for one in tried if one.found is not None and norm(one.column.name) in NAMES[one.kind]
    ]
    firsts: dict[int, Candidate] = {}
    for one in sorted(fits, key=lambda one: order[one.kind]):
        firsts.setdefault(id(one.column), one)
    return list(firsts.values())


def _agreed(table: Table, fits: list[Candidate]) -> Candidate | None:
    """The one that they all mean; Unfit names them where they do not mean the same."""
    meant = {(tuple(one.found.chosen), tuple(one.found.aside)) for one in fits if one.found}
    if len({chosen for chosen, _ in meant}) > 1:
        told = " and ".join(dict.fromkeys(table.title(one.column) for one in fits))
        raise Unfit(
            f"may mean its {told}, which name different samples; write indices:FILE#COLUMN with "
            "the one that is meant"
        )
    return fits[0] if fits else None


def _by_content(
    table: Table, columns: list[Column], tried: list[Candidate], notes: list[str], wanted: str
) -> Candidate | None:
    """The only column that can be rows, files or keys, whatever it is called."""
    told = [one for one in tried if one.kind == "rows" and norm(one.column.name) in ROWS]
    named = [one for one in told if norm(one.column.name) not in KEYS | FILES | MASKS]
    if named and not wanted:  # it says that it holds them, and does not
        raise Unfit(f"{_of(table, columns, named[0])}{named[0].why}")
    alone = len(columns) == 1
    fits = [
        one
        for one in tried
        if one.found is not None
        and (wanted or not other(one.column.name))
        and (alone or not (_counts(one.column) or _says_other(one)))
    ]
    by_column = {id(one.column): one for one in reversed(fits)}
    if len(by_column) > 1:
        told_of = " or ".join(table.title(one.column) for one in reversed(by_column.values()))
        raise Unfit(
            f"has several columns that may list samples: {told_of}. Write indices:FILE#COLUMN, "
            "with its name or number"
        )
    best = _agreed_kinds(table, fits)
    unsaid = len(table.columns) > 1 or (best is not None and norm(best.column.name) in KNOWN)
    if best is not None and unsaid and not wanted:
        notes.append(f"the {best.kind} were read from {_column(table, best.column)}")
    return best


def _says_other(one: Candidate) -> bool:
    """Whether a column of true and false may be about anything: it has a word, and not ours."""
    return one.kind == "mask" and bool(one.column.name) and not one.column.name.isdecimal()


def _agreed_kinds(table: Table, fits: list[Candidate]) -> Candidate | None:
    """A column that may be two things must name the same samples as both."""
    if len({tuple(one.found.chosen) for one in fits if one.found}) > 1:
        kinds = " or ".join(dict.fromkeys(one.kind for one in fits))
        raise Unfit(
            f"may list {kinds}, which are different samples here; put the line row, file or id "
            "above them"
        )
    return fits[0] if fits else None


def _counts(column: Column) -> bool:
    """Whether it only counts its own lines, from 0 or 1 on, as a table's index does."""
    numbers = [whole(cell) for cell in column.cells]
    whole_range = ([*range(len(numbers))], [*range(1, len(numbers) + 1)])
    return not column.name and numbers in whole_range


def _column(table: Table, column: Column) -> str:
    title = table.title(column)
    return title if title.startswith("column ") else f"the column {title}"


def _of(table: Table, columns: Sequence[Column], one: Candidate) -> str:
    return f"{_column(table, one.column)}: " if len(columns) > 1 else ""


def _refusal(table: Table, columns: list[Column], tried: list[Candidate]) -> str:
    """Why none of the columns says it."""
    if len(columns) > 1:
        return (
            f"names no samples in any of its columns {_titles(table, columns)}: none of them "
            "holds rows, files or keys of the data alone. Name the one that does: "
            "indices:FILE#COLUMN"
        )
    column = columns[0]
    if not tried:
        return f"lists nothing in {_column(table, column)}"
    why = {one.kind: one.why for one in tried}
    if other(column.name) and not all(why.values()):
        return (
            f"has the one column {column.name!r}, whose name says that it lists no samples; if "
            f"it does, write indices:FILE#{column.name}"
        )
    cells = [cell for cell in column.cells if not empty(cell)]
    if any(truth(cell) is not None for cell in cells):
        return why["mask"]
    names = sum(whole(cell) is None for cell in cells)
    first = next((text(c) for c in cells if whole(c) is None), "")
    if 2 * names > len(cells) and any(c.isalpha() for c in first):
        for kind in ("files", "keys"):
            if not why[kind].startswith("lists names"):
                return why[kind]
    return why["rows"]
