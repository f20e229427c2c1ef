"""Some samples of a snapshot, without reading the others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from cu_core.store.reader import SnapshotRow, damaged_snapshot


def embeddings_of(row: SnapshotRow, samples: Sequence[int]) -> NDArray[Any]:
    """z (R, D) float16 of these samples of a snapshot. The file is not held against its record:
    ``read_snapshot`` has done that since it was touched last."""
    try:
        with safe_open(row.path, framework="numpy") as file:
            z = file.get_slice("z")
            return np.concatenate([z[i : i + 1] for i in samples])
    except (OSError, SafetensorError) as error:
        raise damaged_snapshot(row.step, "its file is missing or cut short") from error
