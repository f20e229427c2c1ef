"""Lists in text: a number a line, several a line, tables of whatever separator."""

from __future__ import annotations

import csv
import io
import re
from itertools import pairwise

from cu_core.forget._table import Column, Table, as_sample, norm, plain, tabled, whole
from cu_core.forget._words import KNOWN

SEPARATORS = "\t;,|"
ANY = re.compile(r"[\s,;|]+")
DECLARED = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's own first line
DASH = re.compile(r"^\s*[-*]\s+(?=\S)")  # as YAML and Markdown have it
COMMENT = re.compile(r"\s#.*$")
NO_SEPARATOR = "\x1f"
BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def decoded(data: bytes) -> str:
    """The text of a file, by its mark, else as UTF-8, else as Windows writes it. ValueError for
    what is no text."""
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), "")
    if not encoding and b"\0" in data[:64]:  # UTF-16 without its mark: every other byte of digits
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise ValueError("it is no text that can be read") from None
        text = data.decode("cp1252", "replace")
    if any(ord(c) < 32 and c not in "\t\n\r\f\x1f" for c in text):
        raise ValueError("it is neither text nor another kind of file that holds a list")
    return text


def tables(text: str) -> list[Table]:
    """What the text may be, the likeliest first. ValueError with the rest of a sentence."""
    lines = text.splitlines()
    said = DECLARED.fullmatch(lines[0]) if lines else None
    comments = [line for line in lines if line.lstrip().startswith("#")]
    numbered = [
        (number, _bare(line))
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#") and not (said and number == 1)
    ]
    if not numbered:
        return [Table((Column("", ()),), ())]
    separator = said[1] if said else _separator([line for _, line in numbered])
    if separator:
        rows, at = _split(numbered, separator)
        if len(rows) == 1 and not any(norm(cell) in KNOWN for cell in rows[0]):
            return [Table((Column("", tuple(rows[0])),), tuple(at * len(rows[0])))]
        if all(plain(c) for row in rows for c in row) and not _names(comments, rows):
            return [_block(rows, at, separator)]
        named = _names(comments, rows)
        return [tabled([named, *rows] if named else rows, [0, *at] if named else at, "line", KNOWN)]
    flat = _flat(numbered)
    if flat is not None:
        return [flat]
    return [_single(numbered), *_spaced(numbered)]


def _bare(line: str) -> str:
    """A line without a comment that follows its numbers, or the dash of a list before them."""
    line = DASH.sub("", line)
    bare = COMMENT.sub("", line)
    return bare if bare != line and all(map(plain, _tokens(bare))) else line


def _tokens(line: str) -> list[str]:
    return [token.strip("\"'") for token in ANY.split(line.strip().strip("[]()")) if token]


def _separator(lines: list[str]) -> str:
    """The one that cuts all lines, but for a title, into as many cells; "" if none does."""
    for separator in SEPARATORS:
        widths = [_width(row) for row in csv.reader(lines, delimiter=separator)]
        title = next((i for i, width in enumerate(widths) if width > 1), 0)
        if not any(plain(line) for line in lines[:title]):
            widths = widths[title:]
        if min(widths, default=1) > 1 and len(set(widths)) == 1:
            return separator
    return ""


def _width(row: list[str]) -> int:
    return len(row) - (not row[-1].strip() and len(row) > 2) if row else 0


def _split(numbered: list[tuple[int, str]], separator: str) -> tuple[list[list[str]], list[int]]:
    """Rows of cells and the line that each begins on; quoted cells may go over several."""
    reader = csv.reader(
        io.StringIO("\n".join(line for _, line in numbered), newline=""),
        delimiter=separator,
        skipinitialspace=True,
    )
    rows, at, begins = [], [], 0
    for row in reader:
        if row:
            kept = row[:-1] if len(row) > 2 and not row[-1].strip() else row
            rows.append([_unquoted(cell) for cell in kept])
            at.append(numbered[min(begins, len(numbered) - 1)][0])
        begins = reader.line_num
    return rows, at


def _unquoted(cell: str) -> str:
    """Without the single quotes that Python prints."""
    inside = cell.strip()
    return inside[1:-1] if len(inside) > 2 and inside[0] == inside[-1] == "'" else cell


def _names(comments: list[str], rows: list[list[str]]) -> list[str]:
    """The header that a comment gives to a table of numbers ("# index label"); none else."""
    if not comments or not rows or len(rows[0]) < 2 or not all(map(plain, rows[0])):
        return []
    names = ANY.split(comments[0].strip().lstrip("#").strip())
    return names if len(names) == len(rows[0]) and not any(map(plain, names)) else []


def _block(rows: list[list[str]], at: list[int], separator: str) -> Table:
    """Numbers alone. One line, or lines that count up from one to the next, is a list that was
    broken; else columns, of which it must be said which one is meant."""
    cells = [cell for row in rows for cell in row]
    numbers = [whole(cell) for cell in cells]
    climbs = None not in numbers and all(a < b for a, b in pairwise(numbers))  # type: ignore[operator]
    several = len(rows[0]) > 2 and separator.isspace() and len(set(numbers)) == len(numbers)
    if len(rows) == 1 or climbs or several:
        places = [line for row, line in zip(rows, at, strict=True) for _ in row]
        return Table((Column("", tuple(cells)),), tuple(places))
    return tabled([list(row) for row in rows], at, "line", KNOWN)


def _flat(numbered: list[tuple[int, str]]) -> Table | None:
    """Numbers however they are separated, under at most a few lines of words; None if not so."""
    cut = [(line, _tokens(text)) for line, text in numbered]
    above = next((i for i, (_, tokens) in enumerate(cut) if any(map(plain, tokens))), 0)
    heads, cut = [text.strip() for _, text in numbered[:above]], cut[above:]
    if above > 2 or any(map(as_sample, heads)):
        return None  # a name of a file, among numbers
    name = next((head for head in heads[-1:] if norm(head) in KNOWN), " ".join(heads))
    if not all(plain(token) for _, tokens in cut for token in tokens):
        return None
    widths = {len(tokens) for _, tokens in cut}
    if len(widths) == 1 and widths != {1} and len(cut) > 1:
        rows, at = [tokens for _, tokens in cut], [line for line, _ in cut]
        names = ANY.split(name)
        if len(names) == len(rows[0]):
            return tabled([names, *rows], [0, *at], "line", KNOWN)
        return _block(rows, at, " ")
    cells = [(line, token) for line, tokens in cut for token in tokens]
    return Table((Column(name, tuple(c for _, c in cells)),), tuple(line for line, _ in cells))


def _single(numbered: list[tuple[int, str]]) -> Table:
    """A text a line: names of files may hold spaces and commas."""
    rows, at = _split(numbered, NO_SEPARATOR)
    cells = [[row[0].strip()] for row in rows]
    return tabled(cells, at, "line", KNOWN)


def _spaced(numbered: list[tuple[int, str]]) -> list[Table]:
    """The lines cut at their spaces, where that makes columns."""
    rows = [text.split() for _, text in numbered]
    if len({len(row) for row in rows}) > 1 or len(rows[0]) < 2 or len(rows) < 2:
        return []
    if not any(norm(cell) in KNOWN for cell in rows[0]):  # numbers in prose are no list
        words = [i for i in range(len(rows[0])) if not any(plain(row[i]) for row in rows)]
        rows = [[row[i] for i in words] for row in rows]
    return [tabled(rows, [line for line, _ in numbered], "line", KNOWN)] if rows[0] else []
