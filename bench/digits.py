"""Forgets three classes of digits, one after another, and prints what a reader asks first:
forget accuracy, test accuracy beside the retrained model's, the probe, and seconds.

    python -m bench digits --home HOME
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import report
from bench.runs import booked

CLASSES = (3, 5, 8)
COLUMNS = ("class", "forget test", "TA", "TA retrained", "probe", "probe retrained", "frames")


def main(argv: list[str]) -> int:
    options = report.Options("digits", __doc__)
    options.add_argument("--home", help="where models and runs are kept (else nowhere)")
    return report.run("digits", argv, options.read(argv), measure, text)


def measure(_options: argparse.Namespace, home: Path) -> report.Found:
    return {"rows": [unlearn(home, label) for label in CLASSES]}


def unlearn(home: Path, label: int) -> dict[str, Any]:
    """The record of a run, and the wall seconds of the whole command."""
    words = f"-m cu_core unlearn --dataset digits --forget class:{label} --json --home".split()
    for _ in range(2):  # the first trains what is missing; the second is the run alone
        found: dict[str, Any] = {}
        with booked(found, "command_s"):
            done = subprocess.run(
                [sys.executable, *words, str(home)], check=True, capture_output=True, text=True
            )
    return {"class": label, "record": json.loads(done.stdout), **found}


def text(found: report.Row) -> str:
    rows = [[*COLUMNS, "run s", "command s"]]
    for one in found["rows"]:
        record = one["record"]
        now, ideal = record["metrics"], record["retrained"]
        values = [now["forget_acc_test"], now["ta"], ideal["ta"]]
        values += [now["knn_probe_forget"], ideal["knn_probe_forget"]]
        cells = [str(one["class"]), *(f"{value:.1f}" for value in values), str(record["steps"] + 1)]
        seconds = (sum(record["seconds"].values()), one["command_s"])
        rows.append([*cells, *(f"{s:.1f}" for s in seconds)])
    return "\n".join([*report.table(rows), "", report.circumstances(found)])
