"""``parquet:PATH``: the Hugging Face layout, read with pyarrow alone.

An image column (struct{bytes, path} or bytes) beside a label column; the class names come from the
schema's "huggingface" metadata. CIFAR-10 (50,000 + 10,000 JPEGs): 7.9 s the first time, 0.5 s
from the cache (one core of a busy two-core machine).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset

TEST_NAMES = ("test", "validation", "valid", "val")
LABEL_NAMES = ("label", "labels", "fine_label")  # the preferred ones, if several columns fit


def load(argument: str, home: Path | None) -> Dataset:
    """Images (N, C, H, W) uint8 of one file, or of the train-* and test-* files of a folder."""
    root = Path(argument).expanduser()
    train, test = _files(root)
    key = f"parquet:{argument}"
    return cached(home, key, train + test, lambda: _read(key, train, test))


def _files(root: Path) -> tuple[list[Path], list[Path]]:
    if root.is_file():
        return [root], []
    files = sorted([*root.glob("*.parquet"), *root.glob("data/*.parquet")])
    if not files:
        raise BadData(f"There is no parquet file at {str(root)!r}; give a file or its folder.")
    train = [file for file in files if file.name.startswith("train")]
    test = next((t for n in TEST_NAMES if (t := [f for f in files if f.name.startswith(n)])), [])
    return (train, test) if train and test else (train or files, [])


def _read(key: str, train: Sequence[Path], test: Sequence[Path]) -> Dataset:
    images: list[bytes] = []
    paths: list[str] = []
    labels: list[Any] = []
    names: tuple[str, ...] | None = None
    n_train = 0
    for file in [*train, *test]:
        part_images, part_paths, part_labels, part_names = _columns(file)
        if names is not None and part_names != names:
            raise BadData(f"{file.name} names other classes than {train[0].name}; they must agree.")
        names = part_names
        images += part_images
        paths += part_paths
        labels += part_labels
        n_train += len(part_images) if file in train else 0
    if not images:
        raise BadData(f"{key} holds no rows.")
    decoded = decode(images, paths)
    kept_train = int(np.searchsorted(decoded.kept, n_train)) if test else None
    return assemble(
        key, decoded.x, [labels[i] for i in decoded.kept], kept_train, names or (), decoded.notes
    )


def _columns(file: Path) -> tuple[list[bytes], list[str], list[Any], tuple[str, ...]]:
    """(image bytes, what to call them, labels, class names) of one file, row by row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(file)
        image, label = _image_column(schema, file), _label_column(schema, file)
        table = pq.read_table(file, columns=[image, label])
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{str(file)!r} cannot be read as parquet: {error}.") from None
    rows = table[image].to_pylist()
    rows = [{"bytes": row} if isinstance(row, bytes) else row or {} for row in rows]
    images = [row.get("bytes") or b"" for row in rows]  # a path alone is not followed
    called = [row.get("path") or f"{file.name} row {i}" for i, row in enumerate(rows)]
    return images, called, table[label].to_pylist(), _class_names(schema, label)


def _image_column(schema: Any, file: Path) -> str:
    import pyarrow as pa

    def holds_bytes(kind: Any) -> bool:
        if pa.types.is_struct(kind):
            return bool(kind.get_field_index("bytes") >= 0)
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
    ),
)
