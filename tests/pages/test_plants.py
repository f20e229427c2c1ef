"""What is planted is asked for under the data, and forgotten unless something else is chosen."""

import pytest

from tests.pages import fabricate


@pytest.fixture
def unlearn(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    return app.run()


def planted(app, store, key):
    app.selectbox(key="run/plant").select(key).run()
    fabricate.answer_all(store)
    return app.run()


def test_nothing_is_planted_unless_asked_for(unlearn, store):
    assert unlearn.selectbox(key="run/plant").options[0] == "nothing planted"
    assert "what was planted" not in unlearn.selectbox(key="run/rule").options
    unlearn.button(key="run/go").click().run()
    assert store.runs()[0].request.plant == ""


def test_what_is_planted_is_what_is_forgotten(unlearn, store):
    app = planted(unlearn, store, "wrong-labels")
    assert app.selectbox(key="run/rule").value == "planted"
    app.slider(key="run/plant/wrong-labels").set_value(20).run()
    fabricate.answer_all(store)
    app.run().button(key="run/go").click().run()
    request = store.runs()[0].request
    assert (request.plant, request.forget) == ("wrong-labels:0.2", "planted")
    assert "--plant wrong-labels:0.2" in store.runs()[0].command


def test_the_share_is_first_that_of_the_example(unlearn, store):
    app = planted(unlearn, store, "trigger")
    assert app.slider(key="run/plant/trigger").value == 5


def test_taking_the_plant_away_leaves_a_rule_that_can_be_run(unlearn, store):
    app = planted(planted(unlearn, store, "trigger"), store, "")
    assert app.selectbox(key="run/rule").value == "class" and not app.exception
    app.button(key="run/go").click().run()
    assert store.runs()[0].request.forget == "class:5"


def test_a_planted_set_may_forget_something_else(unlearn, store):
    app = planted(unlearn, store, "wrong-labels")
    app.selectbox(key="run/rule").select("random").run()
    fabricate.answer_all(store)
    app.run().button(key="run/go").click().run()
    request = store.runs()[0].request
    assert (request.plant, request.forget) == ("wrong-labels:0.1", "random:0.1")


def test_a_run_says_what_was_planted(unlearn, store):
    from ui import wording

    app = planted(unlearn, store, "wrong-labels")
    app.button(key="run/go").click().run()
    said = wording.settings(store.runs()[0])
    assert said.startswith("Forget the planted samples of digits with 10 % wrong labels in ")
    assert wording.given_name(store.runs()[0]) == ""
