"""Watch: the first recorded run plays, a card opens another, and no verdict stands above them."""

import pytest

from cu_core.stage import gallery
from tests.pages import fabricate
from tests.pages.test_pages import labels, words


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "FOLDER", tmp_path / "gallery")
    return tmp_path / "gallery"


def test_without_a_recording_it_offers_a_run_of_ones_own(page, store, folder):
    app = page("watch")
    assert "No recorded run is here" in words(app) and app.get("page_link")


def test_the_first_one_plays_and_says_no_verdict_before_its_end(page, store, folder):
    fabricate.gallery(folder, "ada", "bob")
    app = page("watch")
    assert not app.exception
    assert "The story of ada" in words(app) and fabricate.summary().verdict not in words(app)
    assert app.code[0].value == "lethe unlearn --name ada"
    assert app.button(key="show-ada").disabled and "Forget something else, live" in labels(app)


def test_a_card_shows_its_picture_words_and_figure_and_opens_its_run(page, store, folder):
    fabricate.gallery(folder, "ada", "bob")
    app = page("watch")
    assert "Watch bob go." in words(app) and "79 %, retrained 62 %" in words(app)
    assert words(app).count("data:image/png;base64,") == 2
    app.button(key="show-bob").click().run()
    assert app.query_params["show"] == "bob"
    assert app.code[0].value == "lethe unlearn --name bob" and app.button(key="show-bob").disabled
    assert page("watch", show="bob").code[0].value == "lethe unlearn --name bob"


def test_an_address_that_names_no_run_shows_the_first_and_says_so(page, store, folder):
    fabricate.gallery(folder, "ada")
    app = page("watch", show="eve")
    assert "eve" in app.warning[0].value and app.code[0].value == "lethe unlearn --name ada"


def test_a_damaged_recording_costs_its_card_alone(page, store, folder):
    fabricate.gallery(folder, "ada", "bob")
    (folder / "bob.lethe").write_bytes(b"no recording")
    app = page("watch")
    assert not app.exception and "bob\\.lethe cannot be played" in words(app)
    assert app.code[0].value == "lethe unlearn --name ada"


def test_what_is_said_of_a_run_is_shown_as_text(page, store, folder):
    fabricate.gallery(folder, "ada", title=fabricate.HOSTILE)
    app = page("watch")
    assert "&lt;img src=x" in words(app) and "<img src=x" not in words(app)
