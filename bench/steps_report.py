"""What the rounds of the steps bench amount to: medians, ratios, targets, and their tables."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.map_report import Target, at_least, at_most, target_table

TITLES = {
    "ours": "ours",
    "bare": "(b) forward, backward and update of a resident batch",
    "recorded": "(b) as a CUDA graph",
    "released": "(a) fed as the released code does",
    "augmented": "(a) with crops, flips and shuffling put back",
}
LEAST = {"cpu": {"released": 4.0, "bare": 0.9}, "cuda": {"released": 15.0, "bare": 0.8}}
MOST_LOOKING = {"cpu": 0.20, "cuda": 0.25}
SET_FOR = ("resnet18", 64, 64)  # the ratio to the released code
SHARES = {
    "data": "data",
    "model": "model, forward",
    "loss": "loss",
    "update": "backward and update",
    "snapshot": "snapshot",
    "metrics": "metrics",
    "projection": "projection",
    "store": "store",
    "checkpoint": "checkpoint",
    "other": "other",
}

Side = Mapping[str, Any]


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def side(rounds: Sequence[tuple[float, int, int | None]], updates: int) -> dict[str, Any]:
    """``rounds``: seconds, images and a GPU's bytes of each (``steps.timed``)."""
    seconds, images, peak = zip(*rounds, strict=True)
    return {
        "updates": updates,
        "images": list(images),
        "seconds": list(seconds),
        "seconds_per_step": spread([s / updates for s in seconds]),
        "images_per_second": spread([n / s for n, s in zip(images, seconds, strict=True)]),
        "peak_bytes": None if peak[0] is None else max(peak),
    }


def ratios(sides: Mapping[str, Side]) -> dict[str, dict[str, Any]]:
    """Images a second, ours / theirs, of each round; where the batches are alike, the steps'."""
    return {
        name: {"rounds": (rounds := _rounds(sides["ours"], other)), **spread(rounds)}
        for name, other in sides.items()
        if name != "ours"
    }


def _rounds(mine: Side, other: Side) -> list[float]:
    rates = [
        [n / s for n, s in zip(one["images"], one["seconds"], strict=True)] for one in (mine, other)
    ]
    return [own / theirs for own, theirs in zip(*rates, strict=True)]


def said(found: Mapping[str, Mapping[str, Any]]) -> str:
    """'bare 0.95, released 3.20'"""
    return ", ".join(f"{name} {one['median']:.2f}" for name, one in found.items())


def beside(run: Mapping[str, Any], sides: Mapping[str, Side]) -> dict[str, float]:
    """Seconds a step of each side / those of a run with all that it writes and looks at; they were
    not measured in turns."""
    each = run["seconds_per_step"]
    return {name: one["seconds_per_step"]["median"] / each for name, one in sides.items()}


def targets(row: Mapping[str, Any], device: str) -> list[Target]:
    """Each target with what was measured; the kind of device decides the number."""
    kind = "cpu" if device == "cpu" else "cuda"
    here = (row["model"], row["forget_images"], row["retain_images"])
    note = "" if here == SET_FOR else f" (set for {_sized(*SET_FOR)})"
    found = [
        at_least(f"{TITLES[name]}: ours / theirs{also}", LEAST[kind][name], of["median"])
        for name, also in (("released", note), ("bare", ""))
        if (of := row["ratios"].get(name))
    ]
    name = "what a long run's loop is beside its steps (snapshots, metrics, map, store)"
    return [*found, at_most(name, MOST_LOOKING[kind], row["run"]["beside_steps"])]


def row_text(row: Mapping[str, Any]) -> str:
    """One network: its sides, the shares of its run, the targets."""
    title = _sized(row["model"], row["forget_images"], row["retain_images"])
    plan = f"Ours computes in {row['precision']}, {row['layout']}, on {row['threads']} threads."
    lines = [f"### {title}", "", plan, ""]
    lines += [
        "| side | s / step | images / s | ours / theirs, median (rounds) |",
        "|---|---|---|---|",
    ]
    lines += [_side_row(name, one, row["ratios"].get(name)) for name, one in row["sides"].items()]
    run = row["run"]
    lines += ["", f"Shares of {run['denominator']}. {run['steps']} steps, a snapshot every "]
    lines[-1] += f"{run['every']}, {run['seconds_per_step']:.4f} s a step with all of it."
    lines += ["", "| " + " | ".join(SHARES.values()) + " |", "|---" * len(SHARES) + "|"]
    lines += ["| " + " | ".join(f"{100 * row['shares'][name]:.1f} %" for name in SHARES) + " |"]
    return "\n".join([*lines, "", *target_table(row["targets"])])


def _sized(model: str, forget: int, retain: int) -> str:
    return f"{model}, {forget} + {retain} images"


def _side_row(name: str, one: Side, ratio: Mapping[str, Any] | None) -> str:
    rounds = "-"
    if ratio:
        rounds = f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
    step, rate = one["seconds_per_step"]["median"], one["images_per_second"]["median"]
    return f"| {TITLES[name]} | {step:.4f} | {rate:,.0f} | {rounds} |"
