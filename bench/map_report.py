"""What the frames of several layouts amount to: means, gaps, ratios, targets, and their tables."""

import itertools
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from bench.report import Found, exponent, table, target, target_table

Laid = Mapping[str, Any]

TITLES = {
    "ours": "ours",
    "local": "ours by neighbours alone",
    "solid": "ours, 3-D",
    "fresh": "fresh UMAP per frame (the ceiling)",
    "aligned": "`umap.AlignedUMAP`",
    "transform": "UMAP fitted on frame 0, then `transform`",
}
FRAME_MS = {"cpu": 33.0, "cuda": 5.0}  # of 2,000 points
LARGE_MS = {"cpu": 1500.0, "cuda": 33.0}  # of 20,000 points
LARGE, USUAL = 20_000, 2_000  # points


def limit(of: Mapping[str, float], device: str) -> float:
    return of["cpu" if device == "cpu" else "cuda"]


def gaps(mine: Laid, ceiling: Laid) -> dict[str, float]:
    """How far ours lies below the ceiling on the frames both have: the mean, and the worst."""
    at = {frame: i for i, frame in enumerate(mine["frames"])}
    found: dict[str, float] = {}
    for measure in ("trustworthiness", "fidelity", "reach", "triplets"):
        own = [mine[measure][at[frame]] for frame in ceiling["frames"]]
        below = [c - o for o, c in zip(own, ceiling[measure], strict=True)]
        found |= {f"{measure}_mean": fmean(below), f"{measure}_worst": max(below)}
    return found


def ratios(laid: Mapping[str, Laid]) -> dict[str, float]:
    """Times theirs / ours, medians, by the layout alone and with its measures; jitter ours /
    AlignedUMAP's over the frames both have."""
    mine, found = laid["ours"], dict[str, float]()
    for name in laid.keys() & {"fresh", "aligned"}:
        theirs = median(laid[name]["ms"])
        found[f"{name}_time"] = theirs / median(mine["ms"])
        found[f"{name}_time_measured"] = theirs / median(mine["measured_ms"])
    if "local" in laid:
        found["local_time"] = median(mine["ms"]) / median(laid["local"]["ms"])
        found["local_mean_time"] = fmean(mine["ms"]) / fmean(laid["local"]["ms"])
    if "aligned" in laid:
        other = laid["aligned"]["jitter"]
        found["jitter"] = fmean(mine["jitter"][: len(other)]) / fmean(other)
    return found


def targets(laid: Mapping[str, Laid], device: str, points: int) -> list[Found]:
    """Each target of one run with what was measured; those without a rival's figures are left
    out. ``points``: the time is for 2,000."""
    mine, apart, rows = laid["ours"], ratios(laid), []
    if "fresh" in laid:
        below, than = gaps(mine, laid["fresh"]), "below the ceiling"
        rows += [
            target(f"trustworthiness {than}, worst frame", below["trustworthiness_worst"], 0.01),
            target(f"forget fidelity {than}, mean", below["fidelity_mean"], 0.01),
            target(f"forget fidelity {than}, worst frame", below["fidelity_worst"], 0.03),
        ]
        rows += [
            target(f"{name} {than}, mean", below[f"{key}_mean"], 0.02)
            for key, name in (("reach", "reach"), ("triplets", "triplets"))
        ]
    off, order = mine["off"][1:], fmean(mine["group_order"][1:])
    rows += [
        target("centrality, map against embedding, mean", fmean(off), 0.07),
        target("centrality, map against embedding, worst frame", max(off), 0.12),
        target("group order / the best plane's", order / fmean(mine["plane"][1:]), least=0.95),
    ]
    if "local" in laid:
        more = fmean(mine["jitter"]) - fmean(laid["local"]["jitter"])
        rows.append(target("retain jitter above that by neighbours alone", more, 0.05))
        rows.append(target("ms a frame / by neighbours alone, median", apart["local_time"], 1.1))
    if "aligned" in laid:
        rows.append(target("retain jitter / AlignedUMAP's", apart["jitter"], 0.5))
    rows.append(target("noise floor, worst frame", max(mine["noise_floor"]), 0.004))
    note = "" if points == USUAL else f" (set for {USUAL:,} points, here {points:,})"
    name = f"ms a frame, layout, median{note}"
    rows.append(target(name, median(mine["ms"]), limit(FRAME_MS, device)))
    if "aligned" in laid and device == "cpu":
        rows.append(target("AlignedUMAP's time / ours", apart["aligned_time"], least=250.0))
    return rows


