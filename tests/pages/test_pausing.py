"""Pause and Resume, what a run is to pause at, and what is said of both."""

from typing import Any

import pytest

from cu_core import events
from cu_core.spec import RunProgress, UnlearnRequest
from cu_core.store import Store
from tests.pages import fabricate
from tests.pages.test_pages import words
from ui import pausing

CATALOG = fabricate.CATALOG.model_copy(update={"events": events.cards()})


@pytest.fixture
def live(store: Store) -> Any:
    """A run that a worker holds, who does nothing by itself."""
    store.save_catalog(CATALOG)
    run_id = fabricate.finished(store, end=None)
    store.requeue(run_id)
    with store.claim_run(run_id) as claimed:
        writer = store.writer(claimed.run_id)
        writer.move("starting", "running")
        yield writer
        writer.close()


def kinds(app: Any) -> dict[str, str]:
    return {b.key: b.proto.type for b in app.button if b.key in ("run-pause", "run-resume")}


def test_pause_and_resume_are_two_buttons_and_the_live_one_stands_out(page, live):
    app = page("unlearn", run=live.run_id)
    assert kinds(app) == {"run-pause": "primary", "run-resume": "secondary"}
    live.move("running", "paused")
    app.run()
    assert kinds(app) == {"run-pause": "secondary", "run-resume": "primary"}
    assert not any(button.disabled for button in app.button if button.key in kinds(app))


def test_a_command_is_signed_and_the_answer_to_a_needless_one_is_read(page, live, store):
    live.move("running", "paused")
    one, other = page("unlearn", run=live.run_id), page("unlearn", run=live.run_id)
    signed = []
    for app in (one, other):
        app.button(key="run-pause").click().run()
        (command,) = store.pending(live.run_id)
        signed.append(command.by)
        store.acknowledge(command.id, "Already paused by another session.")
        app.run()
        assert "Already paused by another session." in words(app)
    assert all(signed) and signed[0] != signed[1]
    assert not one.exception and not other.exception


def test_what_is_chosen_before_a_run_is_told_to_it_and_no_part_of_its_request(page, store):
    store.save_catalog(CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    app.multiselect(key="run/pause_at").select("retain-falls").run()
    app.button(key="run/go").click().run()
    (record,) = store.runs()
    assert record.request == UnlearnRequest()
    (command,) = store.pending(record.run_id)
    assert (command.verb, command.value) == ("watch-for", ["retain-falls"])
    assert not app.exception


def test_nothing_is_told_where_nothing_was_chosen(page, store):
    store.save_catalog(CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    app.button(key="run/go").click().run()
    assert store.pending(store.runs()[0].run_id) == []


def test_a_page_says_what_a_run_pauses_at_and_why_it_has(page, live):
    live.put(RunProgress(watch_for=("mass-change",)))
    app = page("unlearn", run=live.run_id)
    assert "Pauses at: Many answers change at once." in words(app)
    live.put(RunProgress(paused_for="12 % of the samples change their answer in one frame"))
    live.move("running", "paused")
    app.run()
    assert ": 12 % of the samples change their answer in one frame" in words(app).replace(
        "\u00a0", " "
    )
    assert not app.exception


def test_a_catalog_of_an_engine_that_knows_no_events_offers_none(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    assert "run/pause_at" not in [widget.key for widget in app.multiselect]


def test_a_choice_stands_until_the_record_has_it_however_old_the_page_reads(
    live: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn back for a moment it would be heard as a click of the hand's."""
    record, before = store.run(live.run_id), RunProgress()
    command = store.command(live.run_id, "watch-for", ["mass-change"])
    said = {pausing.LAST: (live.run_id, command, ["mass-change"])}
    monkeypatch.setattr(pausing.st, "session_state", said)
    monkeypatch.setattr(pausing.session, "store", lambda: store)
    assert pausing._wanted(record, before) == ["mass-change"]
    live.put(RunProgress(watch_for=("mass-change",)))
    store.acknowledge(command, "watch-for at 3")
    assert pausing._wanted(record, before) == ("mass-change",)
    now = store.reader(live.run_id).progress()
    live.put(RunProgress(watch_for=()))  # by another session, later
    assert pausing._wanted(record, now) == ("mass-change",)  # as that page reads it
    assert pausing._wanted(record, store.reader(live.run_id).progress()) == ()
