"""A run whose numbers end, through the engine: what was finite stays, and the rest is said."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import methods
from cu_core.errors import Diverged, OutOfMemory
from cu_core.runs import loop
from cu_core.runs.execute import execute
from cu_core.spec import Job, UnlearnRequest
from cu_core.store import Store

LAST = 5  # update after which no weight is a number


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    method = type(methods.get("contrastive").make(None))
    step = method.step

    def spoiling(self: Any, job: Job, t: int) -> Any:
        losses = step(self, job, t)
        if t + 1 == LAST:
            with torch.no_grad():
                for weight in job.model.parameters():
                    weight.fill_(math.nan)
        return losses

    monkeypatch.setattr(method, "step", spoiling)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", -1.0)
    monkeypatch.setattr(loop, "SAVE_COSTS", 0)
    return Store(tmp_path)


def diverged(store: Store, every: int) -> str:
    """The id of a run that looks at the model every so many updates."""
    request = UnlearnRequest(forget="class:5", reference=False, probe_size=200, every=every)
    claimed = store.claim_new(request)
    with pytest.raises(Diverged):
        execute(store, claimed)
    return claimed.run_id


def test_a_picture_that_is_no_number_is_not_kept_and_the_checkpoint_before_it_is(
    store: Store,
) -> None:
    run_id = diverged(store, every=2)
    record, reader = store.run(run_id), store.reader(run_id)
    assert record.state == "failed"
    assert "output of the model is no longer a number at step 6" in record.message
    assert "Lower the learning rate" in record.message
    assert reader.frames().steps == [0, 2, 4] and reader.frames().damaged == 0
    saved = torch.load(reader.folder / "ckpt" / "last.pt", weights_only=True)
    assert saved["step"] == 4
    assert all(weight.isfinite().all() for weight in saved["model"].values())


def test_losses_that_are_no_numbers_are_on_record_as_a_gap(store: Store) -> None:
    run_id = diverged(store, every=30)
    record, reader = store.run(run_id), store.reader(run_id)
    assert "loss is no longer a number at step 8" in record.message  # the third in a row
    steps, values = reader.metrics()["loss/pull"]
    assert steps[:8] == list(range(1, 9))
    assert np.isfinite(np.array(values[:5], float)).all()
    assert all(value is not None and math.isnan(value) for value in values[5:])


def test_a_batch_that_has_no_memory_is_a_sentence_with_the_batch_that_may(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = type(methods.get("contrastive").make(None))
    step = method.step

    def greedy(self: Any, job: Job, t: int) -> Any:
        if t == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return step(self, job, t)

    monkeypatch.setattr(method, "step", greedy)
    knobs = {"batch_size": 64}
    request = UnlearnRequest(forget="class:5", hparams=knobs, probe_size=200, every=2)
    claimed = store.claim_new(request)
    with pytest.raises(OutOfMemory, match=r"no memory left .* batch_size=32 \(it was 64\)"):
        execute(store, claimed)
    record, reader = store.run(claimed.run_id), store.reader(claimed.run_id)
    assert record.state == "failed" and "Traceback" not in record.message
    assert reader.frames().steps == [0, 2] and reader.metrics()["loss/pull"][0] == [1, 2, 3]
