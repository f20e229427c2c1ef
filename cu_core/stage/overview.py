"""The original model before any run -> the Stage's bytes: one picture, which nothing moves.

No sample is drawn as one to forget: what is chosen is marked, and may change while it is looked at.
The picture travels once; when only the marks have changed, a header alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cu_core.spec import AtlasFacts
from cu_core.stage.boxes import fixed_box
from cu_core.stage.pictured import Pictured
from cu_core.stage.replay import Sent
from cu_core.stage.sections import named
from cu_core.stage.wire import frames_blob

Arrays = Mapping[str, Any]
Facts = Mapping[str, Any]


def pictured(arrays: Arrays, facts: Facts) -> Pictured:
    """Its samples, with their tiles."""
    sheet = AtlasFacts.model_validate(facts["atlas"]) if facts.get("atlas") else None
    return Pictured(arrays, sheet, facts["class_names"])


def blob(arrays: Arrays, facts: Facts, version: Any, sent: Sent, chosen: Sequence[int]) -> bytes:
    """What this tab lacks of the picture. ``version``: of the picture; ``chosen``: the training
    samples that are marked. The same bytes as before while neither has changed."""
    if sent.parts.get("picture") != (str(version), 1):
        sent.forget_from(0)
    wanted = (version, tuple(chosen))
    if sent.data is None or sent.version != wanted:
        sent.data = _packed(arrays, facts, sent.run_id, min(sent.frames, 1), chosen)
        sent.frames, sent.version = 1, wanted
        sent.parts["picture"] = (str(version), 1)
    return sent.data


def _packed(arrays: Arrays, facts: Facts, name: str, start: int, chosen: Sequence[int]) -> bytes:
    header = {
        "run": name,
        "title": "The original model",
        "steps": [0][start:],
        "total": 1,
        "classes": list(facts["class_names"]),
        "box": fixed_box(arrays["xy"][0]),
        "scale": facts["scale"],
        "quality": facts["quality"][start:],
        "names": None if start else named(arrays),
        "opens": {"view": "map"},
        "still": True,
        "chosen": list(chosen),
    }
    share_class = arrays.get("share_class")
    sheet, picture = facts.get("atlas"), None
    if sheet and not start:
        picture = arrays["atlas"].tobytes(), sheet["mime"], sheet["tile"], sheet["columns"]
    return frames_blob(
        arrays["xy"][start:],
        arrays["pred"][start:],
        arrays["label"],
        np.zeros(len(arrays["label"]), bool),
        arrays["index"],
        picture,
        [],
        header,
        start,
        share=arrays["share"][start:],
        share_class=None if share_class is None else share_class[start:],
        true_label=arrays.get("true_label"),
    )
