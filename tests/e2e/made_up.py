"""A made-up run for looking at the Stage: clusters, one of which dissolves.

Nothing here is measured on a network; the numbers only have the shape of a real run's.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.wire import Atlas

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FORGET = 5
EVERY = 4  # optimizer steps between two frames
FLOOR = 0.004  # spreads of the map


def made_up_run(n: int = 1400, frames: int = 60, seed: int = 0) -> dict[str, Any]:
    """Keyword arguments of ``frames_blob`` for a whole run of ``n`` points."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, len(NAMES), n)
    is_forget = label == FORGET
    centres = _centres(rng)
    spread = rng.normal(0, 1, (n, 2)) * rng.uniform(0.45, 0.85, (len(NAMES), 2))[label]
    xy, pred = _paths(rng, centres[label] + spread, label, is_forget, centres, frames)
    ghost = np.full((n, 2), np.nan)
    places = rng.choice([3, 8, 9, 2], int(is_forget.sum()), p=[0.45, 0.3, 0.15, 0.1])
    ghost[is_forget] = centres[places] + rng.normal(0, 0.7, (len(places), 2))
    meta = {
        "run": f"made-up-{n}-{frames}-{seed}",
        "title": "Forgetting five (a made-up run)",
        "steps": [EVERY * i for i in range(frames)],
        "total_steps": EVERY * (frames - 1),
        "classes": list(NAMES),
        "forget_classes": [FORGET],
        "scale": float(xy[0].std(0).mean()),
        "solid": _solid(frames),
        "quality": _quality(frames),
        "events": [
            {"step": 96, "kind": "stop-rule", "text": "Forget accuracy fell below 5 %"},
            {"step": 160, "kind": "pause", "text": "Paused"},
        ],
        "verdict": "Five is forgotten in name: accuracy 0 %, yet the features still recognise 41 %",
        "command": "python -m cu_core unlearn --dataset digits --forget class:5",
    }
    return {
        "xy": xy,
        "pred": pred,
        "label": label,
        "is_forget": is_forget,
        "index": rng.permutation(60_000)[:n],
        "atlas": _atlas(rng, label),
        "curves": _curves(rng, frames, xy, pred, label, is_forget),
        "meta": meta,
        "ghost": ghost,
        **_other_views(xy, ghost, centres, seed),
    }


def _centres(rng: np.random.Generator) -> NDArray[Any]:
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = np.stack([np.cos(angle) * 5.6, np.sin(angle) * 4.8], 1)
    inner = np.array([[-1.6, 0.9], [1.9, -0.6]])
    order = [6, 1, 2, 3, 4, 8, 0, 7, 5, 9]
    return (np.concatenate([ring, inner]) + rng.normal(0, 0.35, (10, 2)))[np.argsort(order)]


