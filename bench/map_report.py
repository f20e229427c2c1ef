"""What the frames of several layouts amount to: means, gaps, ratios, targets, and their tables."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Laid = Mapping[str, Any]
Target = dict[str, Any]

TITLES = {
    "ours": "ours",
    "solid": "ours, 3-D",
    "fresh": "fresh UMAP per frame (the ceiling)",
    "aligned": "`umap.AlignedUMAP`",
    "transform": "UMAP fitted on frame 0, then `transform`",
}
FRAME_MS = {"cpu": 33.0, "cuda": 5.0}  # of 2,000 points
LARGE_MS = {"cpu": 1500.0, "cuda": 33.0}  # of 20,000 points
LARGE, USUAL = 20_000, 2_000  # points


def gaps(mine: Laid, ceiling: Laid) -> dict[str, float]:
    """How far ours lies below the ceiling on the frames both have: the mean, and the worst."""
    at = {frame: i for i, frame in enumerate(mine["frames"])}
    found = {}
    for measure in ("trustworthiness", "fidelity"):
        own = [mine[measure][at[frame]] for frame in ceiling["frames"]]
        below = [c - o for o, c in zip(own, ceiling[measure], strict=True)]
        found |= {f"{measure}_mean": statistics.mean(below), f"{measure}_worst": max(below)}
    return found


def ratios(laid: Mapping[str, Laid]) -> dict[str, float]:
    """Times theirs / ours, medians, by the layout alone and with its measures; jitter ours /
    AlignedUMAP's over the frames both have."""
    mine, found = laid["ours"], {}
    for name in ("fresh", "aligned"):
        if name in laid:
            theirs = statistics.median(laid[name]["ms"])
            found[f"{name}_time"] = theirs / statistics.median(mine["ms"])
            found[f"{name}_time_measured"] = theirs / statistics.median(mine["measured_ms"])
    if "aligned" in laid:
        other = laid["aligned"]["jitter"]
        found["jitter"] = statistics.mean(mine["jitter"][: len(other)]) / statistics.mean(other)
    return found


def targets(laid: Mapping[str, Laid], device: str, points: int) -> list[Target]:
    """Each target of one run with what was measured; those without a rival's figures are left
    out. ``points``: the time is for 2,000."""
    mine, apart = laid["ours"], ratios(laid)
    rows = []
    if "fresh" in laid:
        below = gaps(mine, laid["fresh"])
        rows += [
            at_most("trustworthiness below the ceiling, worst frame", 0.01,
                    below["trustworthiness_worst"]),
            at_most("forget fidelity below the ceiling, mean", 0.01, below["fidelity_mean"]),
            at_most("forget fidelity below the ceiling, worst frame", 0.03,
                    below["fidelity_worst"]),
        ]  # fmt: skip
    rows.append(at_most("retain jitter", 0.02, statistics.mean(mine["jitter"])))
    if "aligned" in laid:
        rows.append(at_most("retain jitter / AlignedUMAP's", 0.2, apart["jitter"]))
    rows.append(at_most("noise floor, worst frame", 0.004, max(mine["noise_floor"])))
    limit = FRAME_MS["cpu" if device == "cpu" else "cuda"]
    note = "" if points == USUAL else f" (set for {USUAL:,} points, here {points:,})"
    rows.append(at_most(f"ms a frame, layout, median{note}", limit, statistics.median(mine["ms"])))
    if "aligned" in laid and device == "cpu":
        rows.append(at_least("AlignedUMAP's time / ours", 250.0, apart["aligned_time"]))
    return rows


def growth_targets(rows: Sequence[Mapping[str, Any]], device: str) -> list[Target]:
    """``rows``: points and ms, ascending. The exponent is that of N from one size to the next."""
    found = []
    for a, b in itertools.pairwise(rows):
        power = math.log(statistics.median(b["ms"]) / statistics.median(a["ms"]))
        power /= math.log(b["points"] / a["points"])
        name = f"growth from {a['points']:,} to {b['points']:,} points: N to the power"
        found.append(at_most(name, 2.0, power))
    limit = LARGE_MS["cpu" if device == "cpu" else "cuda"]
    found += [
        at_most(f"ms a frame at {LARGE:,} points, median", limit, statistics.median(row["ms"]))
        for row in rows
        if row["points"] == LARGE
    ]
    return found


def at_most(name: str, limit: float, value: float) -> Target:
    return {"name": name, "target": f"≤ {limit:g}", "value": value, "met": value <= limit}


