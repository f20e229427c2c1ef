"""The result of the papers' bench as Markdown, every printed number under the measured ones."""

from bench.papers_report import COST, MISSING, OF_MEANS, ON_CLASS, PERCENTS, RHO
from bench.report import Row, circumstances, table

MEASURES = {**PERCENTS, **OF_MEANS, **ON_CLASS, **RHO}

RULES = (
    "Stopping rules, contrastive. Gap of RA, UA and TA to retrained at snapshots, which see "
    "the probe and 1,000 test samples; retrained is measured on whole sets. For SCRUB+R the "
    "test set stands in for the validation set."
)


def text(found: Row, about: str) -> str:
    """The whole report. ``about``: what the columns are, said once."""
    settings = found["settings"]
    lines = [
        circumstances(found),
        " ".join(about.rpartition("\n\n")[2].split()),
        found["checkpoint"],
        f"Seeds {', '.join(map(str, settings['seeds']))}; mean ± standard deviation.",
    ]
    return "\n\n".join([*lines, *(task_text(one, settings) for one in found["tasks"])])


def task_text(one: Row, settings: Row) -> str:
    parts, sizes = [f"### {settings['dataset']}, {settings['model']}, {one['task']}"], one["forget"]
    if sizes:
        parts.append(f"{sizes['n_forget']:,} to forget, {sizes['n_retain']:,} to keep.")
    parts.append(rows_text([one["original"], one["retrained"], *one["rows"], *one["described"]]))
    parts.append(notes([*one["rows"], *one["ablations"]], one["not_run"]))
    parts.append("Where forget samples go (retrained in brackets):\n\n" + where(one))
    if one["ablations"]:
        alone = " (in a class task no retained sample has the class: the push is empty)"
        said = f"Ablations of contrastive unlearning{alone if one['kind'] == 'class' else ''}:"
        parts.append(f"{said}\n\n{rows_text(one['ablations'], printed=False)}")
    if one["rules"]:
        parts.append(rules_text(one["rules"]))
    return "\n\n".join(part for part in parts if part)


def rows_text(rows: list[Row], printed: bool = True) -> str:
    """One line a row, and under it what the papers print for this method."""
    lines = [["", *MEASURES.values(), *COST.values()]]
    for one in rows:
        cells = measured(one) if "stats" in one else [""] * (len(lines[0]) - 1)
        lines.append([one["name"] + " (described, not built)" * ("stats" not in one), *cells])
        lines += [printed_cells(p) for p in one.get("printed", []) if printed]
    return "\n".join(table(lines, "---:"))


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
    lines = [["rule", "runs it ended", "step", "gap", "gap above the best snapshot's"]]
    for one in rules:
        cells, of = ["–"] * 3, one["stats"]
        if "gap" in of:
            cells = [f"{of['step']['mean']:,.0f}", number(of["gap"], of["gap"]["n"])]
            cells += [f"{of['above']['mean']:.2f}"]
        lines.append([one["rule"], f"{one['ended']} of {one['runs']}", *cells])
    return f"{RULES}\n\n" + "\n".join(table(lines, "---:"))