def _paths(
    rng: np.random.Generator,
    home: NDArray[Any],
    label: NDArray[Any],
    is_forget: NDArray[Any],
    centres: NDArray[Any],
    frames: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
    n = len(home)
    drawn_to = rng.choice([3, 8, 9, 2, 6], n, p=[0.4, 0.28, 0.14, 0.1, 0.08])
    goal = np.where(is_forget, drawn_to, label)
    stays = is_forget & (rng.random(n) < 0.12)
    goal = np.where(stays, label, goal)
    target = np.where((goal == label)[:, None], home, centres[goal] + rng.normal(0, 0.7, (n, 2)))
    delay, pace = rng.uniform(0.12, 0.6, n), rng.uniform(10, 22, n)
    time = np.linspace(0, 1, frames)[:, None]
    share = 1 / (1 + np.exp(-pace * (time - delay)))
    share = (share - share[:1]) / (share[-1:] - share[:1])  # (T, P), 0 at the start, 1 at the end
    across = (target - home)[:, ::-1] * [1, -1] * rng.normal(0, 0.16, (n, 1))
    bend = np.sin(np.pi * share)[..., None] * across
    drift = np.cumsum(rng.normal(0, 0.003, (frames, n, 2)), 0)
    drift -= drift[:1]
    xy = home + share[..., None] * (target - home) + bend + drift
    pred = np.where(share > 0.5, goal, label)
    wrong = (rng.random(n) < 0.03) & ~is_forget
    pred[:, wrong] = (label[wrong] + 1) % len(NAMES)
    early = rng.uniform(0.05, 0.3, n)
    pred = np.where(stays & (time > early), 3, pred)
    return xy.astype(np.float32), pred


def _solid(frames: int) -> dict[str, Any]:
    steps = [EVERY * i for i in range(frames)]
    facts = {"state": "done", "done": frames, "total": frames}
    return {**facts, "steps": steps, "quality": _quality(frames)}


def _other_views(
    xy: NDArray[Any], ghost: NDArray[Any], centres: NDArray[Any], seed: int
) -> dict[str, NDArray[Any]]:
    known = np.where(np.isfinite(ghost), ghost, 0)
    return {
        "share": _shares(xy, centres),
        "ghost_share": _shares(known, centres),
        "xyz": np.concatenate([xy, _heights(xy, centres, seed)[..., None]], 2),
        "ghost_xyz": np.column_stack([ghost, _heights(ghost, centres, seed)]),
    }


def _shares(xy: NDArray[Any], centres: NDArray[Any]) -> NDArray[Any]:
    """uint8 (..., P, C) that sum to 255: the nearer a class's middle, the larger its share."""
    away = np.square(xy[..., None, :] - centres).sum(-1)
    near = np.exp(-0.8 * (away - away.min(-1, keepdims=True)))
    part = np.floor(255 * near / near.sum(-1, keepdims=True)).astype(np.uint8)
    top = np.argmax(part, -1)[..., None]
    rest = 255 - part.sum(-1, keepdims=True, dtype=np.int64)
    np.put_along_axis(part, top, np.take_along_axis(part, top, -1) + rest.astype(np.uint8), -1)
    return part


def _heights(xy: NDArray[Any], centres: NDArray[Any], seed: int) -> NDArray[Any]:
    """A third axis (..., P): each cluster at a height of its own, and as deep as it is wide."""
    rng = np.random.default_rng(seed)
    level = np.linspace(-4, 4, len(centres))[rng.permutation(len(centres))]
    near = np.exp(-0.5 * np.square(xy[..., None, :] - centres).sum(-1)) + 1e-12
    heights: NDArray[Any] = (near * level).sum(-1) / near.sum(-1) + rng.normal(0, 0.5, xy.shape[-2])
    return heights


def _quality(frames: int) -> list[dict[str, float]]:
    time = np.linspace(0, 1, frames)
    fidelity = 0.985 - 0.1 * np.exp(-(((time - 0.42) / 0.07) ** 2))
    centrality = 0.97 - 0.29 / (1 + np.exp(-14 * (time - 0.4)))  # from the rim to the middle
    same = {"trustworthiness": 0.97, "jitter": 0.012, "noise_floor": FLOOR, "moved_forget": 0.1}
    same |= {"group_order": 0.9, "reach": 0.5, "triplets": 0.7}
    return [
        {**same, "fidelity": float(f), "centrality": float(c), "map_centrality": float(c) + 0.02}
        for f, c in zip(fidelity, centrality, strict=True)
    ]


def _curves(
    rng: np.random.Generator,
    frames: int,
    xy: NDArray[Any],
    pred: NDArray[Any],
    label: NDArray[Any],
    is_forget: NDArray[Any],
) -> list[dict[str, Any]]:
    steps = [EVERY * i for i in range(frames)]
    right = 100 * (pred == label)
    forget, keep = right[:, is_forget].mean(1), right[:, ~is_forget].mean(1)
    away = np.hypot(*(xy[:, is_forget] - xy[0, is_forget].mean(0)).transpose(2, 0, 1))
    probe = 100 * (away < 2.2).mean(1)
    rough = rng.normal(0, 0.5, (4, frames))
    rows = [
        ("forget_acc_train", "Forget accuracy (train)", "accuracy", forget, 100.0, 0.0),
        ("forget_acc_test", "Forget accuracy (test)", "accuracy", forget * 0.96 + 1, 97.0, 0.0),
        ("ra", "Retain accuracy", "accuracy", keep + 2 - rough[0] ** 2, 99.5, 99.2),
        ("ta", "Test accuracy", "accuracy", keep - 1.5 + rough[1], 97.2, 97.6),
        ("knn_probe_forget", "Probe, forget samples", "probe", probe, 98.0, 61.0),
    ]
    curves = [
        {"key": k, "title": t, "unit": "%", "group": g, "steps": steps, "values": list(v)}
        | {"original": o, "retrained": r}
        for k, t, g, v, o, r in (
            (k, t, g, np.clip(v, 0, 100).tolist(), o, r) for k, t, g, v, o, r in rows
        )
    ]
    between = {"key": "centrality", "title": "Centrality", "unit": "", "group": "between"}
    values = [round(quality["centrality"], 4) for quality in _quality(frames)]
    curves.append({**between, "steps": steps, "values": values, "original": 0.97, "retrained": 0.9})
    every = np.arange(1, EVERY * (frames - 1) + 1)
    fall = np.exp(-every / (0.25 * every[-1]))
    losses = {
        "contrast": -1.6 + 2.4 * fall + rng.normal(0, 0.08, len(every)),
        "cross-entropy": 0.12 + 0.5 * (1 - fall) * fall * 4 + rng.normal(0, 0.03, len(every)),
    }
    for name, values in losses.items():
        row = {"key": f"loss/{name}", "title": name, "unit": "", "group": "loss"}
        line = {"steps": every.tolist(), "values": values.round(4).tolist()}
        curves.append({**row, **line, "original": None, "retrained": None})
    return curves


def _atlas(rng: np.random.Generator, label: NDArray[Any]) -> Atlas:
    """A sheet of 16-pixel digits, one tile a point."""
    from PIL import Image, ImageDraw

    tile, columns = 16, 40
    rows = -(-len(label) // columns)
    sheet = Image.new("L", (columns * tile, rows * tile), 0)
    draw = ImageDraw.Draw(sheet)
    for i, digit in enumerate(label):
        x, y = (i % columns) * tile, (i // columns) * tile
        right, down, grey = rng.integers((4, 1, 170), (7, 4, 256))
        draw.text((x + right, y + down), str(digit), fill=int(grey))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue(), "image/png", tile, columns
