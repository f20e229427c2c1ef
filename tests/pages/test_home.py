"""What the pages say of a home whose disk is full, or that cannot be written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.spec import ACTIVE, UnlearnRequest
from cu_core.store import Store, paths, patience
from tests.pages import fabricate
from tests.pages.test_pages import words

Page = Callable[..., AppTest]


@pytest.mark.parametrize("name", ["watch", "unlearn", "runs"])
def test_every_page_says_how_little_is_free_and_what_to_do(
    page: Page, store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save_catalog(fabricate.CATALOG)
    assert "MB are free" not in words(page(name))
    monkeypatch.setattr(patience, "LOW_BYTES", 10**18)
    said = words(page(name))
    assert said.count("MB are free") == 1 and "lethe gc" in said and "deleted" in said


def test_a_run_that_waits_for_room_says_so_and_can_be_stopped(page: Page, store: Store) -> None:
    store.save_catalog(fabricate.CATALOG)
    run_id = store.enqueue(UnlearnRequest())
    with store.claim_run(run_id):
        writer = store.writer(run_id)
        writer.move(ACTIVE, "running")
        (store.paths.run(run_id) / patience.WAITS).touch()
        app = page("unlearn", run=run_id)
        assert "Waits for room on the disk at step 0" in words(app)
        assert "goes on by itself once there is room" in words(app)
        assert not app.button(key="run-stop").disabled and not app.exception
        writer.close()


def test_a_home_that_cannot_be_written_is_browsed_and_starts_nothing(
    page: Page, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save_catalog(fabricate.CATALOG)
    run_id, access = fabricate.finished(store), os.access

    def refused(path: Path | str, mode: int) -> bool:
        return mode != os.W_OK and access(path, mode)

    monkeypatch.setattr(paths.os, "access", refused)
    app = page("unlearn", run=run_id)
    said = words(app)
    assert not app.exception and "retrained 61.5 %" in said
    assert "cannot be written" in said and "can be looked at" in said
    assert "HOME to a folder that can be" in said and "run/go" not in [b.key for b in app.button]
    assert f"open-{run_id}" in [button.key for button in app.button]
    assert not page("runs").exception and not page("watch").exception
