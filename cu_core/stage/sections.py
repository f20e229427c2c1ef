"""What the Stage's other views travel in: shares for "Answers", a third axis, the exact map; and
the samples' names for their cards.

All are optional; a blob without them plays as a map. Axis letters: T frames, P probe samples,
K classes whose share is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cu_core.stage.boxes import cube, fixed_box, quantise, quantise_partial
from cu_core.store.names import WORDS, names_of

NAMED = 2500  # samples of which files, keys and texts travel; of more, their rows alone

Array = NDArray[Any]
Facts = Mapping[str, Any]


def share_sections(
    name: str,
    lead: tuple[int, ...],
    share: ArrayLike | None,
    of_class: ArrayLike | None,
    code: str,
) -> dict[str, Array]:
    """Sections ``name`` and, where the classes are chosen, ``name``_class; none without shares."""
    if share is None:
        return {}
    out = {name: np.asarray(share).astype("<u1")}
    if of_class is not None:
        out[f"{name}_class"] = np.asarray(of_class).astype(code)
    for key, array in out.items():
        if array.shape != (*lead, array.shape[-1]) or array.shape != out[name].shape:
            raise ValueError(f"{key} must be {(*lead, 'K')} with one K, got {array.shape}.")
    return out


def solid_sections(
    facts: Facts | None, n: int, xyz: ArrayLike | None, ghost: ArrayLike | None
) -> tuple[Facts | None, dict[str, Array]]:
    """The header's ``solid`` with the ``box`` [x0, y0, z0, side], and the sections in that box."""
    if xyz is None:
        return facts, {}
    places = np.asarray(xyz, np.float64)
    steps = list(facts["steps"]) if facts else []
    if places.shape != (len(steps), n, 3) or not facts:
        raise ValueError(
            f"xyz must be (T3, {n}, 3) with one of solid's {len(steps)} steps a frame, "
            f"got {places.shape}."
        )
    drawn = places.reshape(-1, 3)
    if ghost is not None:
        known = np.asarray(ghost, np.float64)
        drawn = np.concatenate([drawn, known[np.isfinite(known).all(1)]])
    box = cube(drawn)
    sections: dict[str, Array] = {"xyz": quantise(places, box)}
    if ghost is not None:
        sections["ghost_xyz"] = quantise_partial(ghost, box)
    return {**facts, "box": box}, sections


def exact_sections(
    facts: Facts | None, n: int, xy: ArrayLike | None
) -> tuple[Facts | None, dict[str, Array]]:
    """The header's ``exact`` with its own ``box`` [x0, y0, x1, y1], and the section in that box."""
    if xy is None:
        return facts, {}
    places = np.asarray(xy, np.float64)
    if places.shape != (n, 2) or not facts:
        raise ValueError(f"exact must be ({n}, 2) with facts in the header, got {places.shape}.")
    box = fixed_box(places)
    return {**facts, "box": box}, {"exact": quantise(places, box)}


def named(probe: Mapping[str, Array]) -> Facts | None:
    """The header's ``names``: ``row`` (P,), None where it is the index, ``of`` what it counts in,
    and ``file``, ``key``, ``text`` (P,) where the samples have them. None: of an older run."""
    own = names_of(probe)
    if own is None:
        return None
    same = np.array_equal(own.row, probe["index"])
    words = {name: list(value) for name in WORDS if (value := getattr(own, name))}
    few = words if len(own.row) <= NAMED else {}
    return {"of": own.of, "row": None if same else own.row.tolist(), **few}
