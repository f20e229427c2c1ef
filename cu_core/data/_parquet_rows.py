"""The rows of parquet files: labels and names at once, images and vectors a few at a time."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data import roles
from cu_core.data._parquet_columns import (
    Columns,
    class_names,
    columns,
    has_field,
    is_list,
    readable,
)
from cu_core.data.decode import Item
from cu_core.data.memory import Room
from cu_core.errors import BadData
from cu_core.files import given_path

ROWS = 256  # images read at once
ROLES = ("file", "key", "text", "split")


@dataclass
class Table:
    """All rows of some files, without their samples. Lists are (N,), or empty where there are none.

    ``columns``: of each file; ``names``: of the labels, if they are numbers that have some.
    """

    files: Sequence[Path]
    columns: list[Columns] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    names: tuple[str, ...] = ()
    file: list[Any] = field(default_factory=list)
    key: list[Any] = field(default_factory=list)
    text: list[Any] = field(default_factory=list)
    split: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        return sum(self.sizes)

    def called(self) -> list[str]:
        """What sentences call the rows."""
        places = (
            (file, i) for file, n in zip(self.files, self.sizes, strict=True) for i in range(n)
        )
        names = self.file or [None] * self.n
        return [n or f"{file.name} row {i}" for n, (file, i) in zip(names, places, strict=True)]


def table(files: Sequence[Path]) -> Table:
    """BadData if the files do not agree on what their columns hold."""
    import pyarrow.parquet as pq

    found = Table(files)
    for file in files:
        it = columns(file)
        if found.columns:
            _compare(found, it, file)
        wanted = [name for name in (it.label, it.file, it.key, it.text, it.split) if name]
        with readable(file):
            source = pq.ParquetFile(file)
            rows = source.read(wanted)
            names = class_names(source.schema_arrow, it.label)
        found.columns.append(it)
        found.sizes.append(len(rows))
        _add_labels(found, rows[it.label].to_pylist(), names, file)
        for role in ROLES:
            values = _values(rows, name) if (name := getattr(it, role)) else [""] * len(rows)
            getattr(found, role).extend(values)
    for role in ROLES:
        if not any(getattr(found, role)):
            setattr(found, role, [])
    return found


def labelled(train: Path, files: Sequence[Path]) -> bool:
    """Whether files have labels as the training file has them: a column of theirs, with some that
    are not -1 or missing, as those of a contest are."""
    import pyarrow.parquet as pq

    name = columns(train).label
    for file in files:
        with readable(file):
            source = pq.ParquetFile(file)
            wanted = roles.by_name(source.schema_arrow.names, (roles.plain(name), *roles.LABEL))
            if wanted is None:
                continue
            values = source.read([wanted])[wanted].unique().to_pylist()
        if any(value not in (None, -1, "") for value in values):
            return True
    return False


def _values(rows: Any, name: str) -> list[str]:
    column, _, inner = name.partition(".") if name not in rows.column_names else (name, "", "")
    values = rows[column].to_pylist()
    if inner:
        values = [value[inner] if isinstance(value, dict) else None for value in values]
    return ["" if value is None else str(value) for value in values]


def _compare(found: Table, it: Columns, file: Path) -> None:
    first, name = found.columns[0], found.files[0].name
    if it.kind != first.kind:
        raise BadData(
            f"{name} and {file.name} are of different sets: {first.samples} and {it.samples} do "
            "not hold the same. Keep each set in a folder of its own."
        )
    for one, other in ((first.samples, it.samples), (first.label, it.label)):
        if one != other:
            found.notes.append(f"{one} of {name} is called {other} in {file.name}")


def _add_labels(found: Table, labels: list[Any], names: tuple[str, ...], file: Path) -> None:
    """Numbers that stand for other names than in the first file are given those of the first."""
    if found.labels and bool(names) != bool(found.names):
        named, other = (found.files[0], file) if found.names else (file, found.files[0])
        found.notes.append(f"{other.name} names no classes: its numbers are those of {named.name}")
    if found.names and names and names != found.names:
        found.notes.append(f"{file.name} numbers the classes otherwise: matched by name")
        more = tuple(name for name in names if name not in found.names)
        known = found.names + more
        place = [known.index(name) for name in names]
        _within(labels, names, file)
        labels = [label if label is None or label < 0 else place[label] for label in labels]
        names = known
    found.names = names or found.names
    found.labels += labels


def _within(labels: list[Any], names: tuple[str, ...], file: Path) -> None:
    beyond = [label for label in labels if label is not None and label >= len(names)]
    if beyond:
        raise BadData(
            f"{len(beyond)} labels of {file.name} lie beyond its {len(names)} class names (the "
            f"first is {beyond[0]})."
        )


@dataclass(frozen=True)
class Images:
    """The images of a table, row by row, read from the files by every loop over them.

    Bytes, or the file that a path leads to: one below the folder of the parquet file, or an
    absolute one as it is written.
    """

    rows: Table

    def __len__(self) -> int:
        return self.rows.n

    def __contains__(self, item: object) -> bool:
        return any(item == image for image in self)

    def __iter__(self) -> Iterator[Item]:
        for file, it in zip(self.rows.files, self.rows.columns, strict=True):
            for batch in _batches(file, it.samples):
                for row in batch.to_pylist():
                    given = row if isinstance(row, dict) else {"bytes": row, "path": row}
                    stored = given.get("bytes")
                    if isinstance(stored, bytes) and stored:
                        yield stored
                    else:
                        yield _followed(file.parent, given.get("path"))


def followed(files: Sequence[Path]) -> list[Path]:
    """The image files that the rows of the first file lead to, if it holds paths and no images."""
    import pyarrow.parquet as pq

    it = columns(files[0])
    with readable(files[0]):
        stored = it.kind == "bytes" and not _all_null(pq.ParquetFile(files[0]), it.samples)
    if stored or it.kind not in ("path", "bytes"):
        return []
    rows = table(files)
    places = zip(rows.files, rows.sizes, strict=True)
    folders = [file.parent for file, n in places for _ in range(n)]
    found = map(_followed, folders, rows.file)
    return [image for image in found if isinstance(image, Path)]


def _all_null(source: Any, samples: str) -> bool:
    """Whether the file itself says that no row holds the bytes of an image."""
    import pyarrow as pa

    kind, about = source.schema_arrow.field(samples).type, source.metadata
    if has_field(kind, "bytes") and pa.types.is_null(kind.field("bytes").type):
        return True
    for group in (about.row_group(i) for i in range(about.num_row_groups)):
        for column in (group.column(k) for k in range(group.num_columns)):
            if column.path_in_schema == f"{samples}.bytes":
                counted = column.statistics
                if counted is None or counted.null_count != group.num_rows:
                    return False
    return True


def _followed(folder: Path, path: object) -> Item:
    """An image that a row gives by its path; no bytes if the path leads elsewhere."""
    if not isinstance(path, str) or not path or "://" in path:
        return b""
    found = folder / path
    if found.resolve().is_relative_to(folder.resolve()):
        return found
    with suppress(BadData):  # outside of what may be read it is as good as not there
        return given_path(path) if Path(path).is_absolute() else b""
    return b""


def _batches(file: Path, column: str) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with readable(file):
        for batch in pq.ParquetFile(file).iter_batches(ROWS, columns=[column]):
            yield batch[column]


def numbers(rows: Table, room: Room) -> NDArray[Any]:
    """The samples of a table that are lists of numbers, or lists of these: (N, ...)."""
    x: NDArray[Any] | None = None
    at = 0
    for file, it in zip(rows.files, rows.columns, strict=True):
        for batch in _batches(file, it.samples):
            part = _nested(batch, f"{it.samples} of {file.name}")
            if x is None:
                x = room.array((rows.n, *part.shape[1:]), part.dtype)
            if part.shape[1:] != x.shape[1:]:
                raise BadData(_uneven(f"{it.samples} of {file.name}"))
            x[at : at + len(part)] = part
            at += len(part)
    return np.empty((0, 1)) if x is None else x


def _nested(values: Any, called: str) -> NDArray[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    shape = getattr(values.type, "shape", None)  # of a fixed-shape tensor
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if values.null_count:
        raise BadData(f"{called}: {values.null_count} samples are missing; take them out.")
    if not is_list(values.type):
        found: NDArray[Any] = values.to_numpy(zero_copy_only=False)
        return found
    lengths = pc.unique(pc.list_value_length(values)).to_pylist()
    if len(lengths) > 1:
        raise BadData(_uneven(called))
    inner = _nested(values.flatten(), called)
    return inner.reshape(len(values), *(shape or (lengths or [0])), *inner.shape[1:])


def _uneven(called: str) -> str:
    return (
        f"{called}: the samples are lists of different lengths; all must be of one size, or be "
        "images as bytes (PNG)."
    )
