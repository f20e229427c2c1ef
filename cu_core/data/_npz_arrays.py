"""Which array of a .npz is what. Names first, then what fits only one way; never the order.

Only the arrays that are needed are read; of the others the header says enough to name them.
"""

import math
import re
import shutil
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data import roles
from cu_core.data.memory import Room
from cu_core.data.missing import missing
from cu_core.data.partnames import PART_OF, TEST, TRAIN, VAL, listed
from cu_core.errors import BadData

X = ("x", "images", "image", "imgs", "img", "data", "features", "embeddings", "vectors", "inputs",
     "samples", "pixels", "")  # fmt: skip
Y = ("y", "labels", "label", "targets", "target", "classes", "category", "categories", "class")
NAMES = ("classnames", "labelnames", "targetnames", "categorynames", "classes", "names", "labels")
PARTS = {**PART_OF, "tr": TRAIN, "te": TEST}
WHOLE = ""  # of arrays that no part is named in


@dataclass(frozen=True)
class Part:
    """Arrays of one part, by the names that the file has for them; "" where there is none."""

    x: str
    y: str
    file: str = ""
    key: str = ""
    text: str = ""


@dataclass
class Found:
    """``parts``: one that is to be split, or training and test part."""

    parts: list[Part]
    names: str = ""  # the array of class names
    notes: list[str] = field(default_factory=list)


class Arrays:
    """The arrays of an open file, by name. ``room``: where large ones go."""

    def __init__(self, path: Path, room: Room) -> None:
        self.path, self.room = path, room
        self.heads: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        if not path.is_file():
            raise BadData(f"{missing(path)}. Give a .npz file.")
        with self._readable(), zipfile.ZipFile(path) as members:
            for name in members.namelist():
                if name.endswith(".npy"):
                    with members.open(name) as member:
                        shape, dtype = self.heads[name.removesuffix(".npy")] = _head(member)
                        held = members.getinfo(name).file_size - member.tell()
                    if not dtype.hasobject and math.prod(shape) * dtype.itemsize != held:
                        raise ValueError(f"{name} says that it is {shape}, and holds {held} bytes")

    def read(self, name: str) -> NDArray[Any]:
        """One array. BadData if it holds Python objects or is damaged."""
        if self.heads[name][1].hasobject:
            raise BadData(
                f"{name} of {self.path.name}: arrays of Python objects are refused, since reading "
                "them may run code. Save it as plain numbers (numpy.stack) or as texts "
                f"({name}.astype(str))."
            )
        with self._readable(), zipfile.ZipFile(self.path) as members:
            with members.open(f"{name}.npy") as member:
                if self.room.folder is None:
                    found: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
                    return found
                with self.room.file().open("wb") as file:
                    shutil.copyfileobj(member, file, 1 << 20)
            mapped: NDArray[Any] = np.load(self.room.on_disk[-1], mmap_mode="r", allow_pickle=False)
            return mapped

    def _readable(self) -> "_Readable":
        return _Readable(self.path)


