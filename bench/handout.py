"""What it costs to hand a run out: seconds and bytes of each format of a digits run of 60 steps.

    python -m bench handout                (--only gif mp4 for some)

The run is that of "Two ways to 0 %: as a whole": a class of digits, contrastive, a picture a step.
Each format is made several times by the function that page and command line call; the first is
counted like the others. What first has to be computed with torch (the recording) is left out.
"""

import argparse
import time
from pathlib import Path

from bench import report
from bench.report import Found, Row
from bench.runs import asked, executed, say, trained
from cu_core.errors import BadRequest
from cu_core.service.catalog import catalog
from cu_core.spec import RunRecord
from cu_core.stage.export import formats
from cu_core.store import Store

MB = 1e6
MOST = {"gif": (10.0, 6.0), "mp4": (15.0, 4.0)}  # seconds and MB that are asked for


def main(argv: list[str]) -> int:
    options = report.Options("handout", __doc__)
    known = [kind.key for kind in formats().values() if kind.prepare is None]
    add = options.add_argument
    add("--quick", action="store_true", help="few steps of a hardly trained model, once")
    add("--only", nargs="+", metavar="FORMAT", help="these alone")
    options.sized("--times", 5, 1, "that each format is made")
    options.sized("--steps", 60, 4, "of unlearning, a picture each")
    read = options.read(argv)
    if unknown := set(read.only or ()) - {*known}:
        raise BadRequest(f"No format is {', '.join(unknown)}; there are: {', '.join(known)}.")
    read.formats = read.only or known
    return report.run("handout", argv, read, measure, text)


def measure(options: argparse.Namespace, home: Path) -> Found:
    request = asked(
        dataset="digits",
        forget="class:5",
        method="contrastive",
        max_steps=options.steps,
        every=1,
        **({"train_epochs": 1, "reference": False} if options.quick else {}),
    )
    store = Store(home)
    store.save_catalog(catalog(home))
    say("training and unlearning")
    trained(store, request)
    with executed(store, request) as record:
        frames = len(store.reader(record.run_id).snapshots())
        rows = [made(store, record, key, options.times) for key in options.formats]
    return {"rows": rows, "frames": frames, "targets": [t for row in rows for t in targets(row)]}


def made(store: Store, record: RunRecord, key: str, times: int) -> Found:
    """The seconds of each time, and how many bytes the file has."""
    say(key)
    seconds, size = [], 0
    for _ in range(times):
        began = time.perf_counter()
        size = len(formats()[key].make(store, record))
        seconds.append(time.perf_counter() - began)
    return {"format": key, "seconds": seconds, "bytes": size}


def targets(row: Row) -> list[Found]:
    """Of a format of which something is asked."""
    if row["format"] not in MOST:
        return []
    seconds, size = MOST[row["format"]]
    median = report.spread(row["seconds"])["median"]
    return [
        report.target(f"seconds of {row['format']}", median, most=seconds),
        report.target(f"MB of {row['format']}", row["bytes"] / MB, most=size),
    ]


def text(found: Row) -> str:
    rows = [["format", "seconds, median", "range", "MB"]]
    for row in found["rows"]:
        spread = report.spread(row["seconds"])
        low, median, high = (f"{spread[name]:.2f}" for name in ("low", "median", "high"))
        rows.append([row["format"], median, f"{low} to {high}", f"{row['bytes'] / MB:.3f}"])
    times = len(found["rows"][0]["seconds"])
    said = f"{found['frames']} frames, each format made {times} times."
    lines = [said, "", *report.table(rows), "", *report.target_table(found["targets"])]
    return "\n".join([*lines, "", report.circumstances(found)])
