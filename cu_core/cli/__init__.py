"""The command line, ``lethe`` or ``python -m cu_core``: the page's requests and runs, no browser.

A verb is a file of this folder that declares ``VERB``; adding one touches nothing else.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from cu_core import registry
from cu_core.cli._verb import Verb
from cu_core.cli._version import versions
from cu_core.errors import LetheError, RunBusy

PROG = "lethe"
ABOUT = """Watch a neural network forget, without a browser.

Exit code 0 when the work is done, 2 and one sentence for a request that cannot run, 75 for one that
can once another process lets go of the run, 1 when a run failed. --json prints one JSON object (or
list) on standard output and nothing else there."""
BUSY = 75  # EX_TEMPFAIL of sysexits.h


def main(argv: Sequence[str] | None = None) -> int:
    """Acts on the words of a command line, those of this process by default; its exit code."""
    words = sys.argv[1:] if argv is None else [*argv]
    options = _parser(words).parse_args(words)
    try:
        code: int | None = options.act(options)
        return code or 0
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RunBusy as held:
        print(held, file=sys.stderr)
        return BUSY
    except LetheError as refusal:  # of a run that has begun, the verb itself says how it ended
        print(refusal, file=sys.stderr)
        return 2


def verbs() -> dict[str, Verb]:
    """Every verb by its name. ImportError when two files claim one name."""
    here = sys.modules[__name__]
    found = registry.scan(here, lambda m: [m.VERB], lambda v: v.name, "verb")
    return {name: found[name] for name in sorted(found)}


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence instead of with a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message.rstrip('.')}. See {self.prog} --help.\n")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    style = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog=PROG, description=ABOUT, formatter_class=style)
    parser.add_argument("--version", action="version", version=versions())
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for name, verb in verbs().items():
        sub = subparsers.add_parser(name, help=verb.help, description=verb.help)
        sub.add_argument("--home", help="where runs and models live (else $LETHE_HOME, ~/.lethe)")
        sub.add_argument("--json", action="store_true", help="print JSON and nothing else")
        sub.set_defaults(act=verb.act)
        if name in words[:1]:  # those of the others would cost their imports
            verb.options(sub)
    return parser
