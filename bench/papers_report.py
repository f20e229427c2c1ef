"""What the cells amount to: means over seeds, gaps to the retrained band, the papers' numbers."""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench import papers_rules
from cu_core.metrics.gap import ACCURACIES, COUN, avg_gap, void

Cells = Sequence[Mapping[str, Any]]
Printed = dict[str, list[dict[str, Any]]]  # method -> rows
Stats = dict[str, dict[str, float]]  # key -> mean, sd, low, high (but of a single value), n

PERCENTS = {"ra": "RA", "ua": "UA", "ta": "TA", "mia_efficacy": "MIA", "avg_gap": "Avg. Gap"}
PERCENTS |= {"avg_gap_without_mia": "without MIA"}
OF_MEANS = {"gap_of_means": "of means"}
ON_CLASS = {"forget_acc_test": "class, test"}
RHO = {"rho_knn": "rho 15-nn", "rho_linear": "rho linear"}
COST = {"steps": "steps", "images": "images forward + backward", "seconds": "seconds"}
SHARE = "prediction_share/"
MISSING = "not computed"
TOP = 3
TABLES = Path(__file__).with_name("papers_tables.yaml")
USUAL = "resnet18"  # what both papers print most of
DESCRIBED = ("lcodec",)  # in the papers' tables, and not built: see docs/METHODS.md


def task_result(
    options: argparse.Namespace, rule: str, cells: Mapping[str, Cells], costs: Cells
) -> dict[str, Any]:
    """Rows of the three tables of one task. ``costs``: what each retrained reference took."""
    everyone = [cell for part in cells.values() for cell in part if "error" not in cell]
    of = {"class_names": [], "forget": None, **(everyone[0] if everyone else {})}
    kind = of["forget"]["kind"] if of["forget"] else rule.partition(":")[0]
    printed, names = find(options.dataset, options.model, rule, kind), of["class_names"]
    seeds = sorted({seed(cell) for cell in everyone})
    retrained = by_seed(everyone, "retrained")
    ideal = stats(retrained)
    ends = {"original": stats(by_seed(everyone, "original")), "retrained": ideal | costs_of(costs)}
    return {
        "kind": kind,
        "forget": of["forget"],
        **{
            name: {"name": name, "stats": found, "seeds": seeds, "printed": printed.get(name, [])}
            | {"goes_to": goes_to(found, ideal, names)}
            for name, found in ends.items()
        },
        "rows": sorted_rows(
            [row(each, retrained, names, printed) for each in grouped(cells["methods"])]
        ),
        "ablations": [row(each, retrained, names, printed) for each in grouped(cells["ablations"])],
        "rules": rules(cells["rules"]),
        "described": [
            {"name": name, "printed": printed[name]} for name in DESCRIBED if name in printed
        ],
    }


