"""What the rounds of the steps bench amount to: medians, ratios, targets, and their tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import Found, spread, table, target, target_table

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
SHARES = {name: name for name in ("data", "model", "loss", "update", "snapshot", "metrics")}
SHARES |= {name: name for name in ("projection", "store", "checkpoint", "other")}
SHARES |= {"model": "model, forward", "update": "backward and update"}

Side = Mapping[str, Any]


def side(rounds: Sequence[tuple[float, int, int | None]], updates: int) -> dict[str, Any]:
    """``rounds``: seconds, images and a GPU's bytes of each (``steps.timed``)."""
    seconds, images, peak = zip(*rounds, strict=True)
    return {
        "updates": updates,
        "images": list(images),
        "seconds": list(seconds),
        "seconds_per_step": spread([s / updates for s in seconds]),
        "images_per_second": spread(_rates(images, seconds)),
        "peak_bytes": None if peak[0] is None else max(peak),
    }


def _rates(images: Sequence[int], seconds: Sequence[float]) -> list[float]:
    return [n / s for n, s in zip(images, seconds, strict=True)]


def ratios(sides: Mapping[str, Side]) -> dict[str, dict[str, Any]]:
    """Images a second, ours / theirs, of each round; where the batches are alike, the steps'."""
    rates = {name: _rates(one["images"], one["seconds"]) for name, one in sides.items()}
    mine, found = rates.pop("ours"), {}
    for name, theirs in rates.items():
        rounds = [own / other for own, other in zip(mine, theirs, strict=True)]
        found[name] = {"rounds": rounds, **spread(rounds)}
    return found


def said(found: Mapping[str, Mapping[str, Any]]) -> str:
    """'bare 0.95, released 3.20'"""
    return ", ".join(f"{name} {one['median']:.2f}" for name, one in found.items())


def beside(run: Mapping[str, Any], sides: Mapping[str, Side]) -> dict[str, float]:
    """Seconds a step of each side / those of a run with all that it writes and looks at; they were
    not measured in turns."""
    each = run["seconds_per_step"]
    return {name: one["seconds_per_step"]["median"] / each for name, one in sides.items()}


def targets(row: Mapping[str, Any], device: str) -> list[Found]:
    """Each target with what was measured; the kind of device decides the number."""
    kind = "cpu" if device == "cpu" else "cuda"
    here = (row["model"], row["forget_images"], row["retain_images"])
    note = "" if here == SET_FOR else f" (set for {_sized(*SET_FOR)})"
    found = [
        target(f"{TITLES[name]}: ours / theirs{also}", of["median"], least=LEAST[kind][name])
        for name, also in (("released", note), ("bare", ""))
        if (of := row["ratios"].get(name))
    ]
    name = "what a long run's loop is beside its steps (snapshots, metrics, map, store)"
    return [*found, target(name, row["run"]["beside_steps"], MOST_LOOKING[kind])]


def row_text(row: Mapping[str, Any]) -> str:
    """One network: its sides, the shares of its run, the targets."""
    title = _sized(row["model"], row["forget_images"], row["retain_images"])
    plan = f"Ours computes in {row['precision']}, {row['layout']}, on {row['threads']} threads."
    sides = [["side", "s / step", "images / s", "ours / theirs, median (rounds)"]]
    for name, one in row["sides"].items():
        step, rate = (one[key]["median"] for key in ("seconds_per_step", "images_per_second"))
        of = row["ratios"].get(name)
        rounds = f"{of['median']:.2f} ({of['low']:.2f} to {of['high']:.2f})" if of else "-"
        sides.append([TITLES[name], f"{step:.4f}", f"{rate:,.0f}", rounds])
    run = row["run"]
    told = f"Shares of {run['denominator']}. {run['steps']} steps, a snapshot every "
    told += f"{run['every']}, {run['seconds_per_step']:.4f} s a step with all of it."
    parts = [list(SHARES.values()), [f"{100 * row['shares'][name]:.1f} %" for name in SHARES]]
    lines = [f"### {title}", "", plan, "", *table(sides), "", told, "", *table(parts), ""]
    return "\n".join([*lines, *target_table(row["targets"])])


def _sized(model: str, forget: int, retain: int) -> str:
    return f"{model}, {forget} + {retain} images"
