"""``parquet:PATH``: the Hugging Face layout and others, read with pyarrow alone.

Images (bytes, struct{bytes, path}, paths or lists) or vectors beside a label column; class names
come from the schema's "huggingface" metadata. CIFAR-10 (50,000 + 10,000 JPEGs): 7.9 s the first
time, 0.2 s from the cache with its hash (one core of a busy two-core machine). Images are read a
few at a time, twice: for their sizes, and for their pixels.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.data._parquet_files import parts
from cu_core.data._parquet_rows import Images, Table, followed, labelled, numbers, table
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.memory import Room
from cu_core.data.partnames import listed
from cu_core.data.pixels import samples
from cu_core.data.roles import split_by
from cu_core.data.scaling import scaled
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset, Ints, Origin


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 or rows (N, D) float32 of one file, or of the files of a folder."""
    root = Path(argument).expanduser()
    train, test, notes = parts(root, labelled)
    base = root.parent if root.is_file() else root
    key = f"parquet:{argument}"
    read = partial(_read, key, base, train, test, size)
    files = train + test
    if images := followed(files):
        dataset = cached(home, key, files + images, read, size, root.absolute())
    else:
        dataset = cached(home, key, files, read, size)
    first, *rest = dataset.notes
    return replace(dataset, notes=(first, *notes, *rest))


def _read(
    key: str, base: Path, train: list[Path], test: list[Path], size: int | None, room: Room
) -> Dataset:
    rows = table([*train, *test])
    if not rows.n:
        raise BadData(f"{key} holds no rows.")
    n_train = sum(rows.sizes[: len(train)])
    it = rows.columns[0]
    if it.kind in ("bytes", "path"):
        decoded = decode(Images(rows), rows.called(), room, size)
        x, kept, said = decoded.x, decoded.kept, list(decoded.notes)
    else:
        raw = numbers(rows, room)
        x, said = samples(raw, f"{it.samples} of {train[0].name}", room)
        kept = np.arange(len(x))
    labels = [rows.labels[i] for i in kept]
    whole = "the training files" if test else "the files"
    names = _named(base, train, whole), _named(base, test, "the test files")
    which, origins = _parts(rows, kept, n_train, names)
    notes = [_read_from(base, train, test, rows), *rows.notes, *said]
    made = assemble(key, x, labels, which, rows.names, notes, origins)
    return made if it.kind in ("bytes", "path") else scaled(made, size)


def _parts(
    rows: Table, kept: Ints, n_train: int, names: tuple[str, str]
) -> tuple[int | tuple[Ints, Ints] | None, list[Origin]]:
    """(which samples are which part, what the owner calls them); ``names``: of the two parts'
    rows, "" where there is no test part."""
    if names[1]:
        first = int(np.searchsorted(kept, n_train))
        return first, [
            _origin(rows, kept[:first], 0, names[0]),
            _origin(rows, kept[first:], n_train, names[1]),
        ]
    which, said = split_by([rows.split[i] for i in kept] if rows.split else [])
    rows.notes += said
    return which, [_origin(rows, kept, 0, names[0])]


def _named(base: Path, files: list[Path], several: str) -> str:
    """What the rows of some files are counted in."""
    if len(files) > 1:
        return several
    return files[0].relative_to(base).as_posix() if files else ""


def _origin(rows: Table, index: Ints, first: int, of: str) -> Origin:
    """``first``: the row of the table that is the part's row 0."""
    named: dict[str, Any] = {
        role: tuple(values[i] for i in index)
        for role in ("file", "key", "text")
        if (values := getattr(rows, role))
    }
    return Origin(index - first, of, **named)


def _read_from(base: Path, train: list[Path], test: list[Path], rows: Table) -> str:
    it = rows.columns[0]
    names = [_named(base, of, f"{len(of)} files ({of[0].name} ...)") for of in (train, test) if of]
    said = f"read from {' and '.join(names)}: {it.samples}, {it.label}"
    others = [name for name in (it.key, it.text, it.split) if name]
    others += [it.file] if it.file and it.file != f"{it.samples}.path" else []
    said += "".join(f", {name}" for name in others if name != it.samples)
    return f"{said}; {listed(list(it.rest))} left aside" if it.rest else said


SOURCES = (
    Source(
        key="parquet",
        title="Parquet (Hugging Face)",
        help="A parquet file, or a folder of train and test files, of images or vectors.",
        load=load,
        needs_path=True,
        sizes=True,
    ),
)
