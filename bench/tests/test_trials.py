"""The bench of a sweep's gallery: its sweep is whole, and its table has a line a measurement."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from bench import trials
from cu_core.stage import unpack
from cu_core.stage.trials import Sent, blob
from cu_core.store import Store


def test_the_made_sweep_has_a_picture_of_each_trial(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sweep_id = trials.made(store, 3, 40)
    parts = unpack(blob(store.sweep(sweep_id), store.pictures(sweep_id), Sent(sweep_id)))[1]
    assert parts["xy"].shape == (3, 40, 2) and parts["forget"].sum() == 4


def test_each_measurement_is_told_beside_what_is_asked_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def painted(home: Path, data: bytes) -> dict[str, Any]:
        seen.append(data)
        return {"first": 40.0, "all": 1500.0, "jump": 3.0}

    monkeypatch.setattr(trials, "painted", painted)
    found = trials.measure(argparse.Namespace(trials=3, points=40, rounds=2), tmp_path)
    told = {one["name"]: one for one in found["targets"]}
    assert len(seen) == 2 and told["bytes a trial"]["value"] == len(seen[0]) / 3
    assert told["all maps, ms"]["met"] is False and told["mount to first picture, ms"]["met"]
