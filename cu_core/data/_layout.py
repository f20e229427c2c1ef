"""Which images of a folder are the training part and which the test part, and of which class.

The classes are the sub-folders, in the order of torchvision's ImageFolder, and an image's row is
its index there. They lie directly in the folder, or in its folders of parts (``train``, ``Testing``
and whatever else partnames knows), either perhaps wrapped in a folder more.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from cu_core.data.partnames import TEST, TRAIN, VAL, listed, part_of, several
from cu_core.errors import BadData

INDEXED = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")  # ImageFolder
OTHERS = (".gif", ".jfif")  # which it does not see: their rows follow
SUFFIXES = INDEXED + OTHERS
TABLES = (".csv", ".tsv")
OTHER_SOURCES = {".parquet": "parquet", ".npz": "npz", ".csv": "csv", ".tsv": "csv"}
JUNK = ("Thumbs.db", "desktop.ini")


class Picture(NamedTuple):
    """An image file. ``row``: its index in ImageFolder's list of the part."""

    label: str
    file: Path
    row: int


@dataclass
class Layout:
    """The images of both parts, and in words what was read and what was not."""

    train: list[Picture]
    test: list[Picture] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """In the order of ImageFolder."""
        return sorted({picture.label for picture in chain(self.train, self.test)})


def layout(root: Path) -> Layout:
    """What ``root`` holds. BadData with a sentence if its classes cannot be told."""
    base = _unwrapped(root)
    parts = _parts(base)
    found = Layout(_pictures(parts.get(TRAIN, base)))
    if not found.train or (len(found.classes) == 1 and _tables(root)):
        raise BadData(_no_classes(root))
    read, test = [parts.get(TRAIN, base)], None
    if TRAIN in parts:
        test = next((name for name in (TEST, VAL) if _fits(parts.get(name), found)), None)
    if test:
        found.test = _test_pictures(parts[test], found)
        read.append(parts[test])
    there = dict.fromkeys([*folders(root), *folders(base)])
    aside = [f for f in there if not any(p.is_relative_to(f) or f.parent == p for p in read)]
    found.notes = [_read_from(found, root, read, test), *_left_aside(found, root, read, aside)]
    found.notes += _merged(read[0])
    numbers = [name for name in found.classes if name.isdecimal()]
    if numbers != sorted(numbers, key=int):
        found.notes.append(f"classes in ImageFolder's order of texts: {listed(found.classes)}")
    return found


def _unwrapped(root: Path) -> Path:
    """The folder that holds more than one other: a zip often unpacks to one folder in a folder."""
    seen = set()
    while len(inside := [f for f in folders(root) if _any_image(f)]) == 1:
        if root.resolve() in seen or _loose(root) or _loose(inside[0]) or not folders(inside[0]):
            break
        seen.add(root.resolve())
        root = inside[0]
    return root


def _parts(base: Path) -> dict[str, Path]:
    """The folders of parts that hold classes. Empty where ``base`` itself holds the classes."""
    named: dict[str, list[Path]] = {}
    for folder in folders(base):
        part = part_of(folder.name)
        inner = _unwrapped(folder)
        if part and (_labelled(inner) or any(_any_image(f) for f in folders(inner))):
            named.setdefault(part, []).append(inner)
    parts = {part: _only(base, part, of) for part, of in named.items()}
    if not parts:
        _refuse_unlabelled(base)
        return {}
    classes = [f.name for f in folders(base) if not part_of(f.name) and _loose(f)]
    if TRAIN not in parts and not classes:
        raise BadData(
            f"{str(base)!r} holds {listed([f.name for f in parts.values()])} but no train; add "
            f"the training part, or give one part alone: folder:{next(iter(parts.values()))}."
        )
    if TRAIN in parts and len(parts) == 1 and classes:
        raise BadData(
            f"{str(base)!r} holds {parts[TRAIN].name} with sub-folders, and images in "
            f"{listed(classes)}: either could be the classes. Give folder:{parts[TRAIN]}, or take "
            "the sub-folders out."
        )
    return parts if TRAIN in parts else {}


