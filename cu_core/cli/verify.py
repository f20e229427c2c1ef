"""``lethe verify``: whether a run's zip is as it was written, and whether its request still gives
the same weights."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._archive import Archive, opened
from cu_core.cli._intact import Checked, check
from cu_core.cli._replay import Replayed, replay
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest

OWN_CODE = "with --replay, of a run of somebody's own code: its network, as a sign that you know it"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="from `lethe export RUN --zip`")
    parser.add_argument(
        "--replay", action="store_true", help="run the request anew and compare the weights"
    )
    parser.add_argument("--model", metavar="KEY", help=OWN_CODE)


def _act(options: Namespace) -> int:
    """0: all is equal; 1: something differs."""
    archive = opened(options.file)
    found = check(archive)
    if not options.json:
        _say(archive, found)
    made = None
    if options.replay and not found.differences:
        made = _replay(options, archive, found)
    if options.json:
        print(json.dumps(_plain(archive, found, made)))
    elif options.replay and made is None:
        print("Not run anew: what is to be compared with is damaged.", file=sys.stderr)
    return int(bool(found.differences) or (made is not None and not made.equal))


def _replay(options: Namespace, archive: Archive, found: Checked) -> Replayed:
    if found.manifest is None:
        raise BadRequest(f"{options.file} cannot be run anew.")
    if not options.json:
        print(f"Running anew: {found.manifest.command}", file=sys.stderr, flush=True)
    made = replay(archive, found.manifest, options.home, options.model)
    if not options.json:
        equal = f"Same weights, bit for bit: {made.tensors} tensors."
        print(equal if made.equal else "Other weights than in the zip:")
        print("".join(f"{sentence}\n" for sentence in made.said), end="")
    return made


def _say(archive: Archive, found: Checked) -> None:
    said = found.manifest
    if said is not None:
        print(f"{archive.path}: run {said.run}, written by Lethe {said.lethe} ({said.sources})")
    for one in found.differences:
        print(one.sentence)
    for note in found.notes:
        print(note)
    if said is not None and not found.differences:
        size = sum(one.bytes for one in said.files)
        print(f"{len(said.files)} files, {size:,} bytes: all as they were written.")


def _plain(archive: Archive, found: Checked, made: Replayed | None) -> dict[str, object]:
    said = found.manifest
    return {
        "file": str(archive.path),
        "run": said.run if said else None,
        "files": len(said.files) if said else None,
        "equal": not found.differences,
        "differences": [{**vars(one), "sentence": one.sentence} for one in found.differences],
        "notes": list(found.notes),
        "replay": None if made is None else vars(made),
    }


HELP = "Check a run's zip byte by byte, or run it anew. Exit code 1: something differs."
VERB = Verb("verify", HELP, _act, _options)
