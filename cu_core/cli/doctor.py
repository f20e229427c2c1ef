"""``lethe doctor``: whether this home folder and this machine are sound."""

import json
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from cu_core.cli._verb import Verb
from cu_core.cli._version import versions
from cu_core.store import Store
from cu_core.store.health import Finding, findings

MARKS = {"well": " ", "note": "!", "fault": "x"}


def _act(options: Namespace) -> int:
    """1 where something is at fault."""
    store, found = Store(options.home), []
    for finding in (*_machine(), *findings(store)):
        found.append(finding)
        if not options.json:
            print(f"{MARKS[finding.level]} {finding.title}: {finding.says}")
    if options.json:
        print(json.dumps([asdict(one) for one in found]))
    return int(any(one.level == "fault" for one in found))


def _machine() -> Iterator[Finding]:
    import torch

    yield Finding("well", "Versions", f"{versions()}.")
    count = torch.cuda.device_count()
    if not count:
        yield Finding("well", "GPU", "None that torch sees: runs are computed on the processor.")
    for i in range(count):
        about = torch.cuda.get_device_properties(i)
        yield Finding("well", "GPU", f"{about.name}, {about.total_memory / 1e9:.0f} GB.")


VERB = Verb("doctor", "Look whether this home folder and this machine are sound.", _act)
