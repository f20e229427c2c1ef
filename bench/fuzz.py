"""Requests that make no sense, by the thousand: each is done or refused in a sentence.

    python -m bench fuzz --requests 2000 --seed 0          (--only uploads addresses for some)

Four doors, an equal share of the requests each: the request's own fields, the words of a command
line, what addresses say, and files that were whole before some of their bytes were changed. Nothing
is trained: what would run is checked and resolved up to there. A LetheError is a refusal; whatever
else comes out of a door is a fault, and is listed with where it came from.
"""

import argparse
import contextlib
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from bench import fuzz_addresses, fuzz_files, fuzz_requests, fuzz_words, report
from bench.report import Found, Row
from bench.runs import say
from cu_core.errors import BadRequest, LetheError
from cu_core.files import PACKAGE

SHOWN = 300  # letters of an input
DOORS = {
    "requests": fuzz_requests.door,
    "command line": fuzz_words.door,
    "addresses": fuzz_addresses.door,
    "uploads": fuzz_files.door,
}


@dataclass
class Tally:
    """What came of the requests of one door. ``faults``: by where they were raised, each with the
    input that raised it first."""

    requests: int = 0
    accepted: int = 0
    refused: int = 0
    tracebacks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def take(self, given: Any, knock: Callable[[Any], None]) -> None:
        self.requests += 1
        self.kinds[given[0]] += 1
        try:
            knock(given)
        except LetheError as refusal:
            if str(refusal).strip():
                self.refused += 1
                return
            self._fault("a refusal without a word", given)
        except Exception as fault:  # whatever it is, it is what is looked for
            self._fault(_where(fault), given)
        else:
            self.accepted += 1

    def _fault(self, where: str, given: Any) -> None:
        self.tracebacks += 1
        self.faults.setdefault(where, repr(given)[:SHOWN])


def main(argv: list[str]) -> int:
    options = report.Options("fuzz", __doc__)
    add = options.add_argument
    add("--quick", action="store_true", help="few requests, and no run to hand out")
    add("--seed", type=int, default=0, help="the same one, the same requests")
    add("--only", nargs="+", metavar="DOOR", help=", ".join(DOORS))
    options.sized("--requests", 2000, 40, "in all")
    read = options.read(argv)
    read.only = [name.replace("-", " ") for name in read.only or DOORS]
    if unknown := [name for name in read.only if name not in DOORS]:
        raise BadRequest(f"No door is {unknown[0]!r}; there are: {', '.join(DOORS)}.")
    return report.run("fuzz", argv, read, measure, text)


def measure(options: argparse.Namespace, home: Path) -> Found:
    each = -(-options.requests // len(options.only))
    rows = []
    for name in options.only:
        say(name)
        with inside(home / name.replace(" ", "-")) as folder:
            inputs, knock = DOORS[name](folder, options.quick)
            found = tally(inputs, knock, each, options.seed)
        rows.append({"door": name, **vars(found), "kinds": dict(found.kinds)})
    return {"rows": rows, "faults": sum(row["tracebacks"] for row in rows)}


def tally(inputs: SearchStrategy[Any], knock: Callable[[Any], None], n: int, seed: int) -> Tally:
    """``n`` inputs drawn by ``seed``, each given to ``knock`` once."""
    found = Tally()

    @seeded(seed)
    @settings(
        max_examples=n,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def one(drawn: Any) -> None:
        found.take(drawn, knock)

    one()
    return found


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[Path]:
    """Works in an own folder, so that a file that a request names by accident is none of ours."""
    folder.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def _where(fault: BaseException) -> str:
    """The kind of an exception, its words, and the last line of ours that it went through."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [one for one in frames if PACKAGE.parent in Path(one.filename).parents]
    own = [one for one in ours if "bench" not in Path(one.filename).parts] or ours or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
    return f"{type(fault).__name__} at {place}: {' '.join(str(fault).split())[:160]}"


def text(found: Row) -> str:
    rows = [["door", "requests", "accepted", "refused", "tracebacks"]]
    for row in found["rows"]:
        numbers = (row[name] for name in ("requests", "accepted", "refused", "tracebacks"))
        rows.append([row["door"], *(f"{number:,}" for number in numbers)])
    lines = [*report.table(rows, "---:")]
    for row in found["rows"]:
        kinds = ", ".join(f"{kind} {n:,}" for kind, n in sorted(row["kinds"].items()))
        lines += ["", f"{row['door']}: {kinds}."]
        lines += [f"- {where}\n  {given}" for where, given in row["faults"].items()]
    return "\n".join([*lines, "", report.circumstances(found)])
