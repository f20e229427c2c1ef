"""The picture of an original model before any run: kept so that the next page has it at once.

It can be made again at any time; a damaged one counts as none. It is found by what was asked, and
void when the model that it shows is gone.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from cu_core.files import stamp, write_atomic
from cu_core.spec import Overview
from cu_core.store.paths import Paths

KEPT = 12  # some megabytes each; the oldest go


class Overviews:
    """The part of the store that keeps pictures of original models."""

    paths: Paths

    def overview(
        self, asked: Overview
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any], tuple[int, int, int]] | None:
        """(arrays, facts, version) of the picture that answers a question; None when there is none
        yet. ``version`` changes when it is made anew."""
        path = self._overview_path(asked)
        version = stamp(path)
        if version is None:
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                facts = json.loads((file.metadata() or {})["facts"])
                return {key: file.get_tensor(key) for key in file.keys()}, facts, version  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError):
            return None

    def save_overview(
        self, asked: Overview, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]
    ) -> None:
        """Keeps it, whole or not at all."""
        told = {"facts": json.dumps(dict(facts))}
        data = save({key: np.ascontiguousarray(value) for key, value in arrays.items()}, told)
        write_atomic(self._overview_path(asked), data)
        found = self.paths.overviews.glob("*.safetensors")
        for path in sorted(found, key=lambda path: (stamp(path) or (0, 0, 0))[2])[:-KEPT]:
            path.unlink(missing_ok=True)

    def _overview_path(self, asked: Overview) -> Path:
        key = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()[:16]
        return self.paths.overviews / f"{key}.safetensors"
