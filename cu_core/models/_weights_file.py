"""Reads a weights file that nobody vouches for. Nothing in it is ever executed.

What a file is, its first bytes say, and never its name. Safetensors, what ``torch.save`` and
``pickle.dump`` write, and ``numpy.savez`` with names are read; every other kind is refused in a
BadCheckpoint sentence that names it. The loaders of libraries raise a dozen unrelated exception
types for a damaged file, hence ``except Exception``.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from cu_core.data import memory
from cu_core.errors import BadCheckpoint
from cu_core.files import refuse_bomb
from cu_core.inert import Unreadable
from cu_core.models import _torch_file

HEADER_KEY = "lethe"  # of a safetensors file's metadata: what Lethe itself writes down
STEMS = ("model", "pytorch_model")  # of what timm and transformers write, and these lie beside it
BESIDE = ("config.json", "preprocessor_config.json")
MB = 2**20
START = 512  # bytes that tell a kind of file
SAVE_AS = (
    "Save the weights alone: `from safetensors.torch import save_file; "
    'save_file(model.state_dict(), "weights.safetensors")`.'
)
AGAIN = "Download or copy it again."
CONVERT = "Lethe reads PyTorch and safetensors weights: load it in PyTorch and save them there."
UNPACK = "Unpack it and import the file inside."
KINDS = (  # the first bytes, what such a file is, what would do
    (b"\x89HDF\r\n", "an HDF5 file, as Keras writes weights", CONVERT),
    (b"GGUF", "a GGUF file, of a language model as a rule", CONVERT),
    (b"\x93NUMPY", "a single array of numpy without a name", SAVE_AS),
    (b"PAR1", "a Parquet table, and no weights", "Import it as data: parquet:FILE."),
    (b"\x89PNG", "a PNG picture, and no weights", "Choose the weights file."),
    (b"\xff\xd8\xff", "a JPEG picture, and no weights", "Choose the weights file."),
    (b"%PDF", "a PDF document, and no weights", "Choose the weights file."),
    (b"\x1f\x8b", "compressed by gzip", UNPACK),
    (b"BZh", "compressed by bzip2", UNPACK),
    (b"\xfd7zXZ", "compressed by xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"model_checkpoint_path", "the index of a TensorFlow checkpoint", CONVERT),
)
MESSAGEPACK = tuple(bytes([code]) for code in (*range(0x81, 0x90), 0xDE, 0xDF))
PICKLES = (b"\x80", b"(", b"]", b"}", b"c")  # as protocols 2 to 5, and 0 and 1, begin


def read(path: Path, name: str, sha256: str | None = None) -> tuple[Any, str | None]:
    """What was saved, on the CPU, and Lethe's own header (JSON) if it has one.

    ``name``: what the file is called in sentences. Objects that are no weights are ``Inert``.
    """
    if not path.is_file():
        raise BadCheckpoint(f"There is no file {name}.")
    size = path.stat().st_size
    if size > memory.free():
        raise BadCheckpoint(
            f"{name} has {size / MB:,.0f} MB, which is more than the memory that is free. "
            f"Close other programs, or leave out what is no weights. {SAVE_AS}"
        )
    with path.open("rb") as file:
        start = file.read(START)
    _refuse_other_content(name, start)
    if sha256:
        _check_sha256(path, name, sha256)
    pickled = start.startswith((_torch_file.ZIP, _torch_file.PICKLE)) and start[8:9] != b"{"
    if start[8:9] == b"{" or (path.suffix == ".safetensors" and not pickled):
        return _read_safetensors(path, name, size)
    if start[:2] == _torch_file.ZIP:
        return _read_zip(path, name), None
    return _read_pickle(path, name, start), None


def configuration_beside(path: Path) -> tuple[dict[str, Any], list[str]]:
    """(name -> what timm and transformers write beside a file of their own: the normalisation of
    its input, its classes; the names of those that cannot be read)."""
    found, damaged = {}, []
    for name in BESIDE if path.stem in STEMS else ():
        file = path.with_name(name)
        if not file.is_file() or file.stat().st_size > MB:
            continue
        try:
            found[name] = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            damaged.append(name)
    return found, damaged


def _check_sha256(path: Path, name: str, expected: str) -> None:
    """BadCheckpoint when the file's bytes are not those that were written."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise BadCheckpoint(
            f"{name} is damaged: its SHA-256 is {found[:12]}…, and {expected[:12]}… was "
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
    for begins, kind, advice in KINDS:
        if start.startswith(begins):
            raise BadCheckpoint(f"{name} is {kind}. {advice}")
    if start[257:262] == b"ustar":
        raise BadCheckpoint(f"{name} is a tar archive. {UNPACK}")
    if start[4:8] == b"TFL3":
        raise BadCheckpoint(f"{name} is a TensorFlow Lite model. {CONVERT}")
    if start[:1] == b"\x08" and start[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a"):
        raise BadCheckpoint(f"{name} is an ONNX or TensorFlow graph. {CONVERT}")
    if start.startswith(MESSAGEPACK) and start[8:9] != b"{":
        raise BadCheckpoint(f"{name} is a MessagePack file, as Flax writes weights. {CONVERT}")
    if _is_json(start):
        raise BadCheckpoint(
            f"{name} is a JSON text, and no weights. Choose the weights file that lies beside it; "
            "weights in several parts are put together by their library and saved as one file."
        )


def _is_json(start: bytes) -> bool:
    return start.lstrip()[:1] == b"{" and start.lstrip()[1:].lstrip()[:1] == b'"'


def _read_safetensors(path: Path, name: str, size: int) -> tuple[dict[str, Tensor], str | None]:
    from safetensors import safe_open

    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")  # of the JSON header
    if size < 8 or 8 + length > size:
        raise BadCheckpoint(
            f"{name} is cut short or no safetensors file: its header should have {length:,} "
            f"bytes, and the file has {size:,} in all. {AGAIN}"
        )
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            return {key: file.get_tensor(key) for key in file.keys()}, metadata.get(HEADER_KEY)  # noqa: SIM118
    except Exception as error:
        raise BadCheckpoint(
            f"{name} is no intact safetensors file ({_short(error)}). {AGAIN}"
        ) from None


def _read_zip(path: Path, name: str) -> Any:
    """PyTorch's archive, or numpy's; any other is named."""
    try:
        records = _torch_file.records(path)
        names = [record.filename for record in records]
        last = {entry.rpartition("/")[2] for entry in names}
        if "constants.pkl" in last:
            raise BadCheckpoint(
                f"{name} is a TorchScript program, and Lethe runs no program from a file. {SAVE_AS}"
            )
        unfolded = sum(record.file_size for record in records)
        if _torch_file.RECORD in last:
            if unfolded > path.stat().st_size:
                raise BadCheckpoint(
                    f"{name} was not written by torch.save: it is a compressed archive that "
                    f"unfolds to {unfolded / MB:.0f} MB. {SAVE_AS}"
                )
            return _torch_file.load(path)
    except Unreadable as error:
        raise BadCheckpoint(f"{name} is cut short or damaged: {error}. {AGAIN}") from None
    if names and all(entry.endswith(".npy") for entry in names):
        return _read_npz(path, name, unfolded)
    if "config.json" in last and "model.weights.h5" in last:
        raise BadCheckpoint(f"{name} is a Keras model. {CONVERT}")
    inside = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    raise BadCheckpoint(f"{name} is a zip archive that holds {inside or 'nothing'}. {UNPACK}")


def _read_npz(path: Path, name: str, unfolded: int) -> dict[str, Any]:
    refuse_bomb(name, path.stat().st_size, unfolded, BadCheckpoint)
    if unfolded > memory.free():
        raise BadCheckpoint(
            f"{name} unfolds to {unfolded / MB:,.0f} MB, which is more than the memory "
            f"that is free. {SAVE_AS}"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    except Exception as error:
        raise BadCheckpoint(f"{name} is no intact npz file ({_short(error)}). {AGAIN}") from None
    if all(key.startswith("arr_") and key[4:].isdigit() for key in found):
        raise BadCheckpoint(
            f"{name} holds {len(found)} arrays without names ({', '.join(list(found)[:3])}), and "
            'Lethe goes by names, never by order. Save them with names: `np.savez("weights.npz", '
            "**{k: v.numpy() for k, v in model.state_dict().items()})`."
        )
    return found


def _read_pickle(path: Path, name: str, start: bytes) -> Any:
    try:
        return _torch_file.load(path)
    except Unreadable as error:
        if not start.startswith(PICKLES):
            raise BadCheckpoint(
                f"{name} is no weights file that Lethe can read: its first bytes are "
                f"{start[:16]!r}. {AGAIN}"
            ) from None
        raise BadCheckpoint(f"{name} is cut short or damaged: {error}. {AGAIN}") from None


def _short(error: Exception) -> str:
    """The first sentence of another library, without its advice to load what may run code."""
    sentence = " ".join(str(error).split()).split(". ")[0][:160]
    return type(error).__name__ if "allow_pickle" in sentence or not sentence else sentence
