"""What the processes of Lethe are started with."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from cu_core.files import CONFINED, TOKEN
from cu_core.service import spawn
from cu_core.store import Store
from tests.store.samples import REQUEST

SECRET = "a phrase that no worker knows"
STARTS: dict[str, Callable[[Store, str], object]] = {
    "a worker": lambda store, run_id: spawn.ensure_worker(store, 1),
    "exact figures": spawn.settle,
    "a file": lambda store, run_id: spawn.hand_out(store, 1),
    "a sweep": spawn.lead,
    "a trial": lambda store, run_id: spawn.trials(store, run_id, "one", None),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_no_process_is_told_the_visitors_token_nor_what_they_may_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, start: Callable[[Store, str], object]
) -> None:
    """Neither on its command line, which all on the machine can read, nor in its environment: a
    network that somebody brings is code, and what it prints is in a log. What may be read goes with
    each run and question, for a worker takes those of others too."""
    store, started = Store(tmp_path, bundled=None), []

    class Process:
        pid = 0

        def __init__(self, words: list[str], env: dict[str, str], **_: Any) -> None:
            started.append((words, env))

        def wait(self) -> int:
            return 0

        poll = wait

    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setenv(CONFINED, "/srv/visitors")
    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(spawn, "_behind", lambda process: process)
    start(store, store.enqueue(REQUEST))
    [(words, environment)] = started
    assert SECRET not in " ".join(words)
    assert not {TOKEN, CONFINED} & {*environment} and SECRET not in environment.values()
    assert environment["PATH"]
