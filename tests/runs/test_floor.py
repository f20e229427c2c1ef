"""A run that loses what it was to keep ends early; one that does not is as it would be without."""

import numpy as np
import pytest

from cu_core.runs.execute import execute
from cu_core.spec import LAST_ONLY, Summary, UnlearnRequest
from cu_core.store import Store

ASKED = UnlearnRequest(
    dataset="digits", model="mlp", train_epochs=4, method="gradient-ascent", every=LAST_ONLY,
    max_steps=40, reference=False, probe_size=200,
)  # fmt: skip
RUIN = {"lr": 0.05}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


def made(store: Store, **changes: object) -> tuple[str, Summary]:
    claimed = store.claim_new(ASKED.model_copy(update=changes))
    return claimed.run_id, execute(store, claimed)


@pytest.fixture(scope="module")
def ruined(store: Store) -> tuple[str, Summary]:
    return made(store, hparams=RUIN, floor=60.0)


def test_a_ruined_model_ends_the_run_between_two_pictures(
    store: Store, ruined: tuple[str, Summary]
) -> None:
    run_id, summary = ruined
    assert summary.stopped_by.startswith("Floor: test accuracy ")
    assert summary.stopped_by.endswith(" % is below 60 %.")
    assert 0 < summary.steps < 40 and summary.steps % 5 == 0  # an eighth of 40 updates
    record, reader = store.run(run_id), store.reader(run_id)
    assert record.state == "done" and not summary.stopped
    assert [row.step for row in reader.snapshots()] == [0, summary.steps]  # how it ended is seen
    assert [event.text for event in reader.events() if event.kind == "floor"] == [
        f"The run stops. {summary.stopped_by}"
    ]


def test_a_look_changes_no_bit(store: Store) -> None:
    _, plain = made(store)
    run_id, looked = made(store, floor=1.0)
    assert looked.stopped_by == "" and looked.steps == plain.steps == 40
    assert looked.weights_sha256 == plain.weights_sha256
    assert len(store.reader(run_id).snapshots()) == 2  # looks leave no picture


def test_the_original_model_ends_nothing(store: Store) -> None:
    """Not even one that is below the floor from the first: a method may mend it."""
    _, summary = made(store, floor=100.0)
    assert summary.steps == 5 and np.isfinite(summary.metrics["ta"] or np.nan)


def test_it_holds_at_the_pictures_too(store: Store, ruined: tuple[str, Summary]) -> None:
    run_id, summary = made(store, hparams=RUIN, floor=60.0, every=1)
    assert summary.stopped_by.startswith("Floor:") and summary.steps <= ruined[1].steps
    assert len(store.reader(run_id).snapshots()) == summary.steps + 1
