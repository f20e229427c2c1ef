"""The result of the papers' bench as Markdown, every printed number under the measured ones."""

from collections.abc import Mapping
from typing import Any

from bench.papers_report import COST, MISSING, OF_MEANS, ON_CLASS, PERCENTS, RHO

MEASURES = {**PERCENTS, **OF_MEANS, **ON_CLASS, **RHO}

Row = Mapping[str, Any]


def text(found: Row, about: str) -> str:
    """The whole report. ``about``: what the columns are, said once."""
    settings = found["settings"]
    facts = ", ".join(f"{name} {value}" for name, value in found["machine"].items() if value)
    lines = [
        f"`{found['command']}`, {found['date']}: {facts}",
        " ".join(about.rpartition("\n\n")[2].split()),
        found["checkpoint"],
        f"Seeds {', '.join(map(str, settings['seeds']))}; mean ± standard deviation.",
    ]
    return "\n\n".join([*lines, *(task_text(one, settings) for one in found["tasks"])])


def task_text(one: Row, settings: Row) -> str:
    parts = [f"### {settings['dataset']}, {settings['model']}, {one['task']}"]
    if one["forget"]:
        parts.append(
            f"{one['forget']['n_forget']:,} to forget, {one['forget']['n_retain']:,} to keep."
        )
    parts.append(table([one["original"], one["retrained"], *one["rows"], *one["described"]]))
    parts.append(notes([*one["rows"], *one["ablations"]], one["not_run"]))
    parts.append("Where forget samples go (retrained in brackets):\n\n" + where(one))
    if one["ablations"]:
        alone = " (in a class task no retained sample has the class: the push is empty)"
        said = f"Ablations of contrastive unlearning{alone if one['kind'] == 'class' else ''}:"
        parts.append(f"{said}\n\n{table(one['ablations'], printed=False)}")
    if one["rules"]:
        parts.append(rules_text(one["rules"]))
    return "\n\n".join(part for part in parts if part)


def table(rows: list[Row], printed: bool = True) -> str:
    """One line a row, and under it what the papers print for this method."""
    heads = ["", *MEASURES.values(), *COST.values()]
    lines = [_line(heads), _line(["---"] + ["---:"] * (len(heads) - 1))]
    for one in rows:
        if "stats" in one:
            lines.append(_line([one["name"], *measured(one)]))
        else:
            lines.append(_line([f"{one['name']} (described, not built)", *[""] * (len(heads) - 1)]))
        lines += [_line(printed_cells(p)) for p in one.get("printed", []) if printed]
    return "\n".join(lines)


def measured(one: Row) -> list[str]:
    found, marks, why = one["stats"], one.get("inside", {}), one.get("reasons", {})
    cells = []
    for key in MEASURES:
        empty = MISSING if key in why else "–"
        star = " *" if marks.get(key) else ""
        cells.append(number(found[key], len(one["seeds"])) + star if key in found else empty)
    images = [found[key]["mean"] for key in ("forward", "backward") if key in found]
    seconds = found.get("seconds")
    return [
        *cells,
        f"{found['steps']['mean']:,.0f}" if "steps" in found else "",
        " + ".join(f"{n:,.0f}" for n in images),
        number(seconds, seconds["n"]) if seconds else "",
    ]


def number(of: Row, seeds: int) -> str:
    """Mean ± standard deviation, and of how many, where not of all ``seeds``."""
    mean = f"{round(of['mean'], 2) + 0.0:.2f}"  # + 0.0: no minus before a zero
    spread = f" ± {of['sd']:.2f}" if of["n"] > 1 and "sd" in of else ""
    return f"{mean}{spread}" + (f" (n = {of['n']})" if of["n"] < seeds else "")


def printed_cells(one: Row) -> list[str]:
    renamed = {"avg_gap": "gap_of_means"}  # what the papers print is the gap of means
    values = {renamed.get(key, key): value for key, value in one["values"].items()}
    cells = [f"{values[key]:.2f}" if key in values else "" for key in MEASURES]
    cost = f"{values['pflops']:.2f} PFLOPs" if "pflops" in values else ""
    told = "; ".join(text for text in (one["about"], cost, one["note"]) if text)
    title = f"&nbsp;&nbsp;printed in {one['source']}, {one['table']}: {told}"
    return [title, *cells, *[""] * len(COST)]


def notes(rows: list[Row], not_run: list[str]) -> str:
    """Each reason once, and whom it concerns."""
    said: dict[str, list[str]] = {}
    for one in rows:
        for key, why in one["reasons"].items():
            said.setdefault(f"{ {**PERCENTS, **RHO}[key] } {why}", []).append(one["name"])
        for fault in one["errors"]:
            said.setdefault(fault, []).append(one["name"])
    everyone = len(rows)
    lines = [
        f"- {why}" + ("" if len(who) == everyone else f" ({', '.join(who)})")
        for why, who in said.items()
    ]
    return "\n".join([*lines, *(f"- {line}" for line in not_run)])


def where(one: Row) -> str:
    lines = []
    for each in (one["retrained"], *one["rows"]):
        goes = ", ".join(
            f"{to['class']} {to['percent']:.1f}"
            + (f" ({to['retrained']:.1f})" if to["retrained"] is not None else "")
            for to in each["goes_to"]
        )
        apart = each["stats"].get("profile_tv")
        far = f"; {apart['mean']:.1f} % of all elsewhere than retrained's" if apart else ""
        if goes:
            lines.append(f"- {each['name']}: {goes} %{far}")
    return "\n".join(lines)


def rules_text(rules: list[Row]) -> str:
    """Where each rule ends a contrastive run; the gap is over RA, UA and TA."""
    lines = [
        "Stopping rules, contrastive. Gap of RA, UA and TA to retrained at snapshots, which see "
        "the probe and 1,000 test samples; retrained is measured on whole sets. For SCRUB+R the "
        "test set stands in for the validation set.\n",
        _line(["rule", "runs it ended", "step", "gap", "gap above the best snapshot's"]),
        _line(["---"] + ["---:"] * 4),
    ]
    for one in rules:
        found = one["stats"]
        cells = (
            [f"{found['step']['mean']:,.0f}", number(found["gap"], found["gap"]["n"])]
            if "gap" in found
            else ["–"] * 2
        )
        above = f"{found['above']['mean']:.2f}" if "above" in found else "–"
        lines.append(_line([one["rule"], f"{one['ended']} of {one['runs']}", *cells, above]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
