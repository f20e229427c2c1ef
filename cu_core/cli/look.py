"""``lethe look``: what is in a data set, and what was read from where, before anything runs."""

import json
from argparse import ArgumentParser, Namespace

from pydantic import ValidationError

from cu_core.cli._print import columns
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest, explain
from cu_core.spec import DatasetFacts, DescribeDataset, SampleFacts, UnlearnRequest
from cu_core.store import Store

FIRST = 8  # samples that are shown
WIDEST = 60  # letters of a cell
NAMES = ("row", "part", "label", "file", "key", "text")


def _options(parser: ArgumentParser) -> None:
    fields = UnlearnRequest.model_fields
    parser.add_argument("key", metavar="DATASET", help=fields["dataset"].description)
    parser.add_argument("--plant", default="", help=fields["plant"].description)
    parser.add_argument("--size", help="pixels a side that images are read at")
    parser.add_argument(
        "--rows", default=FIRST, help=f"so many of its first samples (default: {FIRST})"
    )


def _act(options: Namespace) -> None:
    from cu_core.service.looking import describe

    given = {name: getattr(options, name) for name in DescribeDataset.model_fields}
    try:
        asked = DescribeDataset.model_validate(given)
    except ValidationError as error:
        raise BadRequest(explain(error, DescribeDataset, "look", "option")) from None
    facts = describe(Store(options.home), asked)
    if options.json:
        print(json.dumps(facts.model_dump(mode="json")))
        return
    _tell(facts)


def _tell(facts: DatasetFacts) -> None:
    kind = "images" if facts.is_image else "numbers"
    shape = " x ".join(map(str, facts.shape))
    print(f"{facts.key}: {len(facts.classes)} classes of {kind}, {shape}")
    for said in (*facts.read, *facts.notes):
        print(f"  {said}")
    print()
    heads = ("class", "training", "test")
    columns(heads, [(c.name, f"{c.train:,}", f"{c.test:,}") for c in facts.classes])
    print_samples(facts.rows)


def print_samples(rows: tuple[SampleFacts, ...]) -> None:
    """Samples in a table, with a column for each name that they have."""
    if not rows:
        return
    names = [name for name in NAMES if getattr(rows[0], name) != ""]
    print()
    heads = ["class" if name == "label" else name for name in names]
    columns(heads, [[_cell(getattr(one, name)) for name in names] for one in rows])


def _cell(value: object) -> str:
    text = str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


VERB = Verb("look", "What a data set holds, and what was read from where.", _act, _options)
