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

from cu_core.data._parquet_columns import readable
from cu_core.data._parquet_files import parts
from cu_core.data._parquet_rows import ROWS, Images, Table, followed, labelled, numbers, table
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
from cu_core.files import MOST_UNPACKED, given_path, refuse_bomb
from cu_core.spec import Dataset, Ints, Origin

VALUE_BYTES = 8  # at most, as it is read


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 or rows (N, D) float32 of one file, or of the files of a folder."""
    root = given_path(argument)
    train, test, notes = parts(root, labelled)
    for file in (*train, *test):
        _refuse_bomb(file)
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


def _refuse_bomb(file: Path) -> None:
    """By the values that its footer counts: a column of one value takes no room in the file. Nor
    does a column of one long text, of which the letters are counted."""
    import pyarrow.parquet as pq

    with readable(file):
        source = pq.ParquetFile(file)
        about = source.metadata
        groups = [about.row_group(i) for i in range(about.num_row_groups)]
        chunks = [g.column(i) for g in groups for i in range(g.num_columns)]
        values = sum(chunk.num_values for chunk in chunks)
        longest = max((chunk.total_uncompressed_size for chunk in chunks), default=0)
        repeats = longest * about.num_rows > MOST_UNPACKED  # no text is longer than all of a chunk
        letters = _letters(file, source.schema_arrow) + _images(file, about) if repeats else 0
    refuse_bomb(file.name, file.stat().st_size, VALUE_BYTES * values + letters)


def _letters(file: Path, schema: Any) -> int:
    """Bytes of the texts of all rows, of which each that is repeated is held once."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    kinds = {one.name: getattr(one.type, "value_type", one.type) for one in schema}
    plain = {n for n, kind in kinds.items() if not pa.types.is_nested(schema.field(n).type)}
    texts = [n for n in kinds if n in plain and kinds[n] in (pa.string(), pa.large_string())]
    total = 0
    for group in pq.ParquetFile(file, read_dictionary=texts).iter_batches(columns=texts):
        for column in group.columns:
            if not pa.types.is_dictionary(column.type):
                total += column.nbytes
            else:
                lengths = pc.binary_length(column.dictionary)
                total += pc.sum(lengths.cast(pa.int64()).take(column.indices)).as_py() or 0
    return total


def _images(file: Path, about: Any) -> int:
    """Bytes of the images that are held at once, and of all paths beside them, at most: as if each
    were the longest of those that are repeated. Lists of them are never read."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    kinds = {it.path: it for it in map(about.schema.column, range(about.num_columns))}
    leaves = [
        name
        for name, it in kinds.items()
        if it.physical_type == "BYTE_ARRAY" and not it.max_repetition_level
        if it.logical_type.type == "NONE" or (it.logical_type.type == "STRING" and "." in name)
    ]
    source, total = pq.ParquetFile(file, read_dictionary=leaves, memory_map=True), 0
    for leaf in leaves:
        longest = 0
        for group in range(about.num_row_groups):
            # The first row comes with all that those after it repeat.
            for batch in source.iter_batches(1, row_groups=[group], columns=[leaf]):
                column = batch.columns[0]
                while pa.types.is_struct(column.type):
                    column = column.field(0)
                lengths = pc.binary_length(column.dictionary)
                longest = max(longest, pc.max(lengths).as_py() or 0)
                break
        rows = about.num_rows
        total += longest * (rows if leaf.endswith(".path") else min(rows, ROWS))
    return total


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
