"""``lethe forget``: which samples a rule names, before anything runs."""

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from cu_core.cli._options import request_of
from cu_core.cli._print import columns
from cu_core.cli._verb import Verb
from cu_core.cli.look import print_samples
from cu_core.spec import Dataset, ForgetSet, ForgottenFacts, UnlearnRequest
from cu_core.store import Store

FIRST = 8  # samples that are shown


def _options(parser: ArgumentParser) -> None:
    fields = UnlearnRequest.model_fields
    parser.add_argument("forget", metavar="RULE", help=fields["forget"].description)
    for name in ("dataset", "plant", "seed", "size"):
        field = fields[name]
        parser.add_argument(f"--{name}", default=field.default, help=field.description)


def _act(options: Namespace) -> None:
    from cu_core import data, forget
    from cu_core.service.looking import forgotten

    asked = request_of(UnlearnRequest, options)
    home = Store(options.home).home
    dataset = data.load(asked.dataset, home, asked.plant, asked.size)
    chosen = forget.parse(asked.forget, dataset, asked.seed)
    facts = forgotten(dataset, chosen, 0 if options.json else FIRST)
    if options.json:
        print(json.dumps(_named(dataset, chosen, facts)))
        return
    _tell(facts)


def _named(dataset: Dataset, chosen: ForgetSet, facts: ForgottenFacts) -> dict[str, Any]:
    """Every sample by its owner's names: ``rows``, and ``files`` and ``keys`` where there are."""
    own = dataset.owned.take(chosen.index)
    return {
        "rule": facts.rule,
        "rows": own.row.tolist(),
        "of": own.of or "the training part",
        "files": list(own.file),
        "keys": list(own.key),
        "classes": [one.name for one in facts.classes],
        "counts": {one.name: one.forgotten for one in facts.classes},
        "kind": facts.kind,
        "n_forget": facts.n_forget,
        "n_retain": facts.n_retain,
        "notes": list(facts.notes),
    }


def _tell(facts: ForgottenFacts) -> None:
    print(f"{facts.rule}: {facts.n_forget:,} to forget, {facts.n_retain:,} to keep")
    for said in facts.notes:
        print(f"  {said}")
    print()
    rows = [(c.name, f"{c.forgotten:,}", f"{c.of:,}") for c in facts.classes]
    columns(("class", "to forget", "of"), rows)
    print_samples(facts.rows)


VERB = Verb("forget", "Which samples a rule names; nothing is run.", _act, _options)
