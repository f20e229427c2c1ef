"""What the columns of a parquet file are for, and their values.

Images are a struct{bytes, path}, bytes, paths or lists of lists of numbers; vectors are lists of
numbers. pyarrow has several types for one thing: strings and bytes each come in four.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cu_core.data import roles
from cu_core.data.partnames import listed
from cu_core.errors import BadData

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
SAMPLE = 64  # rows looked at to tell paths from other texts


@dataclass(frozen=True)
class Columns:
    """Names of columns. ``kind``: "bytes", "path", "pixels" or "vector", what ``samples`` holds.

    ``file``: as it is read, "image.path" where the paths are part of the images; "" for none.
    """

    samples: str
    kind: str
    label: str
    file: str = ""
    key: str = ""
    text: str = ""
    split: str = ""
    rest: tuple[str, ...] = ()  # that are not read


@contextmanager
def readable(file: Path) -> Iterator[None]:
    """What pyarrow raises inside becomes BadData with the name of the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{str(file)!r} cannot be read as parquet: {error}.") from None


def columns(file: Path) -> Columns:
    """Of one file. BadData that names the candidates where a role is not clear."""
    import pyarrow.parquet as pq

    with readable(file):
        source = pq.ParquetFile(file)
        schema = source.schema_arrow
        kinds = {field.name: kind_of(field.type) for field in schema}
        _refuse_twice(file, schema.names)
        samples, kind = _samples(file, source, kinds)
        inner = schema.field(samples).type
        plain = [name for name, of in kinds.items() if of in ("text", "whole", "float", "true")]
        plain = [name for name in plain if name != samples]
        texts = [name for name in plain if kinds[name] == "text"]
        found = {
            "file": roles.by_name(texts, roles.FILE) or "",
            "split": _split(source, texts),
            "text": roles.by_name(texts, roles.TEXT) or "",
        }
        if kind == "path":
            found["file"] = samples
        elif kind == "bytes" and has_field(inner, "path"):
            found["file"] = f"{samples}.path"
        taken = {found["file"], found["split"]}
        label = _label(file, source, kinds, [name for name in plain if name not in taken])
        left = [name for name in plain if name not in {*taken, label}]
        found["text"] = "" if found["text"] == label else found["text"]
        key = roles.by_name([n for n in left if kinds[n] != "float"], roles.KEY)
        found["key"] = key or ""
        if kind == "vector" and not found["text"]:
            rest = [name for name in texts if name in left and name != key]
            found["text"] = rest[0] if len(rest) == 1 else ""
    read = {samples, label, *found.values()}
    return Columns(samples, kind, label, **found, rest=tuple(n for n in kinds if n not in read))


def _refuse_twice(file: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{str(file)!r} has several columns called {listed(twice)}; rename them.")


def kind_of(kind: Any) -> str:
    """ "text", "whole", "true", "float", "bytes", "lists" (of lists), "list" (of numbers), "" """
    import pyarrow as pa

    t = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if t.is_dictionary(kind):
        kind = kind.value_type
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return "text"
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_binary_view(kind):
        return "bytes"
    if has_field(kind, "bytes") or has_field(kind, "path"):
        return "bytes"
    if t.is_integer(kind) or t.is_floating(kind) or t.is_boolean(kind):
        return "whole" if t.is_integer(kind) else "true" if t.is_boolean(kind) else "float"
    if is_list(kind):
        inner = kind_of(kind.value_type)
        if inner in ("list", "lists"):
            return "lists"
        return "list" if inner in ("whole", "float", "true") else ""
    return ""


def is_list(kind: Any) -> bool:
    import pyarrow as pa

    t = pa.types
    return bool(t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind))


def has_field(kind: Any, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind) and kind.get_field_index(name) >= 0)


def _samples(file: Path, source: Any, kinds: dict[str, str]) -> tuple[str, str]:
    """(column of the images or vectors, what it holds)."""
    images = [name for name, kind in kinds.items() if kind in ("bytes", "lists")]
    if images:
        name = roles.only("image", images, roles.IMAGE, repr(str(file)))
        return name, "bytes" if kinds[name] == "bytes" else "pixels"
    texts = [name for name, kind in kinds.items() if kind == "text"]
    paths = [name for name in texts if _are_paths(first(source, name))]
    if paths:
        return roles.only("image", paths, (*roles.IMAGE, *roles.FILE), repr(str(file))), "path"
    vectors = [name for name, kind in kinds.items() if kind == "list"]
    vectors = [name for name in vectors if len(vectors) == 1 or name.lower() not in roles.LABEL]
    if not vectors:
        raise BadData(
            f"{str(file)!r} needs one image column and has none among {listed(list(kinds))}: "
            "images are bytes, paths or lists of lists of numbers; vectors are lists of numbers; a "
            "table of numbers can be read as csv:FILE."
        )
    return roles.only("vector", vectors, roles.VECTOR, repr(str(file))), "vector"


def _are_paths(values: list[Any]) -> bool:
    texts = [value for value in values if value]
    return bool(texts) and all(text.lower().endswith(SUFFIXES) for text in texts)


def first(source: Any, name: str) -> list[Any]:
    """Values of some rows."""
    batch = next(source.iter_batches(SAMPLE, columns=[name]), None)
    return [] if batch is None else list(batch[name].to_pylist())


def _split(source: Any, texts: list[str]) -> str:
    """The column that says which part a row belongs to."""
    name = roles.by_name(texts, roles.SPLIT)
    return name if name and roles.parts_in(first(source, name)) else ""


def _label(file: Path, source: Any, kinds: dict[str, str], fitting: list[str]) -> str:
    """By name; else the only one that fits; else the only one whose values are those of classes."""
    named = roles.by_name(fitting, roles.LABEL)
    several = roles.by_name([n for n in kinds if kinds[n] in ("list", "lists")], roles.LABEL)
    if named:
        return named
    if several:
        raise BadData(
            f"{str(file)!r}: {several} holds a list of labels for each sample; Lethe takes one "
            "label a sample."
        )
    fitting = [name for name in fitting if kinds[name] != "float"]
    if len(fitting) > 1:
        unnamed = [n for n in fitting if roles.by_name([n], (*roles.KEY, *roles.TEXT)) is None]
        values = {n: source.read([n])[n].to_pylist() for n in unnamed}
        fitting = [n for n in unnamed if roles.few_values(values[n])] or fitting
    return roles.only("label", fitting, roles.LABEL, repr(str(file)))


def class_names(schema: Any, label: str) -> tuple[str, ...]:
    """The ClassLabel names of the "huggingface" metadata; () if there are none."""
    try:
        about = json.loads((schema.metadata or {})[b"huggingface"])
        names = about["info"]["features"][label]["names"]
        return tuple(map(str, names)) if isinstance(names, list) else ()
    except (KeyError, TypeError, ValueError):
        return ()
