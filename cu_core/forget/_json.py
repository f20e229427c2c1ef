"""Lists in JSON: as Python writes them, and as pandas does in any of its orientations."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from cu_core.forget._table import Column, Table, empty, norm, truth, whole
from cu_core.forget._words import SETS

SCALARS = (str, int, float, bool, type(None))
NUMPY = re.compile(r"np\.\w+\(([^()]*)\)")  # as NumPy 2 prints a list of its numbers
WRAPPED = re.compile(r"(?:np\.)?(?:array|tensor)\((\[.*\])(?:,\s*\w+=[^\[\]]*)?\)", re.DOTALL)
PRINTED = re.compile(r"[\[(][\s\d,.+-]*[\])]")  # print(array): no comma, or a point after each


def tables(text: str, wanted: str) -> list[Table]:
    """The list or table of a JSON text; ``wanted``: the name of the one that is meant, or "".

    ValueError with the rest of a sentence.
    """
    return [_table(_value(text.strip()), wanted)]


def _value(text: str) -> Any:
    """JSON, JSON lines, or what Python prints of a list: never anything that is executed."""
    text = NUMPY.sub(r"\1", text)
    if "..." in text and not any(c.isalpha() for c in text):
        raise ValueError("it was shortened when it was printed; save all of it, with numpy.save")
    wrapped = WRAPPED.fullmatch(text)
    text = wrapped[1] if wrapped else text
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        error = fault
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError:
        pass
    if PRINTED.fullmatch(text):
        return re.sub(r"[^\d+-]+", " ", re.sub(r"\.0*(?=[\s\])])", " ", text)).split()
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python's, about what looks like code
            found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        raise ValueError(f"it is no JSON: {error.msg}, line {error.lineno}") from None
    return sorted(found) if isinstance(found, set) else found


def _table(value: Any, wanted: str) -> Table:
    if isinstance(value, list | tuple):
        return _listed(list(value))
    if isinstance(value, dict):
        return _mapped(value, wanted)
    raise ValueError(f"it holds {value!r}; it must hold a list")


def _listed(values: list[Any]) -> Table:
    at = tuple(range(1, len(values) + 1))
    if values and all(isinstance(one, dict) for one in values):
        names = list(dict.fromkeys(str(name) for one in values for name in one))
        columns = (Column(name, tuple(one.get(name) for one in values)) for name in names)
        return Table(tuple(c for c in columns if _flat(c.cells)), at, "entry")
    wrong = next((i for i, one in enumerate(values) if not isinstance(one, SCALARS)), None)
    if wrong is not None:
        kind = "a list" if isinstance(values[wrong], list | tuple) else "no number or name"
        raise ValueError(
            f"entry {wrong + 1} is {kind} itself ({str(values[wrong])[:40]}); it must hold one "
            "flat list of whole numbers"
        )
    return Table((Column("", tuple(values)),), at, "entry")


def _flat(cells: Any) -> bool:
    return all(isinstance(cell, SCALARS) for cell in cells)


def _mapped(value: dict[str, Any], wanted: str) -> Table:
    if value.keys() >= {"columns", "data"} and isinstance(value["data"], list):  # orient="split"
        rows = [dict(zip(value["columns"], row, strict=False)) for row in value["data"]]
        return _listed(rows)
    if value.keys() >= {"schema", "data"} and isinstance(value["data"], list):  # orient="table"
        own = (value["schema"] or {}).get("primaryKey", [])
        return _listed([{("" if k in own else k): v for k, v in r.items()} for r in value["data"]])
    if value and all(isinstance(one, SCALARS) for one in value.values()):
        return _pairs(value)
    lists: dict[str, Any] = {n: held for n, held in value.items() if isinstance(held, list | dict)}
    by_row = [held for held in lists.values() if isinstance(held, dict) and _flat(held.values())]
    if by_row and len(by_row) == len(lists) and len({tuple(held) for held in by_row}) == 1:
        names = [*lists]  # of a table, column by column
        lists = {n: [*held.values()] for n, held in zip(names, by_row, strict=True)}
    return of_sets(lists, wanted)


def _pairs(value: dict[str, Any]) -> Table:
    """One thing by another: a Series, or a name and whether it is meant."""
    names, cells = tuple(value), tuple(value.values())
    at = tuple(range(1, len(names) + 1))
    if [whole(name) for name in names] == list(range(len(names))):
        return Table((Column("", cells),), at, "entry")
    if all(truth(cell) is not None for cell in cells):
        return Table((Column("sample", names), Column("forget", cells)), at, "entry")
    if all(whole(name) is not None for name in names):
        return Table((Column("", names), Column("value", cells)), at, "entry")
    raise ValueError(f"it holds {names[0]!r}: {cells[0]!r}; it must hold a list")


def of_sets(held: dict[str, Any], wanted: str, unit: str = "entry") -> Table:
    """The list that is meant, of several with a name each; lists of one length are a table."""
    if not held:
        raise ValueError("it must hold a list, and holds none")
    chosen = [name for name in held if wanted and wanted == name]
    chosen = chosen or [name for name in held if wanted and norm(wanted) == norm(name)]
    if wanted and not chosen:
        raise ValueError(f"it has no list {wanted!r}; it holds {_named(held)}")
    named = chosen or [name for name in held if norm(name) in SETS]
    if len(named) == 1:
        found = _table(held[named[0]], "")
        if chosen or len(held) == 1 or not _marks(found):  # marks are about the other columns
            return _renamed(found, named[0], unit)
    if len(held) == 1:
        (one,) = held
        return _renamed(_table(held[one], ""), one, unit)
    lengths = {len(one) for one in held.values()}
    if len(lengths) > 1 or any(isinstance(one, dict) for one in held.values()):
        raise ValueError(
            f"it holds {_named(held)}; say which one lists what is to be forgotten, by its name "
            "after a #"
        )
    columns = tuple(Column(name, tuple(cells)) for name, cells in held.items() if _flat(cells))
    return Table(columns, tuple(range(1, lengths.pop() + 1)), unit)


def _marks(table: Table) -> bool:
    cells = table.columns[0].cells
    return bool(cells) and all(truth(cell) is not None for cell in cells)


def _renamed(table: Table, name: str, unit: str) -> Table:
    """A bare list by the name that it had."""
    if len(table.columns) > 1 or table.columns[0].name:
        return table
    return Table((Column(name, table.columns[0].cells),), table.at, unit)


def _named(held: dict[str, Any]) -> str:
    told = [f"{name!r} ({len(one):,})" for name, one in held.items() if not empty(name)]
    return ", ".join(told)
