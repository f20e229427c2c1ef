"""Which classes a figure has room for, and how it names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WORTH = 1.0  # percent: a class that never gets as much is left out
ROOM = 12  # classes; what the others get is summed
OTHERS = "others"


def worth_showing(
    names: Sequence[str], percent: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The names and the columns of ``percent`` (N, C) that count, in the order of the classes.

    At most ROOM columns, those with the largest value in any row, and then one for all others,
    where they get WORTH percent or more together.
    """
    most = percent.max(0)
    largest = np.argsort(-most, kind="stable")[:ROOM]
    kept = sorted(c for c in largest.tolist() if most[c] >= WORTH)
    shown = percent[:, kept]
    rest = percent.sum(1) - shown.sum(1)
    if rest.max() < WORTH:
        return tuple(names[c] for c in kept), shown
    return (*(names[c] for c in kept), OTHERS), np.hstack([shown, rest[:, None]])


def plain(names: Iterable[str]) -> list[str]:
    """Names for Plotly, which reads <b> and <a href> in a label: these are shown as they are."""
    return [escape(name, quote=False) for name in names]