class _Readable:
    """What numpy and zipfile raise inside becomes BadData."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        raised = (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)
        if not isinstance(error, raised):
            return
        with self.path.open("rb") as file:
            if file.read(6) == b"\x93NUMPY":
                raise BadData(
                    f"{str(self.path)!r} is one array; save x and y together: "
                    "numpy.savez('data.npz', x=x, y=y)."
                ) from None
        said = str(error).rstrip(".")
        raise BadData(
            f"{str(self.path)!r} cannot be read as plain numpy arrays: {said}. Save x and y "
            "with numpy.savez."
        ) from None


def _head(member: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    major, _ = np.lib.format.read_magic(member)
    read = (
        np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(member)
    return shape, dtype


def find(arrays: Arrays) -> Found:
    """What is what. BadData that names the arrays if that is not clear."""
    by_part: dict[str, list[tuple[str, str]]] = {}  # part -> (rest of the name, name)
    for name in arrays.heads:
        part, rest = _parted(name)
        by_part.setdefault(part, []).append((rest, name))
    parts = {part: it for part, of in by_part.items() if (it := _part(arrays, of))}
    if WHOLE in parts and TRAIN in parts:
        both = [parts[part].x for part in (WHOLE, TRAIN)]
        raise BadData(
            f"{arrays.path.name} holds {listed(both)}, each with labels; leave one of them there."
        )
    if TRAIN not in parts and WHOLE not in parts:
        parts = {WHOLE: _by_content(arrays)}
    first = parts[TRAIN] if TRAIN in parts else parts[WHOLE]
    test = next((part for part in (TEST, VAL) if part in parts and TRAIN in parts), None)
    found = Found([first, *([parts[test]] if test else [])])
    found.names = _names(arrays, found.parts)
    read = [name for part in found.parts for name in vars(part).values() if name]
    said = f"read from {', '.join([*read, *([found.names] if found.names else [])])}"
    said += "; val serves as the test part" if test == VAL else ""
    left = [n for n in arrays.heads if n not in {*read, found.names}]
    aside = [f"{name} {_shape(arrays, name)}" for name in left]
    found.notes.append(f"{said}; {listed(aside)} left aside" if aside else said)
    return found


def _shape(arrays: Arrays, name: str) -> str:
    shape, dtype = arrays.heads[name]
    return f"({shape[0]:,})" if len(shape) == 1 else str(shape) if shape else f"({dtype})"


def _parted(name: str) -> tuple[str, str]:
    """ "X_train" -> ("train", "x"): the part, and the rest of the name."""
    words = [w for w in re.split(r"[\W_]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()) if w]
    for word in words:
        if word in PARTS:
            return PARTS[word], "".join(w for w in words if w != word)
    spelled = "".join(words)
    for word in sorted(PART_OF, key=len, reverse=True):
        for rest in (spelled.removeprefix(word), spelled.removesuffix(word)):
            if rest != spelled and rest in (*X, *Y):
                return PART_OF[word], rest
    return WHOLE, spelled


def _part(arrays: Arrays, names: list[tuple[str, str]]) -> Part | None:
    """The arrays of a part by their names; None if samples or labels are missing."""
    spelled: dict[str, str] = {rest: name for rest, name in reversed(names)}
    y = next((spelled[n] for n in Y if n in spelled), None)
    xs = [spelled[n] for n in X if n in spelled and spelled[n] != y]
    x = next((name for name in xs if len(arrays.heads[name][0]) > 1), xs[0] if xs else None)
    if x is None or y is None or not arrays.heads[y][0]:
        return None
    n = arrays.heads[y][0][:1]
    along = {rest: name for rest, name in spelled.items() if _along(arrays, name, n, (x, y))}
    chosen = {
        role: next((along[name] for name in wanted if name in along), "")
        for role, wanted in (("file", roles.FILE), ("key", roles.KEY), ("text", roles.TEXT))
    }
    return Part(x, y, **chosen)


def _along(arrays: Arrays, name: str, n: tuple[int, ...], taken: tuple[str, str]) -> bool:
    """Whether an array holds a name or number for each of n samples."""
    shape, dtype = arrays.heads[name]
    return shape == n and name not in taken and dtype.kind in "USiu"


def _names(arrays: Arrays, parts: list[Part]) -> str:
    """The array of class names: texts, fewer than samples."""
    used = {name for part in parts for name in vars(part).values()}
    n = arrays.heads[parts[0].y][0][0] if arrays.heads[parts[0].y][0] else 0
    fitting = {
        roles.plain(name): name
        for name, (shape, dtype) in arrays.heads.items()
        if name not in used and dtype.kind in "US" and len(shape) == 1 and 1 < shape[0] < n
    }
    return next((fitting[name] for name in NAMES if name in fitting), "")


def _by_content(arrays: Arrays) -> Part:
    """The only array of samples with the only array of as many labels. BadData else."""
    heads = arrays.heads
    there = listed(list(heads)) or "nothing"
    columns = [n for n, (s, _) in heads.items() if len(s) == 1 or (len(s) == 2 and 1 in s)]
    xs = [
        n for n, (s, of) in heads.items() if len(s) > 1 and n not in columns and of.kind in "biuf"
    ]
    ys = [n for n in columns if heads[n][1].kind in "biufUS"]
    pairs = [(x, y) for x in xs for y in ys if heads[x][0][0] in heads[y][0]]
    if len(pairs) == 1:
        return Part(*pairs[0])
    raise BadData(
        f"{str(arrays.path)!r} holds {there}; it needs x and y, or x_train, y_train, x_test and "
        "y_test: numpy.savez('data.npz', x=x, y=y)."
    )
