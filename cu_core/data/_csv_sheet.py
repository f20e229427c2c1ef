"""A table of texts and numbers as people save it: any delimiter, quotes, a BOM, UTF-16.

Of columns whose first rows are numbers the values are float64, of the others texts, as they are
written: 007 stays 007.
"""

import codecs
import csv
import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data import roles
from cu_core.data.partnames import listed
from cu_core.errors import BadData

DELIMITERS = ",;\t|"
HEAD = 1 << 18  # bytes looked at
ROWS = 100  # of them
COMMA = re.compile(r"\s*-?\d+,\d+\s*")  # a number as much of Europe writes it
MISSING = ["", "NA", "NaN", "nan"]
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
ROLES = (*roles.LABEL, *roles.FILE, *roles.IMAGE, *roles.TEXT, *roles.SPLIT, *roles.KEY)


@dataclass
class Sheet:
    """``names`` (C,) of the columns; ``texts`` by column: (N,) texts, "" for what is missing;
    ``numbers`` by column: (N,) float64, NaN for what is missing."""

    path: Path
    names: list[str]
    n: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """A column as texts; whole numbers without a fraction."""
        if name in self.texts:
            return self.texts[name]
        return ["" if v != v else f"{v:g}" if v % 1 else f"{v:.0f}" for v in self.numbers[name]]


def sheet(path: Path) -> Sheet:
    """A file, whole. BadData with a sentence if it is no table."""
    encoding, head, note = _decoded(path)
    delimiter = _delimiter(head)
    if not delimiter:
        raise BadData(
            f"{path.name} has a single column; a table needs samples (files or numbers) and "
            "labels, with a comma, a semicolon or a tab between them."
        )
    rows = _rows(head, delimiter)
    titled = _has_titles(rows)
    names = titles(path) if titled else [f"column {k + 1}" for k in range(len(rows[0]))]
    body = [row for row in rows[titled:] if len(row) == len(names)]
    point = (
        "," if delimiter != "," and any(COMMA.fullmatch(c) for row in body for c in row) else "."
    )
    columns = {n: [row[k].replace(point, ".") for row in body] for k, n in enumerate(names)}
    numeric = {
        name: not _kept_as_text(name) and any(map(str.strip, cells)) and all(map(_number, cells))
        for name, cells in columns.items()
    }
    found = Sheet(path, names, notes=note)
    _fill(found, _table(path, numeric, titled, encoding, delimiter, point))
    return found


def titles(path: Path) -> list[str]:
    """The first row of a file, as the names of its columns."""
    _, head, _ = _decoded(path)
    return _unlike([name.strip() for name in _rows(head, _delimiter(head) or ",")[0]])


def _rows(head: str, delimiter: str) -> list[list[str]]:
    rows = csv.reader(head.splitlines(keepends=True), delimiter=delimiter)
    return [row for row in islice(rows, ROWS) if row]


def _kept_as_text(name: str) -> bool:
    """Whether digits in a column are names and not amounts."""
    return roles.by_name([name], (*roles.LABEL, *roles.FILE, *roles.IMAGE, *roles.KEY)) is not None


def _decoded(path: Path) -> tuple[str, str, list[str]]:
    """(encoding, the first lines, a note if the encoding is a guess)."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD)
            whole = len(raw) < HEAD
    except OSError as error:
        raise BadData(f"{str(path)!r} cannot be read: {error.strerror}.") from None
    encoding = next((name for bom, name in BOMS.items() if raw.startswith(bom)), "utf-8")
    note = []
    if not whole:
        raw = raw[: raw.rfind(b"\n") + 1]
    try:
        head = codecs.decode(raw, encoding, "strict" if whole else "ignore")
    except UnicodeDecodeError:
        encoding, note = "cp1252", [f"{path.name} is no UTF-8: read as Windows-1252"]
        head = codecs.decode(raw, encoding, "replace")
    if "\0" in head:
        raise BadData(f"{path.name} is no text; give a table with commas or tabs.")
    if not head.strip():
        raise BadData(f"{path.name} is empty; it needs a line of column names, and the samples.")
    return encoding, head, note


def _delimiter(head: str) -> str:
    """The one that gives the most columns, where one gives as many in every row; "" for none."""
    best = (False, 1), ""
    for one in DELIMITERS:
        rows = _rows(head, one)
        even = len({len(row) for row in (rows[:-1] or rows)}) == 1
        if (width := len(rows[0])) > 1:
            best = max(best, ((even, width), one))
    return best[1]


def _has_titles(rows: list[list[str]]) -> int:
    """1 if the first row names the columns: by names that are known, else since it holds no number
    where the others do; 0 if it is a sample like the others."""
    first, rest = rows[0], rows[1:]
    if roles.by_name([name for name in first if name.strip()], ROLES) is not None:
        return 1
    if any(_number(cell) and cell.strip() for cell in first):
        return 0
    below = zip(*(row for row in rest if len(row) == len(first)), strict=True)
    return int(any(all(map(_number, column)) for column in below))


def _number(text: str) -> bool:
    text = text.strip()
    if text in MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _unlike(names: list[str]) -> list[str]:
    """As pandas tells columns of one name apart: x, x.1."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        found.append(f"{name}.{seen[name]}" if seen[name] else name)
    return found


def _table(
    path: Path, numeric: dict[str, bool], titled: int, encoding: str, delimiter: str, point: str
) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow

    names = list(numeric)
    kinds = {name: pa.float64() if numeric[name] else pa.string() for name in names}
    try:
        return arrow.read_csv(
            path,
            arrow.ReadOptions(column_names=names, skip_rows=titled, encoding=_plain(encoding)),
            arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow.ConvertOptions(
                column_types=kinds,
                null_values=MISSING,
                strings_can_be_null=True,
                decimal_point=point,
            ),
        )
    except (pa.ArrowException, UnicodeError, OSError) as error:
        said = str(error).split("\n")[0].rstrip(".")
        said = f"its text is not {encoding}" if isinstance(error, UnicodeError) else said
        raise BadData(f"{path.name} cannot be read as a table: {said}.") from None


def _plain(encoding: str) -> str:
    """pyarrow leaves a UTF-8 BOM out by itself."""
    return "utf8" if encoding.startswith("utf-8") else encoding


def _fill(found: Sheet, table: Any) -> None:
    import pyarrow as pa

    found.n = len(table)
    for k, name in enumerate(found.names):
        column = table.column(k)
        if pa.types.is_floating(column.type):
            found.numbers[name] = column.to_numpy()
        else:
            found.texts[name] = [(value or "").strip() for value in column.to_pylist()]
    if not found.n:
        raise BadData(f"{found.path.name} names columns ({listed(found.names)}) but has no rows.")
