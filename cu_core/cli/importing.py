"""``lethe import``: weights trained elsewhere, to unlearn from."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._options import plain
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest, explain
from cu_core.spec import NORMALISATIONS, ImportedModel, ImportWeights, UnlearnRequest
from cu_core.store import Store

FILE = "a weights file of PyTorch or safetensors, or a folder that transformers saved"
ROWS = 6  # of what was tried, for a person


def _options(parser: ArgumentParser) -> None:
    known = UnlearnRequest.model_fields
    usual = ", ".join(NORMALISATIONS)
    parser.add_argument("file", type=Path, metavar="FILE", help=FILE)
    for option, help in (
        ("dataset", f"what it was trained on: {known['dataset'].description} (default: digits)"),
        ("plant", str(known["plant"].description)),
        ("size", str(known["size"].description)),
        ("model", "its network, see `list`; without it the file is to tell"),
        ("weights", "which of several sets of weights in the file, ema say"),
        ("normalise", f"as its script does: {usual}, two numbers as 0.5,0.5, or MEAN;STD with one "
         "number a channel; without it the file is to tell, or it is found out"),
        ("classes", "the classes in the order of its outputs, with commas; or a .txt or .json file "
         "that lists them; or data, text, number; without it the file is to tell, or it is found "
         "out"),
        ("accuracy", "percent on the test part, as its script says: compared with what it has "
         "here"),
        ("name", "what to call it (default: the file's name)"),
    ):  # fmt: skip
        parser.add_argument(f"--{option}", help=plain(help))
    parser.set_defaults(dataset=known["dataset"].default)


def _act(options: Namespace) -> None:
    from pydantic import ValidationError

    from cu_core.service.weights import import_weights

    if not options.file.exists():
        raise BadRequest(f"There is no file {str(options.file)!r} to import.")
    given = {name: value for name, value in vars(options).items() if value is not None}
    fields = {name: given[name] for name in ImportWeights.model_fields if name in given}
    fields |= {"path": str(options.file.absolute()), "architecture": options.model}
    if str(fields.get("accuracy", "")).strip().endswith("%"):
        fields["accuracy"] = fields["accuracy"].strip().removesuffix("%")
    try:
        asked = ImportWeights(**fields)
    except ValidationError as error:
        raise BadRequest(explain(error, ImportWeights, "import")) from None
    made = import_weights(Store(options.home), asked)
    if options.json:
        print(json.dumps(result(made)))
        return
    print("\n".join(_told(made)))


def result(made: ImportedModel) -> dict[str, object]:
    """What ``import --json`` prints: the answer, and whether a run can begin with the model."""
    return {**made.model_dump(mode="json"), "agrees": not made.doubt}


def _told(made: ImportedModel) -> list[str]:
    """The sentences, a short table of what was tried, and what to do next."""
    lines = [*made.notes]
    if len(made.fits) > 1:
        lines.append(f"{'tried':34}{'classes':16}{'network':16}{'training samples':>16}")
        for fit in made.fits[:ROWS]:
            title = " ".join(part for part in (fit.normalisation, fit.channels) if part)
            right = f"{fit.accuracy:.1f} % of {fit.n:,}"
            lines.append(f"{title:34}{fit.order:16}{fit.network:16}{right:>16}")
        if (more := len(made.fits) - ROWS) > 0:
            lines.append(f"and {more} more, none better")
    lines.append(made.doubt or f"Unlearn from it with: --original {made.model_id}")
    return lines


VERB = Verb("import", "Keep weights trained elsewhere as an original model.", _act, _options)