def _refuse_unlabelled(base: Path) -> None:
    """Parts whose images lie directly in them are no classes."""
    loose = [f for f in folders(base) if part_of(f.name) and _loose(f)]
    if len({part_of(f.name) for f in loose}) > 1:
        raise BadData(
            f"{listed([f.name for f in loose])} of {str(base)!r} hold images, and no folder for "
            "each class. Sort them into one folder per class, or write a table of files and "
            f"labels and give csv:{base / table if (table := _table(base)) else 'FILE'}."
        )


def _only(base: Path, part: str, named: list[Path]) -> Path:
    """The folder of a part: the one that is called just so, or the only one."""
    exact = [folder for folder in named if folder.name.lower() == part]
    if len(exact or named) > 1:
        names = listed([str(folder.relative_to(base)) for folder in named])
        raise BadData(
            f"{str(base)!r} holds several folders that could be the {part} part: {names}. "
            "Leave one of them there."
        )
    return (exact or named)[0]


def _fits(part: Path | None, train: Layout) -> bool:
    """Whether a part is labelled with classes of the training part."""
    if part is None:
        return False
    known = set(train.classes)
    return bool(_labelled(part)) or any(f.name in known for f in folders(part))


def _labelled(part: Path) -> Path | None:
    """The file that labels a part's images by name, as Tiny ImageNet has it."""
    if not part.is_dir():
        return None
    return next(iter(sorted(part.glob("*_annotations.txt"))), None)


def _test_pictures(part: Path, train: Layout) -> list[Picture]:
    table = _labelled(part)
    known = set(train.classes)
    if table is None or any(f.name in known for f in folders(part)):
        return _pictures(part)
    lines = (line.split("\t") for line in table.read_text("utf-8", "replace").splitlines())
    named = {line[0]: line[1].strip() for line in lines if len(line) > 1}
    files = [file for file in walk(part, SUFFIXES) if file.name in named]
    return [Picture(named[file.name], file, row) for row, file in enumerate(files)]


def _pictures(root: Path) -> list[Picture]:
    """The images below the class folders, hidden ones left out, by row."""
    found = [(f.name, file) for f in folders(root) for file in walk(f, SUFFIXES)]
    found.sort(key=lambda of: of[1].name.lower().endswith(OTHERS))
    rows = enumerate(found)
    return [Picture(name, f, row) for row, (name, f) in rows if not _hidden(f, root)]


def _hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def folders(root: Path) -> list[Path]:
    """The folders in one that are not hidden, by name."""
    if not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if not f.name.startswith((".", "__")) and f.is_dir())


def walk(root: Path, suffixes: tuple[str, ...] = ()) -> Iterator[Path]:
    """Files below a folder, in ImageFolder's order. Links are followed, unless back to a parent."""
    for folder, files in sorted(_open_folders(root)):
        chosen = sorted(f for f in files if f.lower().endswith(suffixes or ""))
        yield from (Path(folder, file) for file in chosen)


def _open_folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """(folder, names of its files), from ``root`` downwards."""
    for folder, inside, files in os.walk(root, followlinks=True):
        inside[:] = [f for f in inside if not _back(folder, os.path.join(folder, f))]
        yield folder, files


def _back(folder: str, inner: str) -> bool:
    """Whether ``inner`` is a link to the folder that it lies in, or to a parent."""
    return os.path.islink(inner) and Path(folder).resolve().is_relative_to(os.path.realpath(inner))


def _any_image(root: Path) -> bool:
    names = chain.from_iterable(files for _, files in _open_folders(root))
    return any(name.lower().endswith(SUFFIXES) and not name.startswith(".") for name in names)


