"""Several people, tabs and apps on one home: what one does, the others are told; none is stuck."""

import sqlite3

import pytest

from cu_core.spec import SCHEMA_VERSION, ExactMap, UnlearnRequest
from cu_core.store import Store
from tests.pages import fabricate
from tests.pages.test_map_requests import ask_for, header
from tests.pages.test_pages import labels, words
from ui import engine, session


@pytest.fixture
def run(store):
    store.save_catalog(fabricate.CATALOG)
    return fabricate.finished(store)


def errors(app) -> str:
    return " ".join(error.value.replace("\\", "") for error in app.error)


def test_a_run_deleted_elsewhere_is_said_to_be(page, store, run):
    app = page("unlearn", run=run)
    store.delete(run)
    app.run()
    assert session.DELETED in [warning.value.replace("\\", "") for warning in app.warning]
    assert not app.exception and "run" not in app.query_params


@pytest.mark.parametrize("end", ["done", "stopped"])
def test_a_record_of_a_later_lethe_is_shown_and_says_whose_it_is(page, store, end):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, end=end)
    with sqlite3.connect(store.home / "runs" / run / "run.db") as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    app = page("unlearn", run=run)
    (info,) = app.info
    assert "Made by a later Lethe" in info.value and not app.exception
    assert fabricate.summary().verdict in words(app)
    assert "Made by a later Lethe" in words(app)  # in the list too
    assert not [label for label in labels(app) if label.startswith("Resume")]


def test_a_request_of_a_later_lethe_is_not_guessed_at(page, store, run):
    path = store.home / "runs" / run / "config.yaml"
    path.write_text(path.read_text().replace("schema_version: 1", "schema_version: 2"))
    app = page("unlearn", run=run)
    assert "This run was made by a later Lethe" in words(app)
    assert "update Lethe" in errors(app) and not app.exception


def test_stop_reaches_a_worker_that_was_faster(page, store):
    """The page shows a run that waits; a worker claims it before the click."""
    store.save_catalog(fabricate.CATALOG)
    run = store.enqueue(UnlearnRequest())
    app = page("unlearn", run=run)
    claimed = store.claim()
    assert claimed is not None
    app.button(key="run-stop").click().run()
    assert [command.verb for command in store.pending(run)] == ["stop"]
    assert store.run(run).state == "starting" and not app.exception
    claimed.release()


def test_a_page_says_why_no_worker_comes_and_tries_again(page, store, run, monkeypatch):
    tried = []
    monkeypatch.setattr(engine.spawn, "see_to_runs", lambda *args: tried.append(args))
    waiting = store.enqueue(UnlearnRequest(seed=3))
    app = page("unlearn", run=waiting)
    for _ in range(3):
        store.start_failed(1)
    app.run()
    assert "workers ended before they were ready" in errors(app) and "worker.log" in errors(app)
    assert engine.NOBODY in errors(app)  # of what the request would cost
    assert "Waiting for a worker" in words(app)
    app.button(key="engine/again").click().run()
    assert tried and not errors(app) and store.run(waiting).state == "queued"


def test_a_run_that_waits_is_looked_after(page, store, run, monkeypatch):
    """The app that started its worker may have ended, and the worker with it."""
    tried = []
    monkeypatch.setattr(engine.spawn, "see_to_runs", lambda *args: tried.append(args))
    monkeypatch.setattr(engine, "AGAIN_S", 0.0)
    app = page("unlearn", run=store.enqueue(UnlearnRequest(seed=3)))
    app.run()
    assert tried and not app.exception


def test_a_question_over_which_workers_die_is_refused(page, store, run):
    app = page("unlearn", run=run)
    ask_for(app, run, exact=20)
    for _ in range(session.MOST_DEATHS):
        assert header(app)["exact"]["state"] == "fitting"
        worker = Store(store.home, bundled=None)
        place = worker.register_worker(101)
        while question := worker.next_question():
            if question.kind == ExactMap.kind:
                break
        assert question is not None
        place.release()  # as the system does for one that is killed
        app.run().run()
    refused = header(app)["exact"]
    assert refused["state"] == "failed" and "not asked once more" in refused["message"]
    assert not app.session_state["map_requests"].awaited and not app.exception