def at_least(name: str, limit: float, value: float) -> Target:
    return {"name": name, "target": f"≥ {limit:g}", "value": value, "met": value >= limit}


def run_text(result: Mapping[str, Any]) -> str:
    """One run: what it was, the table of layouts, gaps and ratios, targets."""
    laid = result["layouts"]
    lines = [f"### {result['title']}", "", result["caption"], ""]
    lines += [
        "| approach | ms / frame | trustworthiness | forget fidelity | retain jitter | frames |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    lines += [_row(name, laid[name]) for name in TITLES if name in laid]
    lines += ["", *_said(laid), "", *target_table(result["targets"])]
    return "\n".join(lines)


def _row(name: str, laid: Laid) -> str:
    cells = [TITLES[name], milliseconds(laid)]
    cells += [f"{statistics.mean(laid[key]):.4f}" for key in ("trustworthiness", "fidelity")]
    jitter = laid["jitter"]
    cells += [f"{statistics.mean(jitter):.4f}" if jitter else "-", frames(laid["frames"])]
    return "| " + " | ".join(cells) + " |"


def milliseconds(laid: Laid) -> str:
    """'41 (least 38); with measures 120 (112)': median and least."""
    if not laid["ms"]:
        return "-"
    said = f"{statistics.median(laid['ms']):,.4g} (least {min(laid['ms']):,.4g})"
    if len(laid["ms"]) == 1:
        said = f"{laid['ms'][0]:,.4g}"
    if "measured_ms" in laid:
        with_all = laid["measured_ms"]
        said += f"; with measures {statistics.median(with_all):,.4g} ({min(with_all):,.4g})"
    return said


def frames(taken: Sequence[int]) -> str:
    """'31', or '7 (1 in 5)'."""
    apart = taken[1] - taken[0] if len(taken) > 1 else 1
    return f"{len(taken)}" if apart == 1 else f"{len(taken)} (1 in {apart})"


def _said(laid: Mapping[str, Laid]) -> list[str]:
    mine, lines = laid["ours"], []
    if "fresh" in laid:
        below = gaps(mine, laid["fresh"])
        lines.append(
            "Ours below the ceiling, same frames: trustworthiness mean "
            f"{below['trustworthiness_mean']:.4f}, worst frame "
            f"{below['trustworthiness_worst']:.4f}; forget fidelity mean "
            f"{below['fidelity_mean']:.4f}, worst frame {below['fidelity_worst']:.4f}."
        )
        both = [
            f"{word} {min(laid['fresh'][f'{word}_ms']):,.0f}" for word in ("seeded", "unseeded")
        ]
        used = "seeded" if laid["fresh"]["seeded"] else "unseeded"
        lines.append(f"A fresh fit of the first frame, ms: {', '.join(both)}; used here: {used}.")
    apart = ratios(laid)
    for name, title in (("fresh", "fresh UMAP"), ("aligned", "AlignedUMAP")):
        if f"{name}_time" in apart:
            lines.append(
                f"Time {title} / ours: {apart[f'{name}_time']:.0f} (ours with its measures: "
                f"{apart[f'{name}_time_measured']:.0f})."
            )
    if "jitter" in apart:
        lines.append(f"Retain jitter ours / AlignedUMAP's, same frames: {apart['jitter']:.3f}.")
    lines.append(f"Reference layout, once a model: {mine['reference_s']:.1f} s.")
    return [f"- {line}" for line in lines]


def target_table(rows: Sequence[Target]) -> list[str]:
    if not rows:
        return []
    table = ["| target | wanted | measured | met |", "|---|---|---|---|"]
    for row in rows:
        said = "yes" if row["met"] else "no"
        table.append(f"| {row['name']} | {row['target']} | {row['value']:,.4g} | {said} |")
    return table


def growth_text(growth: Mapping[str, Any]) -> str:
    lines = [f"### Growth ({growth['embeddings']})", ""]
    lines += ["| points | ms / frame | trustworthiness | reference, s | embeddings |"]
    lines += ["|---|---|---|---|---|"]
    for row in growth["rows"]:
        lines.append(
            f"| {row['points']:,} | {milliseconds(row)} | "
            f"{statistics.mean(row['trustworthiness']):.4f} | {row['reference_s']:.1f} | "
            f"{row['made']} |"
        )
    return "\n".join([*lines, "", *target_table(growth["targets"])])
