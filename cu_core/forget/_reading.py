"""A file -> what it lists. The content says what it is, not the end of its name."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.forget import _json, _text
from cu_core.forget._table import Column, Table, norm, tabled
from cu_core.forget._words import KNOWN, SETS

LIMIT = 1 << 28  # bytes of a list; a mask over ten million samples has a tenth of it
VALUE_BYTES = 8  # at most, of a number as it is read
LAST = 0x10FFFF  # of Unicode
UNPICKLED = (
    "it holds pickled Python objects, which Lethe never loads; save the rows as plain numbers, "
    "with numpy.save or one a line"
)
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
FAULTS = (
    OSError,
    ValueError,
    EOFError,
    RecursionError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def tables(path: Path, wanted: str) -> list[Table]:
    """What a file may list, the likeliest first. ``wanted``: the column or list that is meant.

    One of FAULTS, with the rest of a sentence, for what holds none.
    """
    if path.stat().st_size > LIMIT:
        raise ValueError(f"it has {path.stat().st_size:,} bytes, too many for a list of samples")
    return _tables(path.read_bytes(), path.suffix.lower(), wanted)


def _tables(data: bytes, ending: str, wanted: str) -> list[Table]:
    if data.startswith(b"\x93NUMPY"):
        return [_array(data, wanted)]
    if data.startswith(b"PK\x03\x04"):
        return [_zipped(data, wanted)]
    if data.startswith(b"\x1f\x8b"):
        with gzip.open(io.BytesIO(data)) as packed:
            inside = packed.read(LIMIT + 1)
        if len(inside) > LIMIT:
            raise ValueError("it unpacks to more than a list of samples can have")
        return _tables(inside, "", wanted)
    if data.startswith((b"PAR1", b"ARROW1")):
        return [_arrow(data)]
    if data.startswith(PICKLES) or (ending in (".pkl", ".pickle") and data.endswith(b".")):
        raise ValueError(UNPICKLED)
    text = _text.decoded(data)
    if text.lstrip().startswith(("[", "{", "(", "array(", "tensor(", "np.array(")):
        return _json.tables(text, wanted)
    return _text.tables(text)


def _array(data: bytes, wanted: str) -> Table:
    return _of_array("", _loaded(io.BytesIO(data)), wanted)


def _loaded(file: Any) -> Any:
    try:
        return np.load(file, allow_pickle=False)
    except Exception as error:  # whatever numpy finds in a damaged header
        raise _refused(error) from None


def _refused(error: Exception) -> ValueError:
    why = " ".join(str(error).split())[:80]
    return ValueError(UNPICKLED if "allow_pickle" in why else f"it is damaged: {why}")


def _of_array(name: str, values: NDArray[Any], wanted: str) -> Table:
    """A list of one row or one column, or a table of named fields."""
    if values.dtype.names:
        fields = {field: _cells(values[field].ravel()) for field in values.dtype.names}
        return _json.of_sets(fields, wanted, "element")
    if values.ndim == 0 or max(values.shape, default=0) != values.size:
        raise ValueError(
            f"its array has the shape {values.shape}; it must hold one row of whole numbers, or "
            "of true and false"
        )
    cells = _cells(values.ravel())
    return Table((Column(name, tuple(cells)),), tuple(range(len(cells))), "element")


def _cells(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind not in "biufUS":
        raise ValueError(f"its array holds {values.dtype}; it must hold one row of whole numbers")
    code = np.dtype(np.uint32).newbyteorder(values.dtype.byteorder)
    if values.dtype.kind == "U" and np.ascontiguousarray(values).view(code).max(initial=0) > LAST:
        raise ValueError("its array is damaged: it holds texts of no letters")
    if values.dtype.kind == "S":
        return [cell.decode("utf-8", "replace") for cell in values.tolist()]
    return list(values.tolist())


def _zipped(data: bytes, wanted: str) -> Table:
    """A .npz, or a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as members:
        names = members.namelist()
        sizes = sum(member.file_size for member in members.infolist())
    if sizes > LIMIT:
        raise ValueError("it unpacks to more than a list of samples can have")
    if any(name.endswith("workbook.xml") for name in names):
        return _workbook(data)
    if any(name.endswith("data.pkl") for name in names):
        raise ValueError(UNPICKLED)
    if not all(name.endswith(".npy") for name in names):
        raise ValueError(f"it is an archive of {', '.join(names[:3])}; unpack it first")
    with _loaded(io.BytesIO(data)) as stored:
        try:
            arrays = {name: stored[name] for name in stored.files}
        except Exception as error:  # the same, and of what packs it
            raise _refused(error) from None
    if len(arrays) == 1:
        (name,) = arrays
        return _of_array("" if name == "arr_0" else name, arrays[name], wanted)
    flat = {n: _cells(a.ravel()) for n, a in arrays.items() if a.ndim and a.dtype.kind in "biufUS"}
    return _json.of_sets(flat, wanted, "element")


def _workbook(data: bytes) -> Table:
    """The one sheet that holds something; its values, nothing computed."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {
            s.title: [list(r) for r in s.iter_rows(values_only=True)] for s in book.worksheets
        }
    except Exception as error:  # whatever it finds in a damaged file
        raise ValueError(f"its workbook is damaged ({type(error).__name__})") from None
    full = {title: rows for title, rows in sheets.items() if any(any(r) or 0 in r for r in rows)}
    named = [title for title in full if norm(title) in SETS]
    if len(full) > 1 and len(named) != 1:
        raise ValueError(f"it has the sheets {', '.join(full)}; keep the one that lists samples")
    rows = full.get(named[0] if named else next(iter(full), ""), [])
    at = [i for i, row in enumerate(rows, start=1) if any(cell is not None for cell in row)]
    return tabled([rows[i - 1] for i in at], at, "row", KNOWN)


def _arrow(data: bytes) -> Table:
    """The plain columns of a Parquet or Feather file."""
    import pyarrow as pa

    try:
        whole = _unpacked(pa.BufferReader(data), data[:4] == b"PAR1")
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"it is damaged: {str(error).splitlines()[0]}") from None
    columns = tuple(
        Column("" if name.startswith("__index_level_") else name, tuple(whole[name].to_pylist()))
        for name in whole.column_names
        if not pa.types.is_nested(whole.schema.field(name).type)
        and not pa.types.is_binary(whole.schema.field(name).type)
    )
    if not columns:
        raise ValueError("it has no column of numbers or names")
    return Table(columns, tuple(range(len(columns[0].cells))), "row")


def _unpacked(file: Any, is_parquet: bool) -> Any:
    """All of a table. ValueError for more values than a list can have: a column of a single value
    takes no room in the file."""
    from pyarrow import ipc, parquet

    table: Any = parquet.ParquetFile(file) if is_parquet else ipc.open_file(file)
    rows = table.metadata.num_rows if is_parquet else table.count_rows()
    names = (table.schema_arrow if is_parquet else table.schema).names
    if VALUE_BYTES * rows * len(names) > LIMIT:
        raise ValueError("it unpacks to more than a list of samples can have")
    return table.read() if is_parquet else table.read_all()
