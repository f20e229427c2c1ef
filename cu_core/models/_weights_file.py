"""Reads a weights file that nobody vouches for. Nothing in it is ever executed.

Two containers: ``.safetensors`` and PyTorch's ``.pt``/``.pth``, the latter only with torch's
restricted unpickler (``weights_only=True``). Every way a file can be bad ends in a BadCheckpoint
sentence; the loaders raise a dozen unrelated exception types for it, hence ``except Exception``.
"""

import hashlib
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cu_core.errors import BadCheckpoint

HEADER_KEY = "lethe"  # of a safetensors file's metadata: what Lethe itself writes down
PICKLES = (".pt", ".pth")
MB = 2**20
SAVE_AS = (
    "Save the weights alone: `from safetensors.torch import save_file; "
    'save_file(model.state_dict(), "weights.safetensors")`.'
)
AGAIN = "Download or copy it again."


def read(path: Path, limit_mb: int, sha256: str | None = None) -> tuple[Any, str | None]:
    """The file's content and Lethe's own header (JSON) if it has one.

    ``.safetensors`` gives a dict of tensors; a pickle whatever was saved, on the CPU.
    """
    if not path.is_file():
        raise BadCheckpoint(f"There is no file {path}.")
    name, suffix = path.name, path.suffix.lower()
    if suffix not in (".safetensors", *PICKLES):
        raise BadCheckpoint(f"{name} is no weights file: its name must end in .safetensors or .pt.")
    size = path.stat().st_size
    if size > limit_mb * MB:
        raise BadCheckpoint(
            f"{name} has {size / MB:.0f} MB, and the limit is {limit_mb} MB. {SAVE_AS}"
        )
    with path.open("rb") as file:
        start = file.read(64)
    _refuse_other_content(name, start)
    if sha256:
        _check_sha256(path, sha256)
    return _read_safetensors(path, size) if suffix == ".safetensors" else (_read_pt(path), None)


def _check_sha256(path: Path, expected: str) -> None:
    """BadCheckpoint when the file's bytes are not those that were written."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise BadCheckpoint(
            f"{path.name} is damaged: its SHA-256 is {found[:12]}…, and {expected[:12]}… was "
            "recorded when it was written. Train the model again, or restore the file."
        )


def _refuse_other_content(name: str, start: bytes) -> None:
    if not start:
        raise BadCheckpoint(f"{name} is empty (0 bytes). {AGAIN}")
    if start.lstrip()[:1] == b"<":
        raise BadCheckpoint(
            f"{name} is a web page, not weights: the download gave an HTML or XML page. Download "
            "the file itself."
        )
    if start.startswith(b"version https://git-lfs"):
        raise BadCheckpoint(
            f"{name} is a Git LFS pointer, not the weights. Run `git lfs pull` and use the file "
            "it brings."
        )


def _read_safetensors(path: Path, size: int) -> tuple[dict[str, Tensor], str | None]:
    from safetensors import safe_open

    _check_safetensors_header(path, size)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, metadata.get(HEADER_KEY)
    except Exception as error:
        raise BadCheckpoint(
            f"{path.name} is no intact safetensors file ({_short(error)}). {AGAIN}"
        ) from None


def _check_safetensors_header(path: Path, size: int) -> None:
    """The 8-byte length of the JSON header, then the header: where most damage shows."""
    with path.open("rb") as file:
        start = file.read(8)
    length = int.from_bytes(start, "little")
    if start[:2] in (b"PK", b"\x80\x02"):
        raise BadCheckpoint(f"{path.name} is a PyTorch file. Rename it to end in .pt.")
    if size < 8 or 8 + length > size:
        raise BadCheckpoint(
            f"{path.name} is cut short or no safetensors file: its header should have {length:,} "
            f"bytes, and the file has {size:,} in all. {AGAIN}"
        )


def _read_pt(path: Path) -> Any:
    name = path.name
    with path.open("rb") as file:
        start = file.read(2)
    if start == b"PK":
        _check_zip(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sparse tensors, which are refused later
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BadCheckpoint(_why_not_loaded(name, start, str(error))) from None


def _check_zip(path: Path) -> None:
    """torch stores its records uncompressed; a compressed archive can unfold to any size."""
    try:
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadCheckpoint(
            f"{path.name} is cut short: its table of contents is missing. {AGAIN}"
        ) from None
    if any(record.filename.endswith("/constants.pkl") for record in records):
        raise BadCheckpoint(
            f"{path.name} is a TorchScript program, and Lethe runs no program from a file. "
            f"{SAVE_AS}"
        )
    unfolded = sum(record.file_size for record in records)
    if unfolded > path.stat().st_size:
        raise BadCheckpoint(
            f"{path.name} was not written by torch.save: it is a compressed archive that unfolds "
            f"to {unfolded / MB:.0f} MB. {SAVE_AS}"
        )


def _why_not_loaded(name: str, start: bytes, error: str) -> str:
    named = re.search(r"GLOBAL ([\w.]+)", error)
    if named:
        return (
            f"{name} holds a Python object ({named[1]}) and not weights alone. Loading it would "
            f"run code from the file, which Lethe never does. {SAVE_AS}"
        )
    if start.startswith(b"\x80") and "EOF" not in error:
        return (
            f"{name} is a Python pickle, and not one of tensors alone. Loading it could run code "
            f"from the file, which Lethe never does. {SAVE_AS}"
        )
    if start == b"PK" or start.startswith(b"\x80"):
        return f"{name} is cut short or damaged ({_first_sentence(error)}). {AGAIN}"
    return f"{name} is no PyTorch weights file: its first bytes are {start!r}. {AGAIN}"


def _first_sentence(error: str) -> str:
    return " ".join(error.split()).split(". ")[0][:160]


def _short(error: Exception) -> str:
    return _first_sentence(str(error)) or type(error).__name__
