"""Test accuracy on two halves of the test set: together it is the whole one, for every model."""

from pathlib import Path

import numpy as np
import pytest

from cu_core import data, metrics
from cu_core.runs import whole
from cu_core.runs.execute import execute
from cu_core.spec import HALVES, REPORTED, TUNING, UnlearnRequest
from cu_core.store import Store
from tests.metrics import scenes


def unlearned(store: Store, forget: str, every: bool = True) -> str:
    asked = UnlearnRequest(
        dataset="digits", model="mlp", forget=forget, train_epochs=2, max_steps=2, probe_size=200
    )
    claimed = store.claim_new(asked)
    execute(store, claimed, every=every)
    return claimed.run_id


def test_the_halves_depend_on_the_row_alone() -> None:
    own = whole.tuning_half(451)
    assert own.sum() == 225 and (own == whole.tuning_half(451)).all()
    assert not (own[:225].all() or own[225:].all())  # not the first ones


@pytest.mark.parametrize("forget", ["class:3", "random:0.1"])
def test_together_they_are_the_test_accuracy_of_every_model(tmp_path: Path, forget: str) -> None:
    store = Store(tmp_path)
    summary = store.run(unlearned(store, forget)).summary
    labels = data.load("digits").test_y
    counted = np.isin(labels, summary.forget.classes, invert=True)
    own = whole.tuning_half(len(labels))
    n = {TUNING: int((counted & own).sum()), REPORTED: int((counted & ~own).sum())}
    assert sum(n.values()) == summary.counts["ta"]
    assert summary.retrained is not None
    for values in (summary.metrics, summary.original, summary.retrained):
        both = sum(n[key] * (values[key] or 0.0) for key in HALVES) / sum(n.values())
        assert both == pytest.approx(values["ta"])
    assert set(HALVES) <= summary.gap.keys()


def test_of_a_draw_they_are_the_halves_of_what_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "DRAWN", 60)
    store = Store(tmp_path)
    summary = store.run(unlearned(store, "class:3", every=False)).summary
    assert summary.looked_at is not None and summary.counts["ta"] == 60
    for key in HALVES:
        assert summary.metrics[key] is not None and f"{key}/low" not in summary.metrics


def test_references_measured_before_there_were_halves_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values are kept under a fingerprint: that of then does not answer for now."""
    now = metrics.fingerprint("all", "probe")
    with monkeypatch.context() as before:
        before.setattr(metrics, "VERSION", "3")
        assert metrics.fingerprint("all", "probe") != now
        before.setattr(whole, "halves", lambda scene, own: {})
        store = Store(tmp_path)
        old = store.run(unlearned(store, "class:3")).summary
        assert not set(HALVES) & old.original.keys()
    summary = store.run(unlearned(store, "class:3")).summary
    assert summary.retrained is not None
    assert set(HALVES) <= summary.original.keys() & summary.retrained.keys()


def test_a_half_without_samples_has_no_value() -> None:
    scene = scenes.model()
    found = whole.halves(scene, np.zeros(len(scene.test_label), bool))
    assert found[TUNING] is None and found[REPORTED] is not None
