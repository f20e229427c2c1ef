"""Several runs as one blob for the page: each run's own bytes, unchanged, one after the other.

The blob is packed as a run's is (``stage.wire``): a header of its own, and a section ``run0``,
``run1``, ... for each run, which is a whole blob itself. Pictures of samples stay as they were
encoded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.spec import RunRecord
from cu_core.stage import pack, unpack
from cu_core.stage.boxes import restore
from cu_core.stage.export import whole
from cu_core.store import Store

DRAWN = ("xy", "pred", "label", "forget", "index", "true_label", "atlas")  # sections that are used
ELSEWHERE = (
    "These runs differ in original, samples or forget set, so their maps are different "
    "projections: look at what happens within each, and do not compare places between them."
)
SAME = 0.01  # of the first map's extent: places closer than this on average are one projection


@dataclass(frozen=True)
class Told:
    """What a pane says of its run: ``letter`` "A", "B", ...; ``title``: what sets it apart."""

    letter: str
    title: str


def flat(store: Store, record: RunRecord) -> bytes:
    """A run's blob with what its map and curves are drawn from. StoreError without a frame."""
    return flat_of(*unpack(whole(store, record)))


def flat_of(header: Mapping[str, Any], sections: Mapping[str, Any]) -> bytes:
    """The same of a run that is unpacked."""
    kept = {name: sections[name] for name in DRAWN if name in sections}
    return pack({**header, "solid": None, "exact": None, "ghost": None}, kept)


def linked(blobs: Sequence[bytes]) -> bool:
    """Whether all lie in one projection: the original has the samples that they share at the same
    places. False for fewer than three shared samples, or classes of other names."""
    first, *others = (_first_places(blob) for blob in blobs)
    return all(_alike(first, other) for other in others)


@dataclass(frozen=True)
class _Places:
    classes: tuple[str, ...]
    index: NDArray[Any]
    xy: NDArray[Any]


def _first_places(blob: bytes) -> _Places:
    header, sections = unpack(blob)
    xy = restore(sections["xy"][0], header["box"])
    return _Places(tuple(header["classes"]), sections["index"], xy)


def _alike(a: _Places, b: _Places) -> bool:
    _, mine, theirs = np.intersect1d(a.index, b.index, return_indices=True)
    if a.classes != b.classes or len(mine) < 3:
        return False
    apart = np.linalg.norm(a.xy[mine] - b.xy[theirs], axis=1).mean()
    extent = float(np.ptp(a.xy, axis=0).max())
    return bool(apart <= SAME * max(extent, 1e-6))


def together(
    blobs: Sequence[bytes], told: Sequence[Told], screen: Mapping[str, Any] | None = None
) -> bytes:
    """The page's bytes. ``screen``: what it opens on, as the page itself says it."""
    header = {
        "panes": [vars(one) for one in told],
        "linked": linked(blobs),
        "screen": dict(screen or {}),
    }
    return pack(header, {f"run{k}": np.frombuffer(blob, "<u1") for k, blob in enumerate(blobs)})