def grouped(cells: Cells, by: str = "name") -> list[list[Mapping[str, Any]]]:
    """The cells of each row, in the order of the first ones."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        found.setdefault(cell[by], []).append(cell)
    return list(found.values())


def by_seed(cells: Cells, which: str) -> list[Mapping[str, Any]]:
    """The measures of a reference, one for each seed (the last cell's: it saw all references)."""
    found = {seed(cell): cell[which] for cell in cells if cell.get(which)}
    return [found[one] for one in sorted(found)]


def seed(cell: Mapping[str, Any]) -> int:
    """Of the original and the retrained model."""
    return int(cell["request"]["model_seed"])


def row(
    cells: Cells,
    retrained: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    printed: Mapping[str, Any],
) -> dict[str, Any]:
    """One method: statistics over its seeds, where its forget samples went, what is printed."""
    sound = [cell for cell in cells if "error" not in cell]
    centre = {key: one["mean"] for key, one in stats(retrained).items()}
    without = void(retrained)
    found = stats([cell["metrics"] | gaps(cell["metrics"], centre, without) for cell in sound])
    found |= costs_of(sound)
    gap = gaps({key: one["mean"] for key, one in found.items()}, centre, without)["avg_gap"]
    if gap is not None:
        found["gap_of_means"] = {"mean": gap, "n": min(found[key]["n"] for key in COUN)}
    method = cells[0]["request"]["method"]
    return {
        "name": cells[0]["name"],
        "method": method,
        "seeds": [seed(cell) for cell in sound],
        "stats": found,
        "inside": inside(found, stats(retrained), without),
        "goes_to": goes_to(found, stats(retrained), names),
        "reasons": reasons(sound, found, without),
        "printed": printed.get(method, []),
        "errors": [f"seed {seed(c)}: {c['error']}" for c in cells if "error" in c],
    }


def stats(values: Sequence[Mapping[str, Any]]) -> Stats:
    """Mean, standard deviation (of a sample; 0 of one), lowest and highest of every number."""
    keys = dict.fromkeys(key for one in values for key in one)
    found: Stats = {}
    for key in keys:
        there = [one[key] for one in values if one.get(key) is not None]
        if there:
            sd = statistics.stdev(there) if len(there) > 1 else 0.0
            found[key] = {"mean": statistics.fmean(there), "sd": sd}
            found[key] |= {"low": min(there), "high": max(there), "n": len(there)}
    return found


def costs_of(cells: Cells) -> Stats:
    """Of what the runs (or trainings) took."""
    keys = ("steps", "forward", "backward", "seconds")
    return stats([{key: cell.get(key) for key in keys} for cell in cells])


def gaps(
    values: Mapping[str, Any], centre: Mapping[str, Any], without: Mapping[str, str]
) -> dict[str, float | None]:
    """Avg. Gap, None where its attack is void (``without``), and the same of the accuracies."""
    four = None if "mia_efficacy" in without else avg_gap(values, centre)
    return {"avg_gap": four, "avg_gap_without_mia": avg_gap(values, centre, ACCURACIES)}


def sorted_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the gap: CoUn's where every row has it, else that without MIA; without a gap, last."""
    own = [one["stats"] for one in rows if one["stats"]]
    key = "avg_gap" if all("avg_gap" in one for one in own) else "avg_gap_without_mia"
    return sorted(rows, key=lambda one: one["stats"].get(key, {}).get("mean", float("inf")))


def inside(found: Stats, retrained: Stats, without: Mapping[str, str]) -> dict[str, bool]:
    """Of RA, UA, TA, MIA: does the mean lie between the lowest and highest retrained seed? Of a
    single run, and by an attack that is void, nothing is said."""
    return {
        key: retrained[key]["low"] <= found[key]["mean"] <= retrained[key]["high"]
        for key in PERCENTS
        if key in found and key not in without and found[key]["n"] > 1
        if retrained.get(key, {}).get("n", 0) > 1
    }


def reasons(cells: Cells, found: Stats, without: Mapping[str, str]) -> dict[str, str]:
    """Why a column is empty, or a mean over fewer seeds than there are."""
    if not cells:
        return {}  # no run ended: its error says why
    given = {k: v for cell in cells for k, v in (cell.get("reasons") or {}).items()}
    attack = without.get("mia_efficacy")
    given["avg_gap"] = f"{MISSING}: " + (f"MIA is void, {attack}" if attack else "it needs MIA")
    usual = f"{MISSING}: there is no measure of this name"
    why = {}
    for key in (*PERCENTS, *RHO):
        lack = len(cells) - found.get(key, {}).get("n", 0)
        if lack:
            of = "" if lack == len(cells) else f" for {lack} of {len(cells)} seeds"
            why[key] = given.get(key, usual).replace(MISSING, f"{MISSING}{of}", 1)
    return why


def goes_to(found: Stats, retrained: Stats, names: Sequence[str]) -> list[dict[str, Any]]:
    """The classes that take in most forget samples: percent, beside the retrained models'."""
    shares = [
        (c, found[f"{SHARE}{c}"]["mean"]) for c in range(len(names)) if f"{SHARE}{c}" in found
    ]
    top = [pair for pair in sorted(shares, key=lambda pair: -pair[1]) if pair[1] > 0][:TOP]
    return [
        {"class": names[c], "percent": share}
        | {"retrained": retrained.get(f"{SHARE}{c}", {}).get("mean")}
        for c, share in top
    ]


def rules(cells: Cells) -> list[dict[str, Any]]:
    """Each rule over the seeds: mean step and gap, and how often it ended the run at all."""
    stops = [stop for cell in cells if "error" not in cell for stop in papers_rules.stops(cell)]
    return [
        {"rule": one[0]["rule"], "runs": len(one), "ended": sum(s["step"] is not None for s in one)}
        | {"stats": stats([{k: v for k, v in s.items() if k != "rule"} for s in one])}
        for one in grouped(stops, "rule")
    ]


# --- what the papers print --------------------------------------------------------------------


def find(dataset: str, model: str, rule: str, kind: str) -> Printed:
    """What is printed about this kind of task, on this data set where the papers have it and on
    CIFAR-10 otherwise; of the same network where there is one, of ResNet-18 otherwise."""
    flat = dataset.lower().replace("-", "").replace("_", "")
    wanted = "CIFAR-100" if "cifar100" in flat else "CIFAR-10"
    share = float(rule.partition(":")[2]) if rule.startswith("random:") else None
    found: Printed = {}
    for table in yaml.safe_load(TABLES.read_text()):
        same = table["kind"] == kind and table.get("share", share) == share
        if table["dataset"] == wanted and same:
            network = model if model in table["rows"] else USUAL
            for method, numbers in table["rows"].get(network, {}).items():
                found.setdefault(method, []).append(_printed(table, network, method, numbers))
    return found


def _printed(
    table: Mapping[str, Any], network: str, method: str, numbers: list[Any]
) -> dict[str, Any]:
    values = {k: v for k, v in zip(table["columns"], numbers, strict=True) if v is not None}
    if "forget_acc_train" in values:
        values["ua"] = round(100 - values["forget_acc_train"], 2)
    return {
        "source": table["source"],
        "table": table["table"],
        "about": f"{table['dataset']}, {network}, {table['task']}",
        "values": values,
        "note": (table.get("notes") or {}).get(f"{network}/{method}", ""),
    }
