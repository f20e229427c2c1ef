"""Words of a command line: of a verb, of its options, and of what no verb has; nothing is run."""

import argparse
import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bench.fuzz_drawn import KEYS, PAIRS, RULES, texts
from cu_core import cli
from cu_core.errors import BadRequest, Cancelled
from cu_core.store import ClaimedRun, Store

HOME = "hömé of léthe"
CODES = (0, 1, cli.BUSY, 130)  # beside 2, which is a refusal
# `app` opens a server and `cluster` talks to other machines; both have tests of their own.
LEFT_OUT = ("app", "cluster")
FILES = {
    "rows.csv": b"row\n1\n2\n",
    "story.md": b"---\ntitle: A\nrun: none\n---\n## One\nstep=1\n",
    "sweep.yaml": b"base: {dataset: digits, forget: 'class:5'}\naxes: {temperature: [0.1, 1]}\n",
    "a b.pt": b"\x80\x04N.",
    "torn.zip": b"PK\x03\x04",
}
RIGHT = {
    "file": [*FILES, "nowhere.pt", "."],
    "what": ["list", "check"],
    "key": KEYS,
    "dataset": ["digits", *KEYS],
    "forget": RULES,
    "hparams": PAIRS,
    "original": ["imported-0123456789ab", "20261121-141523-042-9f3a1c"],
    "method": ["contrastive", "salun", "fine_tune", "nothing"],
    "model": ["small-cnn", "mlp", "resnet18", "timm:resnet18"],
    "moment": ["step=3 view=map pin=1", "step=soon", "hide=roof", "a b"],
    "first": ['{"until": 3, "method": "contrastive"}', "{", "[]", "3"],
    "only": ["caches", "all"],
    **{kind: ["out"] for kind in ("csv", "parquet", "png", "svg", "gif", "html", "zip", "pdf")},
}  # fmt: skip
Door = tuple[SearchStrategy[Any], Callable[[Any], None]]


def door(folder: Path, quick: bool) -> Door:
    """(verb, words) -> done, refused, or a traceback."""
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    store = Store(folder / HOME)
    words = _words(store)
    return words, _act


def _words(store: Store) -> SearchStrategy[Any]:
    lines = [_line(name) for name in cli.verbs() if name not in LEFT_OUT]
    stray = st.tuples(texts(inside=True), st.lists(texts(inside=True), max_size=3))
    odd = st.sampled_from(("a file/home", "~nobody-at-all", "n\0n"))
    home = st.integers(0, 19).flatmap(lambda k: odd if k == 0 else st.just(HOME))
    words = st.one_of(*lines, *lines, stray)
    return st.tuples(words, home).map(lambda drawn: (drawn[0][0] or "none", *drawn))


@st.composite
def _line(draw: st.DrawFn, verb: str) -> tuple[str, list[str]]:
    """What the verb asks for, a few of its options, and now and then a word too many."""
    parser = argparse.ArgumentParser()
    cli.verbs()[verb].options(parser)
    words: list[str] = []
    own = [one for one in parser._actions if one.dest != "help"]
    for one in (one for one in own if not one.option_strings):
        if isinstance(one.choices, dict):  # verbs of its own
            action = draw(st.sampled_from(sorted(one.choices)))
            words += [
                action,
                *(
                    draw(_given(sub.dest))
                    for sub in one.choices[action]._actions
                    if not sub.option_strings
                ),
            ]
        elif one.nargs != "?" or draw(st.booleans()):
            words.append(draw(_given(one.dest)))
    options = [one for one in own if one.option_strings]
    for one in draw(st.lists(st.sampled_from(options), max_size=3)) if options else []:
        words.append(one.option_strings[0])
        if one.nargs != 0:
            words.append(draw(_given(one.dest)))
    if draw(st.integers(0, 9)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(texts(inside=True)))
    return verb, words


def _given(name: str) -> SearchStrategy[str]:
    """A value for an option or argument of this name; most are as they may be."""
    right = RIGHT.get(name)
    odd = st.one_of(texts(inside=True), st.integers().map(str), st.floats().map(str))
    usual = st.sampled_from(right) if right else st.integers(0, 30).map(str)
    return st.one_of(usual, usual, usual, odd)


def _act(given: tuple[str, tuple[str, list[str]], str]) -> None:
    _, (verb, rest), home = given
    words = [verb, *rest, "--home", home]
    with _nothing_runs(), _captured() as (out, err):
        try:
            code = cli.main(words)
        except SystemExit as leaving:  # argparse: help, or a sentence
            code = int(leaving.code or 0)
    said = err.getvalue()
    if "Traceback" in said + out.getvalue():
        raise AssertionError(f"a traceback is printed: {said[-200:]}")
    if code in CODES:
        return
    if code != 2 or not said.strip():
        raise AssertionError(f"exit code {code} and the words {said!r}")
    raise BadRequest(said)


@contextlib.contextmanager
def _nothing_runs() -> Iterator[None]:
    """Requests are resolved and put on record, and no more."""

    def stopped(_store: Store, claimed: ClaimedRun, *_: Any, **__: Any) -> None:
        with claimed:
            raise Cancelled("Nothing runs here.")

    with (
        patch("cu_core.runs.execute.execute", stopped),
        patch("cu_core.runs.sequence.execute", stopped),
        patch("cu_core.service.spawn._process", lambda *_, **__: None),
        patch("cu_core.service.spawn._behind", lambda process: process),
        patch("cu_core.cli._sweeps.START_S", 0.0),
        patch("cu_core.cli.sweep.ANSWER_S", 0.0),
        patch.object(sys, "stdin", io.StringIO("n\n")),
    ):
        yield


@contextlib.contextmanager
def _captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err
