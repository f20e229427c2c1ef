"""What ``torch.save`` or ``pickle.dump`` wrote, read without running any of it.

Three formats: the zip archive since PyTorch 1.6, the stream of pickles before it, and a plain
pickle of tensors. Tensors are views of the file, which the system reads where they are used.
"""

import io
import math
import mmap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cu_core import inert
from cu_core.inert import Inert, Unreadable

MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of the stream format
ZIP, PICKLE = b"PK", b"\x80"
RECORD = "data.pkl"
LOCAL_HEADER = 30  # bytes of a zip's record before its name
LEVELS = 2  # of torch files as bytes inside torch files
DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
    "UntypedStorage.type": torch.uint8,
}

Storages = Callable[[torch.dtype, str, int], Tensor]  # type, key, elements -> (elements,)


def load(path: Path) -> Any:
    """What was saved, on the CPU; objects that are no weights are ``Inert``.

    Unreadable says what is wrong with the bytes.
    """
    with path.open("rb") as file:
        return _of(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), LEVELS)


def records(path: Path) -> list[zipfile.ZipInfo]:
    """The table of contents of a zip archive. Unreadable if it has none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise Unreadable("its table of contents is missing") from None


def _of(data: Any, levels: int) -> Any:
    """``data``: the whole file, an mmap or a writable buffer."""
    if bytes(data[:2]) == ZIP:
        return _of_zip(data, levels)
    stream = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
    first = inert.load(stream, _makers(levels))
    return first if first != MAGIC else _of_stream(data, stream, levels)


def _of_zip(data: Any, levels: int) -> Any:
    source: Any = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
    with zipfile.ZipFile(source) as archive:
        table = {info.filename: info for info in archive.infolist()}
    pickled = next(name for name in table if name.rpartition("/")[2] == RECORD)
    root = pickled.removesuffix(RECORD)
    if _bytes(data, table.get(f"{root}byteorder")) == b"big":
        raise Unreadable("it was written on a machine with the other order of bytes")

    def storage(dtype: torch.dtype, key: str, elements: int) -> Tensor:
        info = table.get(f"{root}data/{key}")
        if info is None:
            raise Unreadable(f"the record data/{key[:40]} is missing")
        return _flat(data, dtype, _start(data, info), elements, info.file_size)

    content = io.BytesIO(_bytes(data, table[pickled]))
    return inert.load(content, _makers(levels), _persistent(storage))


def _start(data: Any, info: zipfile.ZipInfo) -> int:
    """Where a record's bytes begin: behind a header of its own, as long as it says."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise Unreadable("its records are compressed")
    at = info.header_offset
    header = bytes(data[at : at + LOCAL_HEADER])
    if len(header) < LOCAL_HEADER or header[:2] != ZIP:
        raise Unreadable(f"the record {info.filename[:40]} is not where it should be")
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return at + LOCAL_HEADER + lengths


def _bytes(data: Any, info: zipfile.ZipInfo | None) -> bytes:
    if info is None:
        return b""
    start = _start(data, info)
    return bytes(data[start : start + info.file_size])


def _of_stream(data: Any, stream: Any, levels: int) -> Any:
    """Behind the magic number: version, system, the object, the keys of its storages, and these.

    The object is read twice: where a storage lies is known only when all types are.
    """
    inert.load(stream), inert.load(stream)
    begin = stream.tell()
    types: dict[str, torch.dtype] = {}

    def noted(dtype: torch.dtype, key: str, _: int) -> Tensor:
        types.setdefault(key, dtype)
        return torch.empty(0, dtype=dtype)

    inert.load(stream, {}, _persistent(noted))
    places: dict[str, tuple[int, int]] = {}
    keys = inert.load(stream)
    at = stream.tell()
    for key in keys if isinstance(keys, list) else ():
        elements = int.from_bytes(data[at : at + 8], "little")
        size = elements * types.get(str(key), torch.uint8).itemsize
        places[str(key)] = at + 8, size
        at += 8 + size

    def storage(dtype: torch.dtype, key: str, elements: int) -> Tensor:
        if key not in places:
            raise Unreadable(f"the storage {key[:40]} is missing")
        return _flat(data, dtype, places[key][0], elements, places[key][1])

    stream.seek(begin)
    return inert.load(stream, _makers(levels), _persistent(storage))


