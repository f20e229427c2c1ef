"""A loop of one's own on the pages: shown while it lives, listed, and moved by nobody here."""

import pytest

from cu_core.spec import ACTIVE, RunProgress, WatchRequest
from cu_core.stage import gallery
from tests.pages import fabricate
from tests.pages.test_pages import labels, words

MOVES = {"Pause", "Resume", "Step", "Rewind", "Stop", "Resume from step 20", "Start again"}


@pytest.fixture
def loop(store, tmp_path, monkeypatch):
    """A live one: (claimed, its writer)."""
    monkeypatch.setattr(gallery, "FOLDER", tmp_path / "gallery")
    fabricate.gallery(tmp_path / "gallery", "ada")
    store.save_catalog(fabricate.CATALOG)
    claimed = store.claim_new(WatchRequest(dataset="CIFAR10", model="ResNet"), None)
    writer = store.writer(claimed.run_id)
    fabricate._write(writer, [str(i) for i in range(10)], 60, 6)
    writer.put(RunProgress(phase="watching", step=20, total=0, phase_done=20))
    writer.move("starting", "running")
    yield claimed, writer
    writer.close()
    claimed.release()


def test_it_opens_on_watch_while_it_lives_and_has_no_controls(page, store, loop):
    app = page("watch")
    assert not app.exception
    said = words(app)
    assert "Watching 5 in a loop of your own" in said and "ResNet on CIFAR10" in said
    assert "20 updates so far. It runs in a script of your own" in said
    assert not MOVES & {*labels(app)} and "exact figures come with the end" not in said
    app.button(key="show-ada").click().run()
    assert app.code[0].value == "lethe unlearn --name ada"


def test_it_stays_on_watch_when_it_has_ended(page, store, loop):
    claimed, writer = loop
    app = page("watch")
    writer.finish(fabricate.summary())
    writer.move(ACTIVE, "done")
    claimed.release()
    app.run()
    assert not app.exception and "the features forgot only in part" in words(app)
    assert "The story of ada" in words(page("watch"))  # another tab opens as ever


def test_it_is_listed_and_opened_like_any_run(page, store, loop):
    claimed, _ = loop
    app = page("unlearn", run=claimed.run_id)
    assert not app.exception and "A loop of your own: ResNet on CIFAR10" in words(app)
    assert not MOVES & {*labels(app)}
    assert app.button(key=f"open-{claimed.run_id}").disabled  # the one that is shown


def test_one_that_was_cut_off_says_so_and_offers_no_resuming(page, store, loop):
    claimed, _ = loop
    claimed.release()
    app = page("unlearn", run=claimed.run_id)
    said = words(app)
    assert not app.exception and "Interrupted at step 20, forgetting 5" in said
    assert "ended without closing its watch" in said and not MOVES & {*labels(app)}
    app.button(key=f"delete-{claimed.run_id}").click().run()
    assert store.runs() == []
