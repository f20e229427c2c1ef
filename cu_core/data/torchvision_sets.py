"""The usual image sets, downloaded on request into ``<home>/data/<key>`` and read by torchvision.

``load`` never downloads. A set counts as downloaded once the marker file is written, which happens
last: after every archive had its published MD5 and both parts were unpacked and read.
"""

import hashlib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from cu_core.data.assemble import assemble
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset, OnProgress

MARKER = "complete"
CHUNK = 1 << 18
TIMEOUT_S = 30


@dataclass(frozen=True)
class _Set:
    """A torchvision class and how it names its two parts."""

    key: str
    title: str
    help: str
    torchvision: str
    parts: tuple[dict[str, Any], dict[str, Any]]


_BY_FLAG: tuple[dict[str, Any], dict[str, Any]] = ({"train": True}, {"train": False})
_BY_NAME: tuple[dict[str, Any], dict[str, Any]] = ({"split": "train"}, {"split": "test"})

_SETS = (
    _Set("cifar10", "CIFAR-10", "60,000 photos, 10 classes; 170 MB", "CIFAR10", _BY_FLAG),
    _Set("cifar100", "CIFAR-100", "60,000 photos, 100 classes; 169 MB", "CIFAR100", _BY_FLAG),
    _Set("svhn", "SVHN", "99,289 house-number digits in colour; 246 MB", "SVHN", _BY_NAME),
    _Set("mnist", "MNIST", "70,000 handwritten digits; 12 MB", "MNIST", _BY_FLAG),
    _Set(
        "fashion-mnist", "Fashion-MNIST", "70,000 gray clothes, 10 classes; 31 MB",
        "FashionMNIST", _BY_FLAG,
    ),
    _Set("stl10", "STL-10", "13,000 photos of 96 x 96, 10 classes; 2.6 GB", "STL10", _BY_NAME),
)  # fmt: skip


def _downloaded(it: _Set, home: Path) -> bool:
    return (home / "data" / it.key / MARKER).is_file()


def _load(it: _Set, argument: str, home: Path | None) -> Dataset:
    if home is None or not _downloaded(it, home):
        raise BadData(
            f"{it.title} is not on this machine yet. Download it on the Models & data page, "
            f"or run: python -m cu_core fetch {it.key}"
        )
    try:
        train, test = _open(it, home / "data" / it.key)
    except (RuntimeError, OSError, ValueError, EOFError) as error:
        raise BadData(
            f"{it.title} in {str(home / 'data' / it.key)!r} is damaged ({error}). Delete that "
            f"folder and run: python -m cu_core fetch {it.key}"
        ) from None
    x = np.concatenate([_pixels(train), _pixels(test)])  # (N, C, H, W)
    labels = np.concatenate([_labels(train), _labels(test)])
    return assemble(it.key, x, labels, len(train), [_short(name) for name in _class_names(train)])


def _torchvision_class(it: _Set) -> Any:
    from torchvision import datasets

    return getattr(datasets, it.torchvision)


def _open(it: _Set, root: Path, download: bool = False) -> tuple[Any, Any]:
    kind = _torchvision_class(it)
    train, test = (kind(root, download=download, **part) for part in it.parts)
    return train, test


def _pixels(part: Any) -> Any:
    """uint8 (N, C, H, W) of what torchvision holds as (N, H, W), (N, H, W, 3) or (N, 3, H, W)."""
    data = np.asarray(part.data)
    if data.ndim == 3:
        return data[:, None]
    return data.transpose(0, 3, 1, 2) if data.shape[3] == 3 else data


def _labels(part: Any) -> Any:
    return np.asarray(part.targets if hasattr(part, "targets") else part.labels).astype(np.int64)


def _class_names(part: Any) -> list[str]:
    return list(part.classes) if hasattr(part, "classes") else [str(digit) for digit in range(10)]


def _short(name: str) -> str:
    """ "5 - five" -> "5", as torchvision calls the classes of MNIST."""
    number, _, word = name.partition(" - ")
    return number if word and number.isdecimal() else name


def _fetch(it: _Set, home: Path, progress: OnProgress) -> None:
    """Download, check, unpack, mark. ``progress`` counts bytes; what it raises stops the work."""
    root = home / "data" / it.key
    for urls, path, md5 in _archives(it, root):
        _download(urls, path, md5, partial(progress, f"downloading {it.title}"))
    progress(f"unpacking {it.title}", 0, 1, {})
    try:
        _open(it, root, download=True)  # finds the archives in place and only unpacks them
    except (RuntimeError, OSError, ValueError, EOFError) as error:
        raise BadData(f"{it.title} could not be unpacked in {str(root)!r}: {error}") from None
    (root / MARKER).write_text(f"{it.title}\n")
    progress(f"unpacking {it.title}", 1, 1, {})


def _archives(it: _Set, root: Path) -> list[tuple[list[str], Path, str]]:
    """(addresses to try, where torchvision looks for it, MD5) of every archive of a set."""
    kind = _torchvision_class(it)
    if hasattr(kind, "mirrors"):
        raw = root / it.torchvision / "raw"
        return [([m + name for m in kind.mirrors], raw / name, md5) for name, md5 in kind.resources]
    if hasattr(kind, "split_list"):
        chosen = [kind.split_list[part["split"]] for part in it.parts]
        return [([url], root / name, md5) for url, name, md5 in chosen]
    return [([kind.url], root / kind.filename, kind.tgz_md5)]


def _download(
    urls: list[str], path: Path, md5: str, progress: Callable[[int, int, dict[str, float]], None]
) -> None:
    """One archive from the first address that gives it whole; one already in place is kept."""
    if path.is_file() and _md5(path) == md5:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            _copy(url, part, progress)
        except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
            reasons.append(f"{url}: {error}")
            continue
        if _md5(part) == md5:
            part.replace(path)
            return
        reasons.append(f"{url}: what came is not the published file (its MD5 differs)")
    part.unlink(missing_ok=True)
    raise BadData(
        f"The download failed. {'; '.join(reasons)}. Check the connection and try again, or load "
        "a copy you have with folder:, parquet: or npz:."
    )


def _copy(url: str, part: Path, progress: Callable[[int, int, dict[str, float]], None]) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "lethe"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response, part.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)
        done = 0
        while chunk := response.read(CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress(done, max(total, done), {})


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


SOURCES = tuple(
    Source(
        key=it.key,
        title=it.title,
        help=it.help,
        load=partial(_load, it),
        downloaded=partial(_downloaded, it),
        fetch=partial(_fetch, it),
    )
    for it in _SETS
)
