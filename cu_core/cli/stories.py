"""``lethe stories``: those that there are, and what is wrong with a file that shall be one."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._print import columns
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.store import Store


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="?", choices=["list", "check"], default="list", help="default: list"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="of check: a story, NAME.md")


def _act(options: Namespace) -> None:
    act = _check if options.what == "check" else _list
    act(Store(options.home), options)


def _list(store: Store, options: Namespace) -> None:
    from cu_core.stories import library

    found, refused = library.listed(store)
    if options.json:
        told = [{"name": o.name, "own": o.own, **o.story.model_dump(mode="json")} for o in found]
        print(json.dumps({"stories": told, "refused": refused}))
        return
    rows = [(one.name, str(len(one.story.stops)), one.story.title) for one in found]
    columns(("name", "stops", "title"), rows)
    for sentence in refused:
        print(sentence)


def _check(store: Store, options: Namespace) -> None:
    """Reads it, its runs, and every figure and answer that it names."""
    from cu_core.stories import library
    from cu_core.stories.story import parse
    from cu_core.stories.telling import rehearse

    if options.file is None:
        raise BadRequest("lethe stories check needs a FILE.")
    path = Path(options.file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadRequest(f"{path} cannot be read as a story: {fault}.") from None
    story = library.checked(parse(text, path.name))
    rehearse(path.stem, story, library.runs(story, store))
    asks = sum(stop.question is not None for stop in story.stops)
    said = {"title": story.title, "stops": len(story.stops), "questions": asks}
    if options.json:
        print(json.dumps(said))
    else:
        print(f"{path.name} plays. Stops: {len(story.stops)}, questions: {asks}.")


VERB = Verb(
    "stories", "The stories that there are; check FILE: what is wrong with one.", _act, _options
)
