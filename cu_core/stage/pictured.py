"""Samples with what is on record of them beside their places: names, label, a tile of the sheet.

A run's probe and the picture of an original model keep the same arrays, so a page can show any of
their samples at once, without asking a worker.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.spec import AtlasFacts, SampleFacts
from cu_core.stage.tiles import cut
from cu_core.store.names import WORDS, names_of

Array = NDArray[Any]


class Pictured:
    """``arrays``: ``index``, ``label`` (P,), perhaps ``row``, ``names`` and ``atlas``, whose tiles
    ``sheet`` describes."""

    def __init__(
        self, arrays: Mapping[str, Array], sheet: AtlasFacts | None, class_names: Sequence[str]
    ) -> None:
        self.arrays, self.sheet, self.class_names = arrays, sheet, class_names
        self._tiles: dict[int, str] = {}
        own = names_of(arrays)
        self.own = own
        self.row: Array = np.asarray(arrays["index"] if own is None else own.row)

    @property
    def named(self) -> bool:
        """Whether it says what the owner of the data calls the samples; old recordings do not."""
        return self.own is not None

    @cached_property
    def _place(self) -> dict[int, int]:
        return {row: place for place, row in enumerate(self.row.tolist())}

    def rows_of(self, index: Iterable[int]) -> list[int]:
        """The owner's rows of training samples; those that are not here are left out."""
        known = dict(zip(self.arrays["index"].tolist(), self.row.tolist(), strict=True))
        return [known[i] for i in index if i in known]

    def index_of(self, rows: Iterable[int]) -> list[int]:
        """The other way round, in order."""
        places = sorted(self._place[row] for row in rows if row in self._place)
        return [int(i) for i in self.arrays["index"][places]]

    def samples(self, rows: Iterable[int], pictures: bool = True) -> dict[int, SampleFacts]:
        """Those of the rows that are here, with or without their pictures."""
        places = [self._place[row] for row in rows if row in self._place]
        return {int(self.row[p]): self._sample(p, pictures) for p in places}

    def _sample(self, place: int, picture: bool) -> SampleFacts:
        words = {name: of[place] for name in WORDS if (of := getattr(self.own, name, ()))}
        return SampleFacts(
            row=int(self.row[place]),
            part="training",
            label=self.class_names[int(self.arrays["label"][place])],
            image=self._tile(place) if picture else "",
            **words,
        )

    @cached_property
    def _sheet(self) -> Image.Image | None:
        if self.sheet is None or "atlas" not in self.arrays:
            return None
        return Image.open(io.BytesIO(self.arrays["atlas"].tobytes()))

    def _tile(self, place: int) -> str:
        """The sample's picture as a data address; "" where there is none. Encoded once."""
        if self._sheet is None or self.sheet is None:
            return ""
        if place not in self._tiles:
            self._tiles[place] = cut(self._sheet, self.sheet, place, least=1)
        return self._tiles[place]
