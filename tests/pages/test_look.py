"""Look before you run: by one click, what is in the data and which samples would be forgotten."""

import re
from html import unescape

import pytest

from cu_core.spec import (
    ClassFacts,
    DatasetFacts,
    DescribeDataset,
    DescribeForget,
    ForgetFacts,
    ForgottenClass,
    ForgottenFacts,
    RunProgress,
    SampleFacts,
)
from tests.pages import fabricate

IMAGE = "data:image/png;base64,AAAA"
ROWS = (
    SampleFacts(row=3, part="training", label="cat", file="cats/<b>3.png", key="k3", image=IMAGE),
    SampleFacts(row=4, part="test", label="dog", text="A dog, <i>truly</i>."),
)
FACTS = DatasetFacts(
    key="folder:/data/pets",
    n_train=96,
    n_test=24,
    shape=(3, 48, 40),
    classes=(ClassFacts(id=0, name="cat & co", train=60, test=12),),
    read=("120 rows of the files: 96 are the training part",),
    notes=("2 images could not be read",),
    rows=ROWS,
)
FORGOTTEN = ForgottenFacts(
    rule="class:5",
    kind="class",
    n_forget=135,
    n_retain=1212,
    classes=(ForgottenClass(name="5", forgotten=135, of=136),),
    rows=ROWS[:1],
    notes=("2 of 5 listed rows are in the test part: rows 13, 199",),
)


@pytest.fixture
def unlearn(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    return app.run()


def asked(store, **replies):
    """What a worker is asked, in order; all of it is answered."""
    seen = []
    real = store.next_question

    def listening():
        found = real()
        seen.extend([found] if found else [])
        return found

    store.next_question = listening
    try:
        fabricate.answer_all(store, **replies)
    finally:
        del store.next_question
    return [(q.kind, q.payload) for q in seen]


def words(app):
    """The text of the page's HTML."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.value)) for html in app.get("html"))


def markup(app):
    return " ".join(html.value for html in app.get("html"))


def test_a_click_tells_what_is_in_the_data(unlearn, store):
    app = unlearn.button(key="look-run").click().run()
    assert "Waiting for the engine" in words(app)
    kind, payload = asked(store, dataset=FACTS)[0]
    assert kind == DescribeDataset.kind and payload["key"] == "digits" and payload["rows"] > 0
    told = words(app.run())
    for said in ("96 to train with", "24 to test with", "colour images, 48 × 40 pixels"):
        assert said in told
    assert "120 rows of the files" in told and "2 images could not be read" in told
    assert "cat & co" in told and "k3" in told and "row 3" in told and "test part" in told
    assert "A dog, <i>truly</i>." in told and "<b>3.png" in told
    assert f'<img src="{IMAGE}"' in markup(app) and "<b>3" not in markup(app)
    assert not app.exception


def test_a_click_tells_which_samples_would_be_forgotten(unlearn, store):
    app = unlearn.button(key="look-forget").click().run()
    kind, payload = asked(store, forget=FORGOTTEN)[0]
    assert kind == DescribeForget.kind
    assert (payload["key"], payload["forget"], payload["seed"]) == ("digits", "class:5", 0)
    told = words(app.run())
    assert "Class 5, digits" in told and "135 to forget" in told and "1,212 to keep" in told
    assert "rows 13, 199" in told and "The first 1 of them" in told and "k3" in told
    assert store.runs() == []


def test_a_refusal_is_its_sentence(unlearn, store):
    app = unlearn.button(key="look-forget").click().run()
    asked(store, forget="rows.txt lists the row -1.")
    assert any("rows" in box.value and "1" in box.value for box in app.run().error)


def test_the_seed_of_the_run_is_that_of_the_look(unlearn, store):
    app = unlearn.number_input(key="run/seed").set_value(7).run()
    fabricate.answer_all(store)
    app = app.run().button(key="look-forget").click().run()
    assert dict(asked(store, forget=FORGOTTEN))[DescribeForget.kind]["seed"] == 7


def test_models_and_data_offers_a_look_at_each_source(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("models")
    assert app.button(key="look-folder").disabled
    app = app.text_input(key="path-folder").set_value(" /data/pets ").run()
    app = app.button(key="look-folder").click().run()
    assert asked(store, dataset=FACTS)[0][1]["key"] == "folder:/data/pets"
    assert "96 to train with" in words(app.run())


def test_a_run_says_what_its_forget_set_could_not_take_before_it_has_ended(page, store):
    store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(store, end=None)
    writer = store.writer(run_id)
    said = "2 of 5 listed rows are in the test part: rows 13, 199"
    writer.put(RunProgress(forget=ForgetFacts(rule="indices:a.txt", n_forget=3, notes=(said,))))
    writer.close()
    assert said in words(page("unlearn", run=run_id))
