"""Exponents of growth, and the tables as text."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The k of value ~ size^k, by least squares of the logarithms; None without two sizes, or where
    a value is not above 0."""
    if len(set(sizes)) < 2 or min(values) <= 0:
        return None
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - mean_x) ** 2 for a in x)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / across


def table(name: str, title: str, axis: str, rows: Sequence[Row], note: str = "") -> dict[str, Any]:
    """The rows with, for each column of numbers, how it grows along the axis over all rows, and
    from the last size but one to the last: there a fixed cost hides less of it."""
    sound = [row for row in rows if "error" not in row]
    graded = bool(sound) and _numbers(sound, axis)
    columns = [c for c in sound[0] if c != axis and _numbers(sound, c)] if graded else []
    growth: dict[str, Any] = {}
    for column in columns:
        sizes, values = [row[axis] for row in sound], [row[column] for row in sound]
        last = exponent(sizes[-2:], values[-2:])
        growth[column] = {"all": exponent(sizes, values), "last two": last}
    return {"name": name, "title": title, "axis": axis, "rows": list(rows), "note": note} | {
        "exponents": growth
    }


def _numbers(rows: Sequence[Row], column: str) -> bool:
    return all(isinstance(row.get(column), int | float) for row in rows)


def text(found: Mapping[str, Any]) -> str:
    parts = [f"`{found['command']}`, {found['date']}, {found['seconds']:.0f} s:"]
    facts = found["machine"]
    parts.append(", ".join(f"{name} {value}" for name, value in facts.items()))
    parts += [_table(it) for it in found["tables"]]
    parts += [f"- {line}" for line in found["not_run"]]
    parts.append("\n".join(_target(it) for it in found["targets"]))
    return "\n\n".join(parts)


def _table(it: Mapping[str, Any]) -> str:
    columns = list(dict.fromkeys(name for row in it["rows"] for name in row))
    lines = [f"## {it['title']}", "", it["note"], ""] if it["note"] else [f"## {it['title']}", ""]
    lines += [_line(columns), _line(["---"] * len(columns))]
    lines += [_line([_number(row.get(c, "")) for c in columns]) for row in it["rows"]]
    for which in ("all", "last two"):
        grown = {c: values[which] for c, values in it["exponents"].items()}
        cells = ["" if grown.get(c) is None else f"{grown[c]:.2f}" for c in columns[1:]]
        if any(cells):
            lines.append(_line([f"exponent, {which}", *cells]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _number(value: Any) -> str:
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _target(it: Mapping[str, Any]) -> str:
    met = "met" if it["met"] else "NOT met"
    return f"- {it['what']}: {it['measured']:.0f} MB, at most {it['limit']:.0f} MB: {met}"
