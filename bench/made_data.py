"""Files of made images, such as CIFAR-10's, that measurements read."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

AT_ONCE = 2000


def noise(n: int, classes: int) -> tuple[Any, Any]:
    """uint8 (N, 3, 32, 32) around a pattern for each class, which a network can learn; labels."""
    rng, y = np.random.default_rng(0), np.arange(n) % classes
    pattern = rng.integers(60, 196, (classes, 3, 32, 32), dtype=np.int16)
    x = rng.integers(-60, 60, (n, 3, 32, 32), dtype=np.int16) + pattern[y]
    return x.astype(np.uint8), y


def npz(path: Path, n: int, n_test: int, classes: int = 10) -> str:
    """The key of so many training and test images."""
    x, y = noise(n + n_test, classes)
    np.savez(path, train_x=x[:n], train_y=y[:n], test_x=x[n:], test_y=y[n:])
    return f"npz:{path}"


def parquet(folder: Path, n: int, cifar: str | None) -> str:
    """``n`` training images and a fifth of that to test: CIFAR-10's first, or made ones."""
    folder.mkdir(parents=True)
    for part, size in (("train", n), ("test", max(n // 5, 40))):
        if cifar:
            root = Path(cifar)
            (file,) = [*root.glob(f"{part}-*.parquet"), *root.glob(f"data/{part}-*.parquet")]
            table = pq.read_table(file).slice(0, size)
        else:
            x, y = noise(size, 10)
            table = pa.table(
                {"img": [{"bytes": _jpeg(one), "path": None} for one in x], "label": y}
            )
        pq.write_table(table, folder / f"{part}-0.parquet", row_group_size=1000)
    return f"parquet:{folder}"


def _jpeg(image: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def images(file: Path, n: int, side: int) -> None:
    """``n`` images of noise (N, 3, S, S) as .npy, of which no part is a hole in the file."""
    some = np.random.default_rng(0).integers(0, 256, (AT_ONCE, 3, side, side), dtype=np.uint8)
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
