"""A verdict on a draw, on the page: it says what it stands on; exact figures are counted once."""

from contextlib import closing

import pytest

from cu_core.service import spawn
from cu_core.spec import RunProgress
from cu_core.store import Store
from tests.pages import fabricate
from tests.pages.test_pages import words
from ui import session


def drawn(store: Store) -> str:
    """A run that has ended with a verdict on 7,000 of 60,000 images."""
    store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(store)
    values = fabricate.summary().metrics | {"ta/low": 94.5, "ta/high": 98.1}
    with closing(store.writer(run_id)) as writer:
        told = {"metrics": values, "looked_at": (7000, 60_000)}
        writer.finish(fabricate.summary().model_copy(update=told))
        writer.put(RunProgress(class_names=("0", "1")))
    return run_id


def test_what_a_verdict_stands_on_is_said(page, store):
    said = words(page("unlearn", run=drawn(store)))
    assert "read on 7,000 of 60,000 images so far" in said and "99 % interval" in said
    assert "94.5 % to 98.1 %" in said


@pytest.mark.parametrize("counting", [True, False])
def test_exact_figures_are_counted_by_one_process(page, store, monkeypatch, counting):
    """Who made the run counts them; where nobody does, the page has it done, once."""
    run_id, started = drawn(store), []
    monkeypatch.setattr(session, "PATIENCE_S", 0.0)
    monkeypatch.setattr(spawn, "settle", lambda _store, run: started.append(run))
    with store.settling(run_id) if counting else closing(store.writer(run_id)):
        app = page("unlearn", run=run_id)
        for _ in range(3):
            app.run()
    assert not app.exception and started == ([] if counting else [run_id])


def test_a_run_that_was_counted_whole_asks_for_nothing(page, store, monkeypatch):
    store.save_catalog(fabricate.CATALOG)
    started: list[str] = []
    monkeypatch.setattr(spawn, "settle", lambda _store, run: started.append(run))
    assert "so far" not in words(page("unlearn", run=fabricate.finished(store)))
    assert not started
