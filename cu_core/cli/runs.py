"""``lethe runs``: what is on record."""

import json
from argparse import Namespace

from cu_core.cli._print import result
from cu_core.cli._verb import Verb
from cu_core.store import Store


def _act(options: Namespace) -> None:
    records = Store(options.home).runs()
    if options.json:
        print(json.dumps([result(r) for r in records]))
        return
    for r in records:
        what = getattr(r.request, "forget", None) or getattr(r.request, "dataset", "")
        steps = f"{r.step}/{r.total or '?'}"
        print(f"{r.run_id}  {r.state:9} {steps}  {what}  {r.name}")
    if not records:
        print("No runs yet. Try: python -m cu_core unlearn --forget class:5")


VERB = Verb("runs", "Every run on record, newest first.", _act)
