"""How every measurement is asked, what it says of itself, and how its tables look."""

import argparse
import json
import math
import os
import platform
import shlex
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from bench.runs import BEGAN
from cu_core.engine import pick_device
from cu_core.models.calibrate import processor

PACKAGES = ("torch", "torchvision", "umap-learn", "numba", "numpy", "scikit-learn")

Found = dict[str, Any]
Row = Mapping[str, Any]


class Options(argparse.ArgumentParser):
    """Of ``python -m bench NAME``, explained by the first line of its docstring."""

    def __init__(self, bench: str, doc: str | None) -> None:
        first = (doc or "").partition("\n")[0]
        super().__init__(prog=f"python -m bench {bench}", description=first)
        self.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
        self._sizes: dict[str, tuple[Any, Any]] = {}

    def sized(self, flag: str, usual: Any, quick: Any, help: str) -> None:
        """One with another value under ``--quick``. None: whatever is usual where it is used."""
        one = quick if usual is None else usual
        kind = (
            {"type": type(one[0]), "nargs": "+"} if isinstance(one, list) else {"type": type(one)}
        )
        said = [" ".join(map(str, v)) if isinstance(v, list) else v for v in (usual, quick)]
        told = f"{help} ({'' if usual is None else f'{said[0]}; '}quick: {said[1]})"
        self._sizes[self.add_argument(flag, help=told, **kind).dest] = (usual, quick)

    def device(self, default: str = "auto") -> None:
        self.add_argument("--device", default=default, choices=["auto", "cuda", "mps", "cpu"])

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        options = self.parse_args(argv)
        for name, both in self._sizes.items():
            if getattr(options, name) is None:
                setattr(options, name, both[options.quick])
        if "device" in options:
            options.device = pick_device(options.device)
        return options


def run(
    bench: str,
    argv: Sequence[str],
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace, Path], Found],
    text: Callable[[Found], str],
) -> int:
    """Measures in the home folder asked for, or in one that is gone afterwards, and prints it."""
    with tempfile.TemporaryDirectory(dir=vars(options).get("scratch")) as scratch:
        found = measure(options, Path(vars(options).get("home") or scratch))
    found = {
        "bench": bench,
        "command": shlex.join(["python", "-m", "bench", bench, *argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **found,
        "machine": machine(options) | found.get("machine", {}),
        "settings": vars(options),
        "seconds": {
            "wall": round(time.perf_counter() - BEGAN, 1),
            "of all cores": round(time.process_time(), 1),
        },
    }
    print(json.dumps(found) if options.json else text(found))
    return 1 if found.get("faults") else 0


def machine(options: argparse.Namespace) -> Found:
    """What the numbers were measured on."""
    on_gpu = vars(options).get("device", "cpu").startswith("cuda") and torch.cuda.is_available()
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if on_gpu else None,
        "torch threads": torch.get_num_threads(),
        "numba threads": _numba_threads(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    """None where it is not installed: most measurements need not all of them."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numba_threads() -> int | None:
    try:
        import numba
    except ModuleNotFoundError:
        return None
    return int(numba.get_num_threads())


def circumstances(found: Row) -> str:
    """The command that gave the numbers, the date (UTC), the machine, the seconds."""
    facts = {**found["machine"], **{f"{name}, s": s for name, s in found["seconds"].items()}}
    said = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    return f"`{found['command']}`, {found['date']}:\n{said}"


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The k of value ~ size^k, by least squares of the logarithms; None without two sizes, or where
    a value is not above 0."""
    if len(set(sizes)) < 2 or min(values) <= 0:
        return None
    x, y = ([math.log(each) for each in both] for both in (sizes, values))
    return statistics.linear_regression(x, y).slope


def target(
    name: str, value: float, most: float | None = None, least: float | None = None, note: str = ""
) -> Found:
    """A measured value beside what is asked of it; ``met`` is None where nothing is."""
    limit, sign = (most, "≤") if least is None else (least, "≥")
    met = None if limit is None else value <= limit if least is None else value >= limit
    wanted = "" if limit is None else f"{sign} {limit:g}"
    return {"name": name, "target": wanted, "value": value, "met": met, "note": note}


def target_table(rows: Sequence[Row]) -> list[str]:
    """No lines where there is no target."""
    lines = []
    for one in rows:
        met = {True: "yes", False: "no", None: "-"}[one["met"]]
        lines.append([one["name"], one["target"], f"{one['value']:,.4g}", met, one["note"]])
    width = 5 if any(one["note"] for one in rows) else 4
    heads = ["target", "wanted", "measured", "met", ""]
    return table([cells[:width] for cells in (heads, *lines)]) if rows else []


def table(rows: Sequence[Sequence[str]], rule: str = "---") -> list[str]:
    """Lines of Markdown; the first row is the head. ``rule``: of all columns but the first."""
    head, *body = rows
    return [
        f"| {' | '.join(cells)} |" for cells in (head, ["---", *[rule] * (len(head) - 1)], *body)
    ]


def number(value: Any) -> str:
    """Three digits of a fraction, all of a count, and a word as it is."""
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
