"""Images on disk, some of which bear a planted mark: it is drawn as they are read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data.memory import Rows
from cu_core.spec import Trigger


@dataclass(frozen=True)
class Marked(Rows):
    """``on``: bool (M,), by row of ``array``, whether the mark is drawn on it."""

    trigger: Trigger
    on: NDArray[np.bool_]

    def __getitem__(self, item: Any) -> NDArray[Any]:
        rows = super().__getitem__(item)  # a copy
        marked = self.on[self.index[item]]
        rows[marked] = self.trigger.drawn(rows[marked])
        return rows
