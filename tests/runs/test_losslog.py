"""Losses reach the record whole, in their places, some at a time."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from cu_core.errors import Diverged
from cu_core.runs import losslog
from cu_core.runs.clock import Clock
from cu_core.runs.losslog import PATIENCE, LossLog, read
from cu_core.spec import StepLog


def test_losses_are_read_all_at_once_in_their_places() -> None:
    logs = [
        StepLog(1, 0.1, {"a": torch.tensor(1.0), "b": torch.tensor(2.0)}),
        StepLog(2, 0.2, {}),
        StepLog(3, 0.3, {"b": torch.tensor(float("nan"))}),
    ]
    found = read(logs)
    assert [log.step for log in found] == [1, 2, 3]
    assert found[0].losses == {"a": 1.0, "b": 2.0} and found[1].losses == {}
    assert np.isnan(found[2].losses["b"]) and read([]) == []


@pytest.fixture
def written() -> list[list[StepLog]]:
    return []


@pytest.fixture
def kept(written: list[list[StepLog]]) -> LossLog:
    writer: Any = SimpleNamespace(steps=lambda logs, state: written.append(logs))
    return LossLog(writer, Clock())


def log(step: int, value: float = 1.0) -> StepLog:
    return StepLog(step, step / 10, {"loss": torch.tensor(value)})


def test_many_updates_are_one_transaction_and_none_is_lost(
    kept: LossLog, written: list[list[StepLog]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losslog, "EVERY_S", 1e9)
    for step in range(1, 9):
        kept.add(log(step))
    assert written == []
    kept.write()
    kept.write()  # nothing waits any more
    assert [[entry.step for entry in part] for part in written] == [list(range(1, 9))]
    monkeypatch.setattr(losslog, "EVERY_S", 0.0)
    kept.add(log(9))
    assert len(written) == 2


def test_a_loss_that_stays_no_number_ends_the_run_after_it_is_on_record(
    kept: LossLog, written: list[list[StepLog]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losslog, "EVERY_S", 1e9)
    bad = float("nan")
    for step, value in enumerate([1.0, bad, bad, 1.0, *[bad] * PATIENCE], start=1):
        kept.add(log(step, value))
    with pytest.raises(Diverged, match=str(4 + PATIENCE)):
        kept.write()
    assert len(written[0]) == 4 + PATIENCE
