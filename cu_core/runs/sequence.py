"""Forgetting in stages: each goes on from the model that the one before it left.

A stage forgets what its rule adds to the one before. Everything forgotten so far is kept out of
what is retained, counts as forgotten in what is measured, and is what the retrained model of the
stage has never seen. A stage is an unlearning run like any other, with its map and its record.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cu_core.errors import Cancelled
from cu_core.metrics.gap import COUN
from cu_core.runs.execute import check, execute
from cu_core.runs.originals import complete
from cu_core.spec import RunRecord, UnlearnRequest
from cu_core.store import ModelRecord, Store
from cu_core.store.sealed import WEIGHTS


def forget_in_stages(
    store: Store, request: UnlearnRequest, rules: Sequence[str], name: str = ""
) -> Iterator[RunRecord]:
    """The record of each stage as it ends. One that was stopped is the last; one that fails raises.

    ``rules``: of everything forgotten by the end of each stage. All are checked before this
    returns, and none runs until the first record is asked for.
    """
    request = complete(store, request)
    stages = [
        request.model_copy(update={"forget": rule, "after": before})
        for rule, before in zip(rules, [None, *rules[:-1]], strict=True)
    ]
    for stage in stages:
        known = stage.original or "the last stage's" if stage.after else stage.original
        check(store, stage.model_copy(update={"original": known}), bool(stage.after))
    return _each(store, stages, name or f"{request.method}, {request.data}")


def _each(store: Store, stages: Sequence[UnlearnRequest], name: str) -> Iterator[RunRecord]:
    original = stages[0].original
    for number, stage in enumerate(stages, start=1):
        asked = stage.model_copy(update={"original": original})
        title = f"{name}, stage {number} of {len(stages)}"
        record = _run(store, asked, f"{title}: {asked.forget}")
        yield record
        if record.state != "done":
            return
        original = keep(store, record)


def _run(store: Store, request: UnlearnRequest, name: str) -> RunRecord:
    claimed = store.claim_new(request, name=name)
    with suppress(Cancelled, KeyboardInterrupt):  # the record says that it was stopped
        execute(store, claimed)
    return store.run(claimed.run_id)


def keep(store: Store, record: RunRecord) -> str:
    """Puts the model that a run has left into the cache; its id, which its weights decide."""
    request, summary = record.request, record.summary
    assert isinstance(request, UnlearnRequest)
    start = store.model(str(summary.models.original))
    reader = store.reader(record.run_id)
    changes: dict[str, Any] = {
        "id": f"unlearned-{summary.weights_sha256[:16]}",
        "kind": "unlearned",
        "origin": start.origin or start.id,
        "forget": request.forget,
        "forget_hash": reader.progress().forget.hash,
        "accuracy": summary.metrics["test_acc"],
        "notes": (f"{request.method} on {start.id}",),
        "name": record.name,
        "seconds": 0.0,
    }
    model = ModelRecord.model_validate({**start.model_dump(), **changes})

    def write(folder: Path) -> None:
        shutil.copyfile(reader.folder / WEIGHTS, folder / "model.safetensors")

    return store.add_model(model, write).id


def table(records: Sequence[RunRecord]) -> str:
    """A line a stage: the four measures as unlearned / retrained, and the mean gap; of the three
    accuracies alone where the attack is void."""
    head = "".join(f"{key:>18}" for key in COUN)
    lines = [f"{'forgotten so far':20}{head}{'avg_gap':>10}"]
    for record in records:
        assert isinstance(record.request, UnlearnRequest)
        own, other = record.summary.metrics, record.summary.retrained or {}
        cells = [f"{_number(own.get(key))} / {_number(other.get(key))}" for key in COUN]
        line = f"{record.request.forget:20}" + "".join(f"{cell:>18}" for cell in cells)
        gap, other_gap = record.summary.avg_gap, record.summary.avg_gap_without_mia
        alone = gap is None and other_gap is not None
        lines.append(f"{line}{_number(other_gap if alone else gap):>10}{' *' * alone}")
    if any(line.endswith("*") for line in lines):
        lines.append("* without MIA, which is void or missing")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
