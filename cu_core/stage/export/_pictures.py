"""What the drawn formats share: a run as it is to be seen, and its moments one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from cu_core.spec import RunRecord
from cu_core.stage import unpack
from cu_core.stage.drawing import Picture
from cu_core.stage.drawing.film import Shot
from cu_core.stage.export import _whole
from cu_core.stage.export._format import Order
from cu_core.store import Store


def picture(
    store: Store, record: RunRecord, order: Order, size: tuple[int, int], dark: bool = False
) -> Picture:
    """The run at a size in pixels, as ``order`` has it. StoreError when it has no frame."""
    header, sections = unpack(_whole.whole(store, record))
    return Picture({**header, "opens": dict(order.opens)}, sections, *size, dark=dark)


def drawn(shown: Picture, shots: list[Shot], order: Order) -> Iterator[tuple[NDArray[Any], int]]:
    """Each shot's pixels, uint8 (H, W, 3), and how many pictures it stands for; ``order.tick`` is
    told of every one that is done."""
    order.tick(0, len(shots))
    for k, shot in enumerate(shots, 1):
        yield shown.pixels(shot.t, shot.outlines), shot.count
        order.tick(k, len(shots))