def _flat(data: Any, dtype: torch.dtype, start: int, elements: int, size: int) -> Tensor:
    """A storage as (elements,), upon the file's bytes."""
    if elements == 0:
        return torch.empty(0, dtype=dtype)
    end = start + elements * dtype.itemsize
    if elements < 0 or end > start + size or end > len(data):
        raise Unreadable("it ends in the middle")
    return torch.frombuffer(data, dtype=dtype, count=elements, offset=start)


def _persistent(storage: Storages) -> Callable[[Any], Any]:
    def found(key: Any) -> Any:
        if isinstance(key, tuple) and key[:1] == ("module",) and len(key) > 1:
            return key[1]  # a class beside its source text
        if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage":
            raise Unreadable("a persistent id that is none of PyTorch's")
        kind, name, _, elements, *view = key[1:]
        dtype = DTYPES.get(kind.qualname) if isinstance(kind, Inert) else None
        if dtype is None or not isinstance(elements, int):
            raise Unreadable(f"a storage of an unknown type {kind}")
        whole = storage(dtype, str(name), elements)
        if not view or view[0] is None or not len(whole):
            return whole
        _, offset, n = view[0]  # of a part of it, as PyTorch before 0.4 wrote
        return whole[offset : offset + n]

    return found


def _makers(levels: int) -> dict[str, inert.Maker]:
    return {
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch._utils._rebuild_tensor_v3": _tensor,
        "torch._utils._rebuild_parameter": _parameter,
        "torch._utils._rebuild_parameter_with_state": _parameter,
        "torch.nn.parameter.Parameter": _parameter,
        "torch._tensor._rebuild_from_type_v2": _subclass,
        "torch.storage._load_from_bytes": lambda record: _nested(record, levels),
        "torch.Size": lambda record: tuple(record.args[0]) if record.args else (),
    }


def _tensor(record: Inert) -> Any:
    """(storage, offset, size, stride, ...); in the third version the type is the seventh."""
    args = record.args or ()
    if len(args) < 4 or not isinstance(args[0], Tensor):
        raise Unreadable("a tensor without a storage")
    flat, offset, size, stride = args[:4]
    if not all(isinstance(n, int) and n >= 0 for n in (offset, *size, *stride)):
        raise Unreadable("a tensor whose size is no list of numbers")
    if record.qualname.endswith("_v3"):
        dtype = getattr(torch, args[6].qualname, None) if isinstance(args[6], Inert) else None
        if not isinstance(dtype, torch.dtype):
            raise Unreadable("a tensor of an unknown type")
        flat = flat.view(dtype)
    if math.prod(size) and not len(flat):
        raise Unreadable("a tensor of an empty storage")
    try:
        return flat.as_strided(size, stride, offset) if len(flat) else flat.reshape(size)
    except RuntimeError:
        raise Unreadable("a tensor that is larger than its storage") from None


def _parameter(record: Inert) -> Any:
    args = record.args or ()
    return args[0] if args and isinstance(args[0], Tensor) else record


def _subclass(record: Inert) -> Any:
    """(function, class, its arguments, state): what the function makes, whatever the class."""
    args = record.args or ()
    if len(args) < 3 or not isinstance(args[0], Inert) or not isinstance(args[2], tuple):
        return record
    make = _makers(0).get(args[0].name)
    inner = Inert(args[0].module, args[0].qualname, args[2])
    return make(inner) if make and make is not _subclass else record


def _nested(record: Inert, levels: int) -> Any:
    """The storage of a tensor that ``pickle.dump`` wrote: bytes that are a torch file again."""
    given = record.args[0] if record.args else b""
    if not isinstance(given, bytes | bytearray) or not levels:
        raise Unreadable("a storage that is no bytes")
    return _of(np.frombuffer(given, np.uint8).copy().data, levels - 1)
