"""The files that the scale bench reads: made here, without torch, in the process that starts it."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

AT_ONCE = 2000


def parquet(folder: Path, n: int, cifar: str | None) -> None:
    """``n`` training images and a fifth of that to test: CIFAR-10's first, or made ones."""
    folder.mkdir(parents=True)
    for part, size in (("train", n), ("test", max(n // 5, 40))):
        table = _cifar(Path(cifar), part, size) if cifar else _made(size)
        _written(folder / f"{part}-0.parquet", table)


def _cifar(root: Path, part: str, size: int) -> Any:
    import pyarrow.parquet as pq

    (file,) = [*root.glob(f"{part}-*.parquet"), *root.glob(f"data/{part}-*.parquet")]
    return pq.read_table(file).slice(0, size)


def _made(size: int) -> Any:
    import pyarrow as pa

    rng = np.random.default_rng(size)
    images = [_jpeg(rng, i % 10) for i in range(size)]
    rows = [{"bytes": image, "path": None} for image in images]
    return pa.table({"img": rows, "label": [i % 10 for i in range(size)]})


def _jpeg(rng: np.random.Generator, c: int) -> bytes:
    """32 x 32: blurred noise, brighter in a row of its class."""
    from PIL import Image

    coarse = rng.integers(0, 156, (8, 8, 3), dtype=np.uint8)
    coarse[c % 8, :, c % 3] += 99
    buffer = BytesIO()
    image = Image.fromarray(coarse).resize((32, 32), Image.Resampling.BILINEAR)
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _written(file: Path, table: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, file, row_group_size=1000)


def images(file: Path, n: int, side: int) -> None:
    """``n`` images of noise (N, 3, S, S) as .npy, of which no part is a hole in the file."""
    rng = np.random.default_rng(0)
    some = rng.integers(0, 256, (AT_ONCE, 3, side, side), dtype=np.uint8)
    out = np.lib.format.open_memmap(file, "w+", np.uint8, (n, 3, side, side))
    for start in range(0, n, AT_ONCE):
        part = out[start : start + AT_ONCE]
        part[:] = some[: len(part)]
    out.flush()


def forget_pages(file: Path) -> None:
    """Has the system drop its copy of a file, where it can: the next reading is from the disk."""
    if hasattr(os, "posix_fadvise"):
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
