"""Two runs for the tests, small enough to count by hand."""

from typing import Any

import numpy as np

from cu_core.stories.figures import Blob

FRAMES, N, CLASSES = 5, 60, ("zero", "one", "two")
STEPS = [0, 10, 20, 30, 40]


def run(seed: int = 0, **summary: dict[str, float]) -> Blob:
    """60 samples of three classes, of which the last 20, of class "two", are to be forgotten: at
    each frame four more of them are answered otherwise."""
    rng = np.random.default_rng(seed)
    label = np.repeat([0, 1, 2], 20).astype("<u1")
    forget = (label == 2).astype("<u1")
    pred = np.tile(label, (FRAMES, 1))
    for frame in range(FRAMES):
        pred[frame, 40 : 40 + 4 * frame] = rng.integers(0, 2, 4 * frame)
    ghost = np.full((N, 2), 65535, "<u2")
    ghost[40:] = rng.integers(0, 60000, (20, 2))
    share = np.zeros((N, 3), "<u1")
    share[:, 0], share[45:, 1] = 100, 155
    values = {"metrics": {"ta": 90.0, "knn": 50.0}, "original": {"ta": 95.0, "knn": 99.0}}
    header: dict[str, Any] = {
        "run": f"run-{seed}",
        "title": "How it ends",
        "headline": "the headline",
        "verdict": "the verdict",
        "command": "lethe unlearn",
        "classes": list(CLASSES),
        "units": {"ta": "%", "knn": "%", "planted_home": "%", "relearn_time": "updates"},
        "forget_classes": [2],
        "steps": STEPS,
        "total": FRAMES,
        "count": FRAMES,
        "start": 0,
        "n": N,
        "box": [0.0, 0.0, 1.0, 1.0],
        "quality": [{"fidelity": 1.0}] * FRAMES,
        "events": [{"step": 10, "text": "early"}, {"step": 40, "text": "late"}],
        "curves": [
            {
                "key": key,
                "title": title,
                "unit": "%",
                "group": "accuracy",
                "original": start,
                "retrained": 77.25,
                "steps": STEPS,
                "values": [start, 80.0, 70.0, 60.0, end],
            }
            for key, title, start, end in (("ta", "Test", 95.0, 90.0), ("knn", "Probe", 99.0, 50.0))
        ],
        "summary": {
            **values,
            "retrained": {"ta": 94.0, "knn": 77.25},
            "provenance": {"method": "fine-tune"},
            **summary,
        },
    }
    sections = {
        "xy": rng.integers(1000, 60000, (FRAMES, N, 2)).astype("<u2"),
        "pred": pred,
        "share": rng.integers(0, 255, (FRAMES, N, 3)).astype("<u1"),
        "label": label,
        "forget": forget,
        "index": np.arange(N, dtype="<u4"),
        "ghost": ghost,
        "ghost_share": share,
    }
    return header, sections
