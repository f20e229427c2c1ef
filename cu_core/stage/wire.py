"""The Stage's blob: a whole run, or the frames a page still lacks, as one run of bytes.

    u32 little-endian header length | UTF-8 JSON header | zeros to 8 bytes | sections

The header names each section's dtype, shape, offset and size; sections are little-endian and
start on 8 bytes, so the browser reads them in place. Positions travel as uint16 in a box that is
fixed for the run, with ONE scale for x and y: 4 bytes a point and frame, an error below 1/131070
of the box, and distances that keep their proportions. What the other views need is optional.
Standard library and numpy only.

Axis letters: T frames in this blob, P probe samples, K classes whose share is kept.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cu_core.stage.boxes import fixed_box, quantise, quantise_partial
from cu_core.stage.sections import exact_sections, share_sections, solid_sections

VERSION = 1

DEFAULTS: Mapping[str, Any] = {  # what a header says when ``meta`` does not
    "run": "",
    "title": "",
    "headline": None,  # the verdict in ten words, and whole, once a run has come to its end
    "verdict": None,
    "live": False,
    "state": "done",
    "total_steps": None,
    "classes": (),
    "forget_classes": (),
    "forget_size": None,  # of the whole forget set, of which the samples here may be a part
    "scale": None,  # of the reference layout, layout units; a frame's noise floor is in it
    "quality": (),
    "events": (),
    "ghost": None,
    "solid": None,
    "exact": None,
    "overview": False,  # a few frames from all over the run: ask for the whole
    "names": None,  # with the first frame: what the samples' owner calls them, see ``sections``
    "opens": None,  # how it opens, all optional: view (a kind, or "both"), colour, ghost (a bool),
    # only (class ids), highlight (a key of js/highlight.js), frame (paused there), loop (a bool),
    # captions ([{"step", "text"}]), notes (the same, for who presents), what ``Moment.opens`` says,
    # link (what an address said, as text: it comes before where a tab left the run), address (of
    # the run in the app, from a page of it)
}

Array = NDArray[Any]
Atlas = tuple[bytes, str, int, int]  # picture file, its MIME type, tile side in pixels, columns

_DTYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "f32": "<f4"}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}


def pack(header: Mapping[str, Any], sections: Mapping[str, ArrayLike]) -> bytes:
    """One blob from a JSON-ready header and named arrays (uint8, uint16, uint32 or float32).

    ``v`` and ``sections`` of the header are filled in here; NaN and infinity become null, numpy
    scalars plain numbers. ValueError names a section of another type.
    """
    entries, body, offset = [], [], 0
    for name, values in sections.items():
        array = np.ascontiguousarray(values)
        dtype = _NAMES.get(array.dtype)
        if dtype is None:
            kinds = ", ".join(str(kind) for kind in _NAMES)
            raise ValueError(f"Section {name!r} is {array.dtype}; convert it to one of {kinds}.")
        raw = array.tobytes()
        entry = {"name": name, "dtype": dtype, "shape": list(array.shape)}
        entries.append({**entry, "offset": offset, "bytes": len(raw)})
        body.append(raw + b"\0" * (-len(raw) % 8))
        offset += len(body[-1])
    full = {**_plain(dict(header)), "v": VERSION, "sections": entries}
    head = json.dumps(full, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return b"".join((struct.pack("<I", len(head)), head, b"\0" * (-(4 + len(head)) % 8), *body))


def unpack(blob: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and read-only arrays of a blob; arrays share the blob's memory.

    ValueError says what is wrong with bytes that are not a whole blob of this version.
    """
    if len(blob) < 4:
        raise ValueError(f"A Stage blob has at least 4 bytes; this one has {len(blob)}.")
    (size,) = struct.unpack_from("<I", blob)
    start = 4 + size + -(4 + size) % 8
    if start > len(blob):
        raise ValueError(f"The blob ends inside its header ({len(blob)} of {start} bytes).")
    try:
        header = json.loads(blob[4 : 4 + size].decode())
    except ValueError as error:
        raise ValueError(f"The blob's header is not JSON ({error}); it is no Stage blob.") from None
    if not isinstance(header, dict) or header.get("v") != VERSION:
        found = header.get("v") if isinstance(header, dict) else None
        raise ValueError(f"This Lethe reads blobs of version {VERSION}, got version {found!r}.")
    return header, {entry["name"]: _section(blob, start, entry) for entry in header["sections"]}


def _section(blob: bytes, start: int, entry: Mapping[str, Any]) -> Array:
    name, shape = entry["name"], tuple(entry["shape"])
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    count = math.prod(shape)
    first = start + entry["offset"]
    if count * dtype.itemsize != entry["bytes"] or first + entry["bytes"] > len(blob):
        raise ValueError(f"Section {name!r} of the blob is cut short; fetch or export it again.")
    return np.frombuffer(blob, dtype, count, first).reshape(shape)


