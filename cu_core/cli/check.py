"""``lethe check``: does a file made outside the tree keep what Lethe's own keep?"""

import json
import traceback
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest

if TYPE_CHECKING:
    from cu_core.service.contract import Check, Contract


def _options(parser: ArgumentParser) -> None:
    about = "a Python file that declares a method, a metric or a network"
    parser.add_argument("file", type=Path, metavar="FILE", help=about)


def _act(options: Namespace) -> int:
    faults = []
    try:
        there = _declared(options.file)
    except ImportError as error:  # the registry would refuse it, too
        there, faults = [], [{"key": options.file.stem, "check": "it loads", "fault": str(error)}]
        if not options.json:
            print(f"{options.file.stem}  FAILED  it loads\n    {error}")
    for contract, item in there:
        for check in contract.checks:
            key, title = contract.key(item), check.__name__.replace("_", " ")
            fault = _fault(check, item)
            if fault:
                faults.append({"key": key, "check": title, "fault": fault})
            if not options.json:
                meaning = " ".join((check.__doc__ or "").split())
                print(f"{key}  FAILED  {title}\n    {fault}\n    {meaning}" if fault
                      else f"{key}  ok      {title}", flush=True)  # fmt: skip
    if options.json:
        print(json.dumps(faults))
    return 1 if faults else 0


def _declared(file: Path) -> list[tuple["Contract", Any]]:
    """What the file declares, of whichever kinds. BadRequest when that is nothing."""
    from cu_core.service.contract import contracts, load

    module = load(file)
    kinds = contracts()
    found = [(kind, item) for kind in kinds.values() for item in kind.declared(module)]
    if not found:
        raise BadRequest(f"{file} declares none of what can be checked: {', '.join(kinds)}.")
    return found


def _fault(check: "Check", item: Any) -> str:
    """What is wrong, in a sentence; "" when nothing is."""
    try:
        check(item)
    except AssertionError as broken:
        return str(broken)
    except Exception as error:  # the file's own fault, whatever it is
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        return f"{type(error).__name__} in {where}: {error}"
    return ""


VERB = Verb("check", "Check a method, metric or network of your own.", _act, _options)