def growth_targets(rows: Sequence[Mapping[str, Any]], device: str) -> list[Found]:
    """``rows``: points and ms, ascending. The exponent is that of N from one size to the next."""
    found = []
    for pair in itertools.pairwise(rows):
        (a, b), ms = (row["points"] for row in pair), [median(row["ms"]) for row in pair]
        name = f"growth from {a:,} to {b:,} points: N to the power"
        found.append(target(name, exponent([a, b], ms) or 0.0, 2.0))
    for row in rows:
        if row["points"] == LARGE:
            name = f"ms a frame at {LARGE:,} points, median"
            found.append(target(name, median(row["ms"]), limit(LARGE_MS, device)))
    return found


def run_text(result: Mapping[str, Any]) -> str:
    """One run: what it was, the table of layouts, gaps and ratios, targets."""
    laid = result["layouts"]
    rows = [["approach", "ms / frame", "trustworthiness", "forget fidelity", "centrality off by",
             "group order", "reach", "triplets", "retain jitter", "frames"]]  # fmt: skip
    means = ("trustworthiness", "fidelity", "off", "group_order", "reach", "triplets", "jitter")
    for name in [name for name in TITLES if name in laid]:
        one = laid[name]
        cells = [f"{fmean(one[key]):.4f}" if one[key] else "-" for key in means]
        rows.append([TITLES[name], milliseconds(one), *cells, frames(one["frames"])])
    lines = [f"### {result['title']}", "", result["caption"], "", *table(rows), ""]
    return "\n".join([*lines, *_said(laid), "", *target_table(result["targets"])])


def milliseconds(laid: Laid) -> str:
    """'41 (least 38); with measures 120 (112)': median and least."""
    if not laid["ms"]:
        return "-"
    said = f"{median(laid['ms']):,.4g}"
    if len(laid["ms"]) > 1:
        said += f" (least {min(laid['ms']):,.4g})"
    if "measured_ms" in laid:
        with_all = laid["measured_ms"]
        said += f"; with measures {median(with_all):,.4g} ({min(with_all):,.4g})"
    return said


def frames(taken: Sequence[int]) -> str:
    """'31', or '7 (1 in 5)'."""
    apart = taken[1] - taken[0] if len(taken) > 1 else 1
    return f"{len(taken)}" if apart == 1 else f"{len(taken)} (1 in {apart})"


def _said(laid: Mapping[str, Laid]) -> list[str]:
    lines, apart = [], ratios(laid)
    if "fresh" in laid:
        below, first = gaps(laid["ours"], laid["fresh"]), laid["fresh"]
        each = "; ".join(
            f"{title} mean {below[f'{key}_mean']:.4f}, worst frame {below[f'{key}_worst']:.4f}"
            for key, title in (
                ("trustworthiness", "trustworthiness"),
                ("fidelity", "forget fidelity"),
            )
        )
        lines.append(f"Ours below the ceiling, same frames: {each}.")
        ways = ("seeded", "unseeded")
        both = ", ".join(f"{word} {min(first[f'{word}_ms']):,.0f}" for word in ways)
        used = ways[not first["seeded"]]
        lines.append(f"A fresh fit of the first frame, ms: {both}; used here: {used}.")
    for name, title in (("fresh", "fresh UMAP"), ("aligned", "AlignedUMAP")):
        if f"{name}_time" in apart:
            lines.append(
                f"Time {title} / ours: {apart[f'{name}_time']:.0f} (ours with its measures: "
                f"{apart[f'{name}_time_measured']:.0f})."
            )
    if "local_time" in apart:
        lines.append(
            f"Time ours / by neighbours alone: median {apart['local_time']:.2f}, mean "
            f"{apart['local_mean_time']:.2f}. Retain jitter within classes: "
            f"{fmean(laid['ours']['jitter_within']):.3f}."
        )
    lines.append(f"Group order of the best plane: {fmean(laid['ours']['plane'][1:]):.3f}.")
    if "jitter" in apart:
        lines.append(f"Retain jitter ours / AlignedUMAP's, same frames: {apart['jitter']:.3f}.")
    lines.append(f"Reference layout, once a model: {laid['ours']['reference_s']:.1f} s.")
    return [f"- {line}" for line in lines]


def growth_text(growth: Mapping[str, Any]) -> str:
    rows = [["points", "ms / frame", "trustworthiness", "reference, s", "embeddings"]]
    for one in growth["rows"]:
        trust, seconds = fmean(one["trustworthiness"]), one["reference_s"]
        cells = [f"{one['points']:,}", milliseconds(one), f"{trust:.4f}", f"{seconds:.1f}"]
        rows.append([*cells, one["made"]])
    lines = [f"### Growth ({growth['embeddings']})", "", *table(rows), ""]
    return "\n".join([*lines, *target_table(growth["targets"])])