def frames_blob(
    xy: ArrayLike,
    pred: ArrayLike,
    label: ArrayLike | None,
    is_forget: ArrayLike | None,
    index: ArrayLike | None,
    atlas: Atlas | None,
    curves: Sequence[Mapping[str, Any]],
    meta: Mapping[str, Any],
    start: int = 0,
    ghost: ArrayLike | None = None,
    share: ArrayLike | None = None,
    share_class: ArrayLike | None = None,
    ghost_share: ArrayLike | None = None,
    ghost_share_class: ArrayLike | None = None,
    xyz: ArrayLike | None = None,
    ghost_xyz: ArrayLike | None = None,
    exact: ArrayLike | None = None,
    true_label: ArrayLike | None = None,
) -> bytes:
    """The blob of frames ``start`` .. ``start + T``; ValueError for shapes that disagree.

    ``xy`` float (T, P, 2), ``pred`` int (T, P); ``label``, ``is_forget``, ``index``, ``true_label``
    if there is one (P,) and ``atlas`` travel only at ``start`` 0. ``meta`` is the rest of the
    header, its ``box`` may lack at ``start`` 0. NaN in ``ghost`` (P, 2), ``ghost_xyz``: none.
    ``share`` uint8 (T, P, K): 255ths of each class, or of ``share_class``; so the ghost's. ``xyz``
    (T3, P, 3): every frame of ``meta["solid"]["steps"]``; ``exact`` (P, 2): of ``meta["exact"]``.
    """
    places, labels = np.asarray(xy, np.float32), np.asarray(pred)
    header, code, n = *_header(places, labels, curves, meta, start), labels.shape[1]
    sections = {"xy": quantise(places, header["box"]), "pred": labels.astype(code)}
    if start == 0:
        sections |= _static(n, label, is_forget, index, true_label, code) | _atlas(header, atlas)
    if ghost is not None:
        sections["ghost"] = quantise_partial(ghost, header["box"])
    sections |= share_sections("share", labels.shape, share, share_class, code)
    sections |= share_sections("ghost_share", (n,), ghost_share, ghost_share_class, code)
    header["solid"], solid = solid_sections(header["solid"], n, xyz, ghost_xyz)
    header["exact"], checked = exact_sections(header["exact"], n, exact)
    return pack(header, {**sections, **solid, **checked})


def _header(
    places: Array,
    labels: Array,
    curves: Sequence[Mapping[str, Any]],
    meta: Mapping[str, Any],
    start: int,
) -> tuple[dict[str, Any], str]:
    """The header of frames and the dtype that holds a class."""
    count, n = labels.shape
    steps = list(meta.get("steps", range(start, start + count)))
    if places.shape != (count, n, 2) or len(steps) != count:
        shapes = f"xy {places.shape}, pred {labels.shape}, {len(steps)} steps"
        raise ValueError(f"Frames disagree: {shapes}; give xy (T, P, 2), pred (T, P), T steps.")
    header = {**DEFAULTS, "total": start + count, **meta, "start": start, "count": count, "n": n}
    header.update(steps=steps, box=_box(places, meta, start), curves=[dict(c) for c in curves])
    return header, "<u1" if len(meta.get("classes", ())) <= 256 else "<u2"


def _atlas(header: dict[str, Any], atlas: Atlas | None) -> dict[str, Array]:
    """The picture file as a section; how it is divided is written into ``header``."""
    if atlas is None:
        return {}
    header["atlas"] = {"mime": atlas[1], "tile": int(atlas[2]), "columns": int(atlas[3])}
    return {"atlas": np.frombuffer(atlas[0], "<u1")}


def _box(places: Array, meta: Mapping[str, Any], start: int) -> list[float]:
    if meta.get("box") is not None:
        return [float(v) for v in meta["box"]]
    if start > 0:
        raise ValueError(f"Frames from {start} on need the box that the first frame fixed.")
    return fixed_box(places[0]) if len(places) else [0.0, 0.0, 1.0, 1.0]


def _static(
    n: int,
    label: ArrayLike | None,
    is_forget: ArrayLike | None,
    index: ArrayLike | None,
    true_label: ArrayLike | None,
    code: str,
) -> dict[str, Array]:
    given = {"label": (label, code), "forget": (is_forget, "<u1"), "index": (index, "<u4")}
    if true_label is not None:
        given["true_label"] = (true_label, code)
    out = {}
    for name, (values, dtype) in given.items():
        array = np.asarray(values if values is not None else ()).astype(dtype)
        if array.shape != (n,):
            raise ValueError(f"{name} must have one value for each of {n} points: {array.shape}.")
        out[name] = array
    return out


def _plain(value: Any) -> Any:
    """The value with nothing in it that JSON lacks: numpy scalars, tuples, NaN, infinity."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    return value
