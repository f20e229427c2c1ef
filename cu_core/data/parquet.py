"""``parquet:PATH``: the Hugging Face layout, read with pyarrow alone.

An image column (struct{bytes, path} or bytes) beside a label column; the class names come from the
schema's "huggingface" metadata. CIFAR-10 (50,000 + 10,000 JPEGs): 7.9 s the first time, 0.2 s
from the cache with its hash (one core of a busy two-core machine). Images are read a few at a time,
twice: for their sizes, and for their pixels.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.memory import Room
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset

TEST_NAMES = ("test", "validation", "valid", "val")
LABEL_NAMES = ("label", "labels", "fine_label")  # the preferred ones, if several columns fit
ROWS = 256  # images read at once


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 of one file, or of the train-* and test-* files of a folder."""
    root = Path(argument).expanduser()
    train, test = _files(root)
    key = f"parquet:{argument}"
    read = partial(_read, key, train, test, size)
    return cached(home, key, train + test, read, size)


def _files(root: Path) -> tuple[list[Path], list[Path]]:
    if root.is_file():
        return [root], []
    files = sorted([*root.glob("*.parquet"), *root.glob("data/*.parquet")])
    if not files:
        raise BadData(f"There is no parquet file at {str(root)!r}; give a file or its folder.")
    train = [file for file in files if file.name.startswith("train")]
    test = next((t for n in TEST_NAMES if (t := [f for f in files if f.name.startswith(n)])), [])
    return (train, test) if train and test else (train or files, [])


@dataclass(frozen=True)
class _Images:
    """The images of some files as bytes, row by row, read from the files by every loop over them.

    ``columns``: (file, image column) of each; ``n``: rows in all.
    """

    columns: Sequence[tuple[Path, str]]
    n: int

    def __len__(self) -> int:
        return self.n

    def __contains__(self, item: object) -> bool:
        return any(item == image for image in self)

    def __iter__(self) -> Iterator[bytes]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        for file, column in self.columns:
            try:
                for batch in pq.ParquetFile(file).iter_batches(ROWS, columns=[column]):
                    for row in batch[column].to_pylist():
                        row = row.get("bytes") if isinstance(row, dict) else row
                        yield row or b""  # a path alone is not followed
            except (pa.ArrowException, OSError) as error:
                raise BadData(_unreadable(file, error)) from None


def _read(
    key: str, train: Sequence[Path], test: Sequence[Path], size: int | None, room: Room
) -> Dataset:
    columns: list[tuple[Path, str]] = []
    paths: list[str] = []
    labels: list[Any] = []
    names: tuple[str, ...] | None = None
    n_train = 0
    for file in [*train, *test]:
        image, part_paths, part_labels, part_names = _columns(file)
        if names is not None and part_names != names:
            raise BadData(f"{file.name} names other classes than {train[0].name}; they must agree.")
        names = part_names
        columns.append((file, image))
        paths += part_paths
        labels += part_labels
        n_train += len(part_labels) if file in train else 0
    if not labels:
        raise BadData(f"{key} holds no rows.")
    decoded = decode(_Images(columns, len(labels)), paths, room, size)
    kept_train = int(np.searchsorted(decoded.kept, n_train)) if test else None
    return assemble(
        key, decoded.x, [labels[i] for i in decoded.kept], kept_train, names or (), decoded.notes
    )


def _columns(file: Path) -> tuple[str, list[str], list[Any], tuple[str, ...]]:
    """(image column, what to call the images, labels, class names) of one file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(file)
        schema = source.schema_arrow
        image, label = _image_column(schema, file), _label_column(schema, file)
        named = _has_field(schema.field(image).type, "path")
        table = source.read([label, *([f"{image}.path"] if named else [])])
    except (pa.ArrowException, OSError) as error:
        raise BadData(_unreadable(file, error)) from None
    paths = [(row or {}).get("path") for row in table[image].to_pylist()] if named else []
    paths = paths or [None] * len(table)
    called = [path or f"{file.name} row {i}" for i, path in enumerate(paths)]
    return image, called, table[label].to_pylist(), _class_names(schema, label)


def _unreadable(file: Path, error: Exception) -> str:
    return f"{str(file)!r} cannot be read as parquet: {error}."


def _has_field(kind: Any, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind) and kind.get_field_index(name) >= 0)


def _image_column(schema: Any, file: Path) -> str:
    import pyarrow as pa

    def holds_bytes(kind: Any) -> bool:
        if _has_field(kind, "bytes"):
            return True
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    return _only([f.name for f in schema if holds_bytes(f.type)], ("image", "img"), "image", file)


def _label_column(schema: Any, file: Path) -> str:
    import pyarrow as pa

    whole = [field.name for field in schema if pa.types.is_integer(field.type)]
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    return _only(whole or texts, LABEL_NAMES, "label", file)


def _only(fitting: list[str], preferred: Sequence[str], what: str, file: Path) -> str:
    for name in preferred:
        if name in fitting:
            return name
    if len(fitting) == 1:
        return fitting[0]
    found = f"several columns that could be it: {', '.join(fitting)}" if fitting else "none"
    raise BadData(
        f"{str(file)!r} needs one {what} column and has {found}. Name it {preferred[0]!r}."
    )


def _class_names(schema: Any, label: str) -> tuple[str, ...]:
    """The ClassLabel names of the "huggingface" metadata; () if there are none."""
    try:
        about = json.loads((schema.metadata or {})[b"huggingface"])
        return tuple(map(str, about["info"]["features"][label]["names"]))
    except (KeyError, TypeError, ValueError):
        return ()


SOURCES = (
    Source(
        key="parquet",
        title="Parquet (Hugging Face)",
        help="A parquet file, or a folder of train-*.parquet and test-*.parquet, of images.",
        load=load,
        needs_path=True,
        sizes=True,
    ),
)
