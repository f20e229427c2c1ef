"""The recorded runs of the app, made anew by the commands that stand in their files.

    python -m bench gallery                 (every one; --only NAME ... for some)

Each runs in a home folder of its own, by the command line as a person would type it, is exported
and packed into ``assets/gallery``. Fails where a command does, or where a file is too large.
"""

import argparse
import gzip
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

from bench import report
from bench.runs import say
from cu_core.errors import BadRequest
from cu_core.stage import gallery

MOST, MOST_TOGETHER = 1.6, 8.0  # MB (1e6 bytes)


def main(argv: list[str]) -> int:
    options = report.Options("gallery", __doc__)
    known = sorted(path.stem for path in gallery.FOLDER.glob("*.toml"))
    options.add_argument("--only", nargs="+", metavar="NAME", help="these alone")
    read = options.read(argv)
    if unknown := set(read.only or ()) - {*known}:
        raise BadRequest(f"No run is called {', '.join(unknown)}; there are: {', '.join(known)}.")
    return report.run("gallery", argv, read, measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    names = options.only or sorted(path.stem for path in gallery.FOLDER.glob("*.toml"))
    rows = [made(name, home / name) for name in names]
    together = sum(_megabytes(path) for path in gallery.FOLDER.glob(f"*{gallery.ENDING}"))
    sizes = [report.target(row["name"], row["MB"], most=MOST) for row in rows if not row["fault"]]
    sizes.append(report.target("all of the folder", together, most=MOST_TOGETHER))
    faults = [f"{row['name']}: {row['fault']}" for row in rows if row["fault"]]
    faults += [f"{one['name']} is too large" for one in sizes if one["met"] is False]
    return {"rows": rows, "sizes_MB": sizes, "faults": faults}


def made(name: str, home: Path) -> report.Found:
    """One recording, written only when all of its commands have run."""
    entry, began = gallery.entry(name), time.monotonic()
    row: report.Found = {"name": name, "order": entry.order, "command": entry.commands[-1]}
    say(name)
    run = ""
    for command in entry.commands:
        done = _lethe(command, home)
        if done.returncode:
            return row | {"fault": done.stderr.strip().splitlines()[-1]}
        run = json.loads(done.stdout)["run_id"]
    raw = home / f"{name}{gallery.ENDING}"
    done = _lethe(f"lethe export {run} --recording {shlex.quote(str(raw))}", home)
    if done.returncode:
        return row | {"fault": done.stderr.strip().splitlines()[-1]}
    path = gallery.FOLDER / raw.name
    path.write_bytes(gzip.compress(raw.read_bytes(), mtime=0))
    found = gallery.recording(name)
    facts = {"figure": found.figure, "frames": found.header["total"], "MB": _megabytes(path)}
    missing = "" if found.figure else f"the run has no value of {entry.figure}"
    return row | facts | {"seconds": round(time.monotonic() - began, 1), "fault": missing}


def _lethe(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    _, verb, *words = shlex.split(command)
    asked = [sys.executable, "-m", "cu_core", verb, *words, "--json", "--home", str(home)]
    return subprocess.run(asked, capture_output=True, text=True)


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 3)


def text(found: report.Row) -> str:
    heads = ["run", "frames", "MB", "s", "its figure", "made by"]
    rows = [
        _cells(r) for r in sorted(found["rows"], key=lambda row: row["order"]) if not r["fault"]
    ]
    faults = [f"\n**{fault}**" for fault in found["faults"]]
    sizes = report.target_table(found["sizes_MB"])
    lines = [*report.table([heads, *rows]), "", *sizes, *faults, "", report.circumstances(found)]
    return "\n".join(lines)


def _cells(row: report.Row) -> list[str]:
    sizes = [str(row["frames"]), f"{row['MB']:.2f}", f"{row['seconds']:.0f}"]
    return [row["name"], *sizes, row["figure"], f"`{row['command']}`"]
