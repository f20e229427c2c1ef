"""``folder:PATH``: a sub-folder of images per class, directly or in ``train/`` and ``test/``."""

from pathlib import Path

import numpy as np

from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.memory import Room
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
TEST_NAMES = ("test", "val", "valid", "validation")


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 and the folder names as classes; see ``decode`` for the rule."""
    root = Path(argument).expanduser()
    if not root.is_dir():
        raise BadData(f"There is no folder {str(root)!r}; give the folder that holds the classes.")
    train_root, test_root = _parts(root)
    train, test = _images(train_root), _images(test_root) if test_root else []
    files = [file for _, file in train + test]
    if not files:
        raise BadData(
            f"{str(root)!r} holds no images in sub-folders; it needs one sub-folder per class, "
            "named after it, with the images inside."
        )
    key = f"folder:{argument}"
    parts = train_root, train, test
    return cached(home, key, files, lambda room: _read(key, *parts, room, size), size)


def _parts(root: Path) -> tuple[Path, Path | None]:
    """(folder of the training classes, folder of the test classes if there is one)."""
    if not _class_folders(root / "train"):  # "train" may itself be a class, full of trains
        return root, None
    test = next((root / name for name in TEST_NAMES if _class_folders(root / name)), None)
    return root / "train", test


def _class_folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith((".", "__")))


def _images(root: Path) -> list[tuple[str, Path]]:
    """(class name, file) of every image below the class folders, in a fixed order."""
    return [
        (folder.name, file)
        for folder in _class_folders(root)
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
    ]


def _read(
    key: str,
    root: Path,
    train: list[tuple[str, Path]],
    test: list[tuple[str, Path]],
    room: Room,
    size: int | None,
) -> Dataset:
    images = train + test
    called = [f"{name}/{file.name}" for name, file in images]
    decoded = decode([file for _, file in images], called, room, size)
    labels = [images[i][0] for i in decoded.kept]
    n_train = int(np.searchsorted(decoded.kept, len(train))) if test else None
    empty = {f.name for f in _class_folders(root)} - {name for name, _ in train}
    notes = list(decoded.notes)
    if empty:
        notes.append(f"{len(empty)} sub-folders without images: {', '.join(sorted(empty)[:10])}")
    return assemble(key, decoded.x, labels, n_train, notes=notes)


SOURCES = (
    Source(
        key="folder",
        title="Image folder",
        help="A folder with one sub-folder of images per class, optionally below train/ and test/.",
        load=load,
        needs_path=True,
        sizes=True,
    ),
)
