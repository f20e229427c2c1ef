"""``csv:FILE``: a table of image files, or of numbers, and their labels. Tab-separated ones too.

A folder is read as its ``train.csv`` and ``test.csv``; a column called ``split`` says the parts of
one file.
"""

import re
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data._csv_files import Files
from cu_core.data._csv_roles import Columns, columns
from cu_core.data._csv_sheet import Sheet, sheet, titles
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.memory import Room
from cu_core.data.missing import missing
from cu_core.data.partnames import TEST, TRAIN, VAL, listed, part_of
from cu_core.data.pixels import samples
from cu_core.data.roles import split_by
from cu_core.data.scaling import scaled
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.files import given_path
from cu_core.spec import Dataset, Ints, Origin

WHOLE = re.compile(r"(-?(0|[1-9]\d{0,17})(\.0*)?)?")  # 7, 7.0, and what is missing; not 007
ENDINGS = (".csv", ".tsv", ".txt", ".tab")


@dataclass
class _Table:
    """A file, what its columns are for, and the images that it names, one a row."""

    sheet: Sheet
    columns: Columns
    images: list[Path]


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 or rows (N, D) float32; see ``decode`` and ``pixels``."""
    path = given_path(argument)
    files, notes = _files(path)
    tables = [_table(sheet(files[0]))]
    one = tables[0].columns
    if len(files) > 1 and set(one.label) <= set(titles(files[1])):
        tables.append(_table(sheet(files[1])))
    elif len(files) > 1:
        notes.append(f"left aside, without labels: {files.pop().name}")
    if any(bool(t.columns.image) != bool(one.image) for t in tables):
        raise BadData(f"{listed([f.name for f in files])} do not hold the same kind of samples.")
    key = f"csv:{argument}"
    stamped = [*files, *chain(*(table.images for table in tables))]
    dataset = cached(
        home, key, stamped, lambda room: _read(key, tables, room, size), size, files[0].absolute()
    )
    return replace(dataset, notes=(*_read_from(tables), *notes, *dataset.notes))


def _files(path: Path) -> tuple[list[Path], list[str]]:
    """(one file, or those of the training and the test part, notes)."""
    if path.is_file():
        return [path], _beside(path)
    if not path.is_dir():
        raise BadData(f"{missing(path)}. Give a table of files and labels.")
    found: dict[str | None, list[Path]] = {}
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in ENDINGS[:2] and not file.name.startswith("."):
            found.setdefault(part_of(file.stem), []).append(file)
    everything = list(chain(*found.values()))
    names = listed([file.name for file in everything])
    train = found.get(TRAIN, everything)
    if len(train) != 1:
        there = f"holds {names}" if everything else "holds no .csv and no .tsv"
        raise BadData(f"{str(path)!r} {there}; give the file: csv:FILE.")
    test = [of[0] for part in (TEST, VAL) if TRAIN in found and (of := found.get(part))]
    read = [train[0], *test[:1]]
    aside = [file.name for file in everything if file not in read]
    notes = [f"left aside: {listed(aside)}"] if aside else []
    if test and part_of(test[0].stem) == VAL:
        notes.append(f"{test[0].name} serves as the test part")
    return read, notes


def _beside(path: Path) -> list[str]:
    """A note on the test part that lies beside a training part."""
    if part_of(path.stem) != TRAIN:
        return []
    others = [f.name for f in sorted(path.parent.iterdir()) if f.suffix.lower() in ENDINGS[:2]]
    others = [name for name in others if part_of(name.rpartition(".")[0]) in (TEST, VAL)]
    if not others:
        return []
    return [f"left aside: {listed(others)} beside it; csv:{path.parent} reads both parts"]


def _table(found: Sheet) -> _Table:
    path = found.path
    files = Files(path.parent)
    of = columns(found, files)
    images = files.all(of.image, found.values(of.image), path.name) if of.image else []
    return _Table(found, of, images)


def _read(key: str, tables: list[_Table], room: Room, size: int | None) -> Dataset:
    if tables[0].columns.image:
        images = [image for table in tables for image in table.images]
        decoded = decode(images, _called(tables), room, size)
        x, kept, said = decoded.x, decoded.kept, list(decoded.notes)
    else:
        x, said = samples(_numbers(tables), tables[0].sheet.path.name, room)
        kept = np.arange(len(x))
    labels, names = _labels(tables)
    first = int(np.searchsorted(kept, tables[0].sheet.n))
    origins = [_origin(tables[0], kept[:first])]
    which: int | tuple[Ints, Ints] | None = None
    if len(tables) > 1:
        which = first
        origins.append(_origin(tables[1], kept[first:] - tables[0].sheet.n))
    elif split := tables[0].columns.split:
        which, more = split_by([tables[0].sheet.texts[split][i] for i in kept])
        said = [*more, *said]
    made = assemble(key, x, [labels[i] for i in kept], which, names, said, origins)
    return made if tables[0].columns.image else scaled(made, size)


def _called(tables: list[_Table]) -> list[str]:
    """The images as the tables call them."""
    return [
        value or f"row {i} of {table.sheet.path.name}"
        for table in tables
        for i, value in enumerate(table.sheet.values(table.columns.image))
    ]


def _numbers(tables: list[_Table]) -> NDArray[np.float32]:
    """(N, D). BadData if the tables do not have the same columns."""
    found = []
    for table in tables:
        of = table.columns
        if of.pixels:
            texts = table.sheet.texts[of.pixels]
            rows = [np.array(text.split(), np.float32) for text in texts]
            if len({len(row) for row in rows}) > 1:
                raise BadData(f"{of.pixels} of {table.sheet.path.name} holds images of many sizes.")
            found.append(np.stack(rows))
        elif of.features != tables[0].columns.features:
            raise BadData(
                f"{table.sheet.path.name} has other columns of numbers than "
                f"{tables[0].sheet.path.name}; they must agree."
            )
        else:
            columns = [table.sheet.numbers[name] for name in of.features]
            found.append(np.stack(columns, 1).astype(np.float32))
    return np.concatenate(found)


def _labels(tables: list[_Table]) -> tuple[list[Any], tuple[str, ...]]:
    """(labels of all rows, what they are called where a column stands for each class)."""
    labels: list[Any] = []
    for table in tables:
        of = table.columns.label
        if len(of) > 1:
            labels += list(np.stack([table.sheet.numbers[name] for name in of], 1))
        else:
            labels += table.sheet.values(of[0])
    if labels and all(isinstance(label, str) and WHOLE.fullmatch(label) for label in labels):
        labels = [int(label.partition(".")[0]) if label else None for label in labels]
    several = tables[0].columns.label
    return labels, several if len(several) > 1 else ()


def _origin(table: _Table, index: Ints) -> Origin:
    of = table.columns
    named = {
        role: tuple(values[i] for i in index)
        for role, name in (("file", of.image), ("key", of.key), ("text", of.text))
        if name and (values := table.sheet.values(name))
    }
    return Origin(index, table.sheet.path.name, **named)


def _read_from(tables: list[_Table]) -> list[str]:
    of, files = tables[0].columns, " and ".join(table.sheet.path.name for table in tables)
    what = of.image or of.pixels or f"{len(of.features)} columns of numbers"
    others = [name for name in (*of.label[:3], of.key, of.text, of.split) if name]
    said = f"read from {files}: {', '.join([what, *others])}"
    rest = of.rest(tables[0].sheet)
    said = f"{said}; {listed(rest)} left aside" if rest else said
    return [said, *chain(*(table.sheet.notes for table in tables))]


SOURCES = (
    Source(
        key="csv",
        title="Table (CSV, TSV)",
        help="A table with a column of image files, or of numbers, and a column of labels.",
        load=load,
        needs_path=True,
        sizes=True,
    ),
)
