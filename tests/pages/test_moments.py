"""A link opens a run at its moment, and hides what it says; what it says wrongly is said."""

import pytest

from cu_core.stage import gallery, unpack
from tests.pages import fabricate
from tests.pages.test_pages import labels, words


def opens(app):
    """What the Stage's bytes say of how it opens."""
    (component,) = app.get("bidi_component")
    return unpack(component.proto.bytes)[0]["opens"]


@pytest.fixture
def run(store):
    store.save_catalog(fabricate.CATALOG)
    return fabricate.finished(store)


def test_a_link_reaches_the_stage_with_the_address_of_its_run(page, run):
    app = page("unlearn", run=run, step="3", view="answers", only="5", pin="14", hide="curves")
    found = opens(app)
    assert found["step"] == 3 and found["view"] == "answers"
    assert found["only"] == [5] and found["pin"] == [14] and found["hide"] == ["curves"]
    assert found["link"] == "step=3&view=answers&only=5&pin=14"
    assert found["address"] == f"unlearn?run={run}"


def test_an_address_without_a_moment_leads_nowhere(page, run):
    assert opens(page("unlearn", run=run)) == {"address": f"unlearn?run={run}"}
    assert "link" not in opens(page("unlearn", run=run, hide="list"))


def test_what_a_link_says_wrongly_is_said_once_and_the_rest_holds(page, run):
    app = page("unlearn", run=run, step="soon", pin="14", hide="roof")
    said = " ".join(warning.value for warning in app.warning)
    assert "soon" in said and "roof" in said and "knobs" in said and not app.exception
    assert opens(app)["pin"] == [14] and "step" not in opens(app)
    assert len(app.session_state["drawn_notices"]) == 2
    app.run()
    assert "notices" not in app.session_state


def test_parts_of_the_page_are_hidden(page, run):
    whole = page("unlearn", run=run)
    assert "Shown" in labels(whole)
    assert fabricate.summary().verdict in words(whole) and whole.sidebar.button
    bare = page("unlearn", run=run, hide="knobs,list,verdict,table")
    assert not bare.exception and not bare.sidebar.button
    assert not {"Open", "Shown"} & {*labels(bare)}
    assert fabricate.summary().verdict not in words(bare)
    assert "All metrics" not in [part.label for part in bare.expander]


def test_another_run_leaves_the_moment_behind(page, store, run):
    other = fabricate.finished(store, "another")
    app = page("unlearn", run=run, step="3", pin="14")
    app.button(key=f"open-{other}").click().run()
    assert app.query_params["run"] == other
    assert "step" not in app.query_params and "pin" not in app.query_params


def test_watch_opens_a_recorded_run_at_a_moment(page, store, tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "FOLDER", tmp_path / "gallery")
    fabricate.gallery(tmp_path / "gallery", "ada", "bob")
    app = page("watch", show="bob", step="3", colour="moved", hide="list,verdict")
    found = opens(app)
    assert found["step"] == 3 and found["colour"] == "moved" and found["address"] == "?show=bob"
    assert "show-ada" not in [button.key for button in app.button]
    assert "Watch bob go." not in words(app)
