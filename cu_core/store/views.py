"""What was computed of a run after the fact, beside its record: maps that somebody asked to see.

A view can be made again from the snapshots, so it never changes the run. It belongs to one
generation of the run: after a rewind it is void and counts as absent.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from cu_core.errors import StoreError
from cu_core.files import write_atomic
from cu_core.store.paths import Paths
from cu_core.store.runtables import read_facts

LEARNING = "learning"  # the view that is there before the run: its original model being trained
NAME = re.compile(r"[a-z]+(-[0-9]+)?")


def view_path(folder: Path, name: str) -> Path:
    """``<run>/views/<name>.safetensors``; a name is letters, then perhaps a dash and a number."""
    if not NAME.fullmatch(name):
        raise StoreError(f"{name!r} is not the name of a view, e.g. solid or exact-120.")
    return folder / "views" / f"{name}.safetensors"


class Views:
    """The part of the store that keeps views; any worker may write one, at any time."""

    paths: Paths

    def save_view(
        self,
        run_id: str,
        name: str,
        arrays: Mapping[str, NDArray[Any]],
        facts: Mapping[str, Any],
        generation: int | None = None,
    ) -> None:
        """Keeps it, whole or not at all. ``generation``: of the run when its snapshots were read,
        by default now. StoreError when the run is gone or the disk refuses."""
        folder = self.paths.run(run_id)
        if generation is None:
            generation = generation_of(folder)
        path = view_path(folder, name)
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent} could not be made ({error.strerror}).") from error
        told = {"facts": json.dumps(dict(facts)), "generation": str(generation)}
        data = save({key: np.ascontiguousarray(value) for key, value in arrays.items()}, told)
        write_atomic(path, data)


def generation_of(folder: Path) -> int:
    """The run's generation: grows with every rewind and resumption."""
    return int((read_facts(folder / "run.db") or {}).get("generation", 0))


def read_view(
    folder: Path, name: str, with_arrays: bool = True
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """(arrays, facts); None when there is none, or only one of an earlier generation of the run.

    Without ``with_arrays`` only the file's head is read. StoreError when it is damaged.
    """
    path = view_path(folder, name)
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            told = file.metadata() or {}
            if int(told["generation"]) != generation_of(folder):
                return None
            names = file.keys() if with_arrays else ()
            return {key: file.get_tensor(key) for key in names}, json.loads(told["facts"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        text = f"{path} is damaged ({error}). Delete it; it is made again when it is asked for."
        raise StoreError(text) from error
