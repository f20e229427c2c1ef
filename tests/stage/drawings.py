"""Runs to draw, made up in a second: of any number of frames, samples and classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage import frames_blob, unpack

Bytes = tuple[dict[str, Any], dict[str, NDArray[Any]]]


def run(
    frames: int = 6, classes: int = 4, each: int = 12, forget: tuple[int, ...] = (1,),
    ghost: bool = True, curves: bool = True, names: list[str] | None = None, **meta: Any,
) -> Bytes:  # fmt: skip
    """Header and sections: ``each`` samples a class on a circle, those to forget go to its middle
    and are answered as class 0 from half of the way on."""
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(classes), each)
    is_forget = np.isin(label, forget)
    turn = 2 * np.pi * label / classes
    home = 10 * np.stack([np.cos(turn), np.sin(turn)], 1) + rng.normal(0, 0.5, (len(label), 2))
    way = np.linspace(0, 1, frames)[:, None, None] * is_forget[:, None]
    late = np.arange(frames)[:, None] > frames // 2
    header = {
        "run": "made-up",
        "title": "Forgetting one",
        "classes": names or [f"class {k}" for k in range(classes)],
        "forget_classes": list(forget),
        "steps": [5 * i for i in range(frames)],
        "headline": "It stopped saying 1, but still sees 1",
        **meta,
    }
    blob = frames_blob(
        home * (1 - 0.9 * way),
        np.where(late & is_forget, 0, label),
        label,
        is_forget,
        np.arange(len(label)) + 100,
        None,
        [_curve(key, frames) for key in ("forget_acc_test", "ta")] if curves else [],
        header,
        ghost=np.where(is_forget[:, None], -home, np.nan) if ghost else None,
    )
    return unpack(blob)


def _curve(key: str, frames: int) -> dict[str, Any]:
    """From 100 % down to 0 on what is forgotten, at 95 % on the test images."""
    falls = key != "ta"
    values = np.linspace(100, 0, frames) if falls else np.full(frames, 95.0)
    return {
        "key": key,
        "title": "Forget accuracy (test)" if falls else "TA, test accuracy",
        "unit": "%",
        "group": "accuracy",
        "retrained": 0.0 if falls else 97.0,
        "original": 100.0,
        "steps": [5 * i for i in range(frames)],
        "values": values.tolist(),
    }
