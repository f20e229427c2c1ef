"""What the owner of the data calls the samples of a probe, kept with it: a run is then replayed and
exported in these words where the data are gone."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.spec import Origin

TEXT_LETTERS = 240  # of a sample's text; a card shows no more
WORDS = ("file", "key", "text")

Array = NDArray[Any]


def name_arrays(origin: Origin) -> dict[str, Array]:
    """As they stand in the probe's file: ``row`` int64 (P,), and ``names``, JSON in UTF-8."""
    text = [t if len(t) <= TEXT_LETTERS else f"{t[: TEXT_LETTERS - 1]}…" for t in origin.text]
    held = {"of": origin.of, "file": origin.file, "key": origin.key, "text": text}
    raw = json.dumps({name: value for name, value in held.items() if value}, ensure_ascii=False)
    return {
        "row": np.asarray(origin.row, np.int64),
        "names": np.frombuffer(raw.encode("utf-8", "replace"), np.uint8),
    }


def names_of(arrays: Mapping[str, Array]) -> Origin | None:
    """The same from the probe's arrays; None of a run that was recorded before there were names."""
    if "row" not in arrays:
        return None
    try:
        held = json.loads(arrays["names"].tobytes())
        words = {name: tuple(map(str, held.get(name, ()))) for name in WORDS}
        return Origin(arrays["row"], str(held.get("of", "")), **words)
    except (KeyError, ValueError, AttributeError):  # a file of another hand: the rows are sound
        return Origin(arrays["row"])
