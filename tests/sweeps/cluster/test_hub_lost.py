"""A hub that dies between two looks: its place opens another, and no run is lost or given up."""

import operator
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cu_core.spec import Axis, SweepRequest, UnlearnRequest
from cu_core.store import Store
from cu_core.sweeps.cluster.hub import Hub
from cu_core.sweeps.executors import ray as place_of_ray


class RayActorError(Exception):
    """Ray's own is not loaded: it would read its environment before the tests that need it."""


RAY = SimpleNamespace(exceptions=SimpleNamespace(RayActorError=RayActorError))


class PlayedHub:
    """Answers what a hub is asked, until it is ``dead``; ``calls``: what it was asked."""

    def __init__(self) -> None:
        self.dead = False
        self.calls: list[tuple[str, str]] = []

    def __getattr__(self, verb: str) -> Any:
        return SimpleNamespace(remote=lambda *words: partial(self._answer, verb, *words))

    def _answer(self, verb: str, *words: Any) -> None:
        if self.dead:
            raise RayActorError
        self.calls.append((verb, words[0]))


def test_what_a_dead_hub_is_asked_for_another_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, hubs = Store(tmp_path), [PlayedHub()]
    monkeypatch.setitem(sys.modules, "ray", RAY)
    monkeypatch.setitem(sys.modules, "ray.exceptions", RAY.exceptions)
    monkeypatch.setattr(place_of_ray, "_answer", operator.call)
    monkeypatch.setattr(place_of_ray, "hub_of", lambda store: hubs[-1])
    monkeypatch.setattr(place_of_ray, "connect", lambda home: False)
    monkeypatch.setattr(place_of_ray, "needs", dict)
    request = SweepRequest(base=UnlearnRequest(), axes={"lr": Axis(low=0.001, high=0.01)})
    sweep_id = store.new_sweep(request)
    run_id = store.enqueue(UnlearnRequest(trial=f"{sweep_id}/0"))
    place = place_of_ray.Machines(store, sweep_id, request)
    for ask, asked in ((place.begin, []), (place.stop, [("stop", run_id)])):
        hubs[-1].dead = True
        hubs.append(PlayedHub())
        ask(run_id)
        assert hubs[-1].calls == [("open", sweep_id), ("begin", run_id), *asked]
    hubs[-1].dead = True
    place.close()


def test_a_run_that_has_ended_meanwhile_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run_id = store.enqueue(UnlearnRequest(trial="some-sweep/0"))
    assert store.move(run_id, "queued", "stopped", "Stopped by you.")
    hub = Hub(str(store.home))
    hub.begin(run_id, {}, "")
    assert not hub.runs and store.run(run_id).state == "stopped"
