"""Labels as people have them -> 0..C-1, keeping the names they had. Nothing is guessed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data.partnames import listed
from cu_core.errors import BadData
from cu_core.spec import Ints


def tidy(labels: Any, names: Sequence[str] = ()) -> tuple[Ints, tuple[str, ...], tuple[str, ...]]:
    """(y int64 (N,) in 0..C-1, class names (C,), notes).

    ``labels``: (N,) or (N, 1) of whole numbers or strings, or (N, C) rows that each say one class;
    ``names[k]`` is what label k is called, or the order of labels that are strings. Gaps are
    closed, classes without a sample are left out. BadData with a count for a missing label (-1,
    NaN, None, empty), several labels a sample, a label beyond ``names``, and a single class.
    """
    values = np.asarray(labels)
    said: tuple[str, ...] = ()
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "biuf":
        values, said = _one_hot(values)
    if values.ndim != 1:
        raise BadData(
            f"The labels have the shape {values.shape}; give one number or name per sample "
            "(for one-hot rows: their argmax)."
        )
    if values.dtype.kind == "O" and all(_is_number(v) for v in values):
        values = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if values.dtype.kind in "biuf":
        y, found, notes = _from_numbers(_whole(values), names)
    else:
        y, found, notes = _from_names(values.tolist(), names)
    if len(found) < 2:
        raise BadData(f"There is only one class ({found[0]!r}); learning needs at least two.")
    return y, found, said + notes


def _one_hot(rows: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """(N, C) -> the column that each row says, if each says one."""
    n, c = rows.shape
    missing = int((rows == 0).all(1).sum())
    several = int(((rows != 0).sum(1) > 1).sum())
    if np.isin(rows, (0, 1)).all():
        _refuse_missing(missing, n)
        if several:
            raise BadData(
                f"{several:,} of {n:,} samples have several labels (of {c}); Lethe takes one label "
                "a sample: leave the others out, or make one class of each combination."
            )
        return rows.argmax(1), (f"one-hot labels of {c} columns read as their argmax",)
    if (rows >= 0).all() and np.allclose(rows.sum(1), 1, atol=1e-3):
        return rows.argmax(1), (f"labels of {c} probabilities each read as their argmax",)
    raise BadData(
        f"The labels have the shape {rows.shape} and are neither one-hot nor probabilities; give "
        "one number or name per sample."
    )


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float | np.number)


def _whole(values: NDArray[Any]) -> Ints:
    """Numbers that are whole and not negative, as int64; BadData counts the others."""
    if values.dtype.kind == "f":
        missing = int((~np.isfinite(values)).sum())
        _refuse_missing(missing, len(values))
        fraction = values[values != np.floor(values)]
        if len(fraction):
            raise BadData(
                f"{len(fraction)} labels are not whole numbers (the first is {fraction[0]}); "
                "a class needs a whole number or a name."
            )
    _refuse_missing(int((values < 0).sum()), len(values))
    return values.astype(np.int64)


def _refuse_missing(missing: int, n: int) -> None:
    if missing:
        raise BadData(
            f"{missing} of {n} samples have no label (-1, NaN or empty); "
            "label them or take them out."
        )


def _from_numbers(ids: Ints, names: Sequence[str]) -> tuple[Ints, tuple[str, ...], tuple[str, ...]]:
    present, y = np.unique(ids, return_inverse=True)
    if not names:
        found = tuple(str(label) for label in present)
        gaps = present[-1] >= len(present)
        notes = (f"labels {listed(found)} numbered 0 to {len(found) - 1}",) if gaps else ()
        return y.astype(np.int64), found, notes
    beyond = ids[ids >= len(names)]
    if len(beyond):
        raise BadData(
            f"{len(beyond)} labels lie beyond the {len(names)} class names (the first is "
            f"{beyond[0]}); labels must be 0 to {len(names) - 1}."
        )
    known = set(present.tolist())
    absent = tuple(name for k, name in enumerate(names) if k not in known)
    notes = (f"{len(absent)} named classes without a sample left out: {listed(absent)}",)
    return y.astype(np.int64), tuple(names[k] for k in present), notes if absent else ()


def _from_names(
    values: list[Any], names: Sequence[str]
) -> tuple[Ints, tuple[str, ...], tuple[str, ...]]:
    """``names``: their order, if they name all; else numbers go by size, texts by letter."""
    written = [
        "" if _missing(v) else v.decode() if isinstance(v, bytes) else str(v) for v in values
    ]
    texts = [text.strip() for text in written]
    _refuse_missing(texts.count(""), len(texts))
    found = sorted(set(texts))
    if set(found) <= set(names):
        found.sort(key=list(names).index)
    elif all(name.isdecimal() for name in found):
        found.sort(key=int)  # "2" before "10"
    place = {name: k for k, name in enumerate(found)}
    y = np.array([place[text] for text in texts], dtype=np.int64)
    padded = sorted({text for text in written if text != text.strip()})
    if not padded:
        return y, tuple(found), ()
    n = sum(text != text.strip() for text in written)
    shown = listed([repr(text) for text in padded])
    return y, tuple(found), (f"spaces around {n:,} labels left out: {shown}",)


def _missing(value: object) -> bool:
    """None, or the NaN that pandas puts among texts."""
    return value is None or (isinstance(value, float) and value != value)
