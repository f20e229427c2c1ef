"""``lethe import``: weights trained elsewhere, to unlearn from."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.spec import UnlearnRequest
from cu_core.store import Store


def _options(parser: ArgumentParser) -> None:
    known = UnlearnRequest.model_fields["dataset"]
    parser.add_argument("file", type=Path, metavar="FILE", help="a .safetensors, .pt or .pth file")
    parser.add_argument(
        "--dataset",
        default=known.default,
        help=f"what it was trained on: {known.description} (default: {known.default})",
    )
    parser.add_argument("--model", help="its network, see `list`; without it the file is to tell")
    parser.add_argument("--name", help="what to call it (default: the file's name)")


def _act(options: Namespace) -> None:
    from cu_core.service.weights import import_weights

    if not options.file.is_file():
        raise BadRequest(f"There is no file {str(options.file)!r} to import.")
    store = Store(options.home)
    given = options.model, options.name or ""
    record = import_weights(store, options.file.absolute(), options.dataset, *given)
    if options.json:
        print(json.dumps({"model_id": record.id, "notes": list(record.notes)}))
        return
    for note in record.notes:
        print(note)
    print(f"{record.id} is in the cache. Unlearn from it with: --original {record.id}")


VERB = Verb("import", "Keep weights trained elsewhere as an original model.", _act, _options)