def _loose(root: Path) -> int:
    """How many images lie in a folder itself."""
    files = (f.name for f in root.iterdir() if not f.name.startswith("."))
    return sum(name.lower().endswith(SUFFIXES) for name in files)


def _tables(root: Path) -> list[str]:
    return sorted(f.name for f in root.iterdir() if f.suffix.lower() in TABLES)


def _table(root: Path) -> str:
    return next(iter(_tables(root)), "")


def _no_classes(root: Path) -> str:
    tables = _tables(root)
    if tables and _any_image(root):
        return (
            f"{str(root)!r} holds images that are not in a sub-folder per class, and "
            f"{listed(tables)}; if that says the labels, write csv:{root / tables[0]}."
        )
    others = [(e, s) for e, s in OTHER_SOURCES.items() if any(root.glob(f"*{e}"))]
    if others:
        name = next(iter(sorted(root.glob(f"*{others[0][0]}")))).name
        return f"{str(root)!r} holds no images but {name}; write {others[0][1]}:{root / name}."
    ends = Counter(file.suffix.lower() for file in walk(root) if not file.name.startswith("."))
    said = f" (its files end in {listed([e or 'nothing' for e, _ in ends.most_common(3)])})"
    return (
        f"{str(root)!r} holds no images in sub-folders{said if ends else ''}; it needs one "
        "sub-folder per class, named after it, with the images inside."
    )


def _read_from(found: Layout, root: Path, read: list[Path], test: str | None) -> str:
    if len(read) == 1:
        below = "" if read[0] == root else f" of {_below(read[0], root)}"
        return f"read from {len(found.classes)} class folders{below}"
    counts = f"{len(found.train):,} images", f"{len(found.test):,}"
    said = " and ".join(f"{_below(of, root)} ({n})" for of, n in zip(read, counts, strict=True))
    said = f"read from {said}"
    return f"{said}, which serves as the test part" if test == VAL else said


def _merged(root: Path) -> list[str]:
    """Classes that are made of several folders, as ImageFolder merges them."""
    several = {f.name: [i.name for i in folders(f) if _any_image(i)] for f in folders(root)}
    said = [f"{name} ({listed(of, 3)})" for name, of in several.items() if len(of) > 1]
    return [f"classes of several sub-folders: {listed(said)}"] if said else []


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix()


def _left_aside(found: Layout, root: Path, read: list[Path], aside: list[Path]) -> list[str]:
    """What of ``root`` was not read, with counts."""
    used = {picture.file for picture in chain(found.train, found.test)}
    counts = {folder: sum(1 for _ in walk(folder, SUFFIXES)) for folder in aside}
    said = [
        f"{_below(folder, root)} ({several(n, 'image')})"
        for folder, n in counts.items()
        if n or part_of(folder.name)
    ]
    loose = [(part, _loose(part)) for part in {root, *read}]
    said += [f"{several(n, 'image')} directly in {part.name}" for part, n in sorted(loose) if n]
    inside = [file for part in read for f in folders(part) for file in walk(f)]
    hidden = sum(_hidden(file, root) and file.suffix.lower() in SUFFIXES for file in inside)
    said += [several(hidden, "hidden file")] if hidden else []
    rest = [f for f in inside if f not in used and not _hidden(f, root) and f.name not in JUNK]
    images = sum(file.suffix.lower() in SUFFIXES for file in rest)
    said += [f"{several(images, 'image')} without a label"] if images else []
    ends = sorted({f.suffix.lower() or f.name for f in rest} - set(SUFFIXES))
    others = several(len(rest) - images, "file that is no image", "files that are no images")
    said += [f"{others} ({listed(ends)})"] if ends else []
    empty = [f.name for f in folders(read[0]) if f.name not in found.classes]
    notes = [f"left aside: {', '.join(said)}"] if said else []
    return notes + (
        [f"{several(len(empty), 'sub-folder')} without images: {listed(empty)}"] if empty else []
    )
