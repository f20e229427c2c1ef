"""The form that takes a model of one's own, and what it says of what came of it."""

import pytest

from cu_core.spec import Fit, ImportedModel, ModelContract, UnlearnRequest
from tests.pages import fabricate
from tests.pages.conftest import ROOT

CONTRACT = ModelContract(
    mean=(0.0,), std=(1.0,), normalisation="totensor", said_by="search", classes=("0", "1"),
    shape=(1, 8, 8), accuracy=97.32, claimed=97.32, chance=10.0, n=597, part="test",
)  # fmt: skip
FITS = tuple(
    Fit(normalisation=key, title=title, order="the data's", network=network, accuracy=right, n=600)
    for key, title, network, right in (
        ("totensor", "ToTensor alone, 0 to 1", "small-cnn", 99.5),
        ("data", fabricate.HOSTILE, "other-cnn", 61.8),
    )
)


def words(app) -> str:
    elements = [*app.get("html"), *app.success, *app.error, *app.info]
    return " ".join(getattr(e, "value", None) or e.proto.body for e in elements)


def asked(page, store, **fields):
    """The page after a file was uploaded and the button pressed, and the question it asks."""
    store.save_catalog(fabricate.CATALOG)
    app = page("models")
    app.file_uploader(key="import/file").upload("my best.pth.tar", b"weights").run()
    for key, value in fields.items():
        (app.number_input if key == "accuracy" else app.selectbox)(key=f"import/{key}").set_value(
            value
        )
    app.run()
    return app, lambda: app.button(key="import/go").click().run()


def test_what_the_script_does_is_asked_with_the_usual_choices(page, store):
    app, go = asked(page, store, normalise="numbers", classes="numbers", accuracy=97.3)
    assert app.button(key="import/go").disabled  # neither is written yet
    app.text_input(key="import/numbers").set_value("0.5;0.25")
    app.text_area(key="import/names").set_value("one\nzero\n").run()
    go()
    payload = store.next_question().payload
    assert payload["path"].endswith("/my best.pth.tar")
    assert (payload["normalise"], payload["classes"]) == ("0.5;0.25", "one,zero")
    assert (payload["accuracy"], payload["size"], payload["architecture"]) == (97.3, None, None)


def answer(store, app, contract, **facts):
    model_id = fabricate.cached_model(
        store, "imported-0001", kind="imported", contract=contract, accuracy=contract.accuracy
    )
    doubt = store.model(model_id).doubt
    made = ImportedModel(
        model_id=model_id, architecture="small-cnn", dataset="digits", contract=contract,
        accuracy=contract.accuracy, fits=FITS, notes=("A note.",), doubt=doubt, **facts,
    )  # fmt: skip
    store.reply(store.next_question().id, made)
    app.run()
    return model_id


def test_the_measured_number_stands_beside_the_owner_s_and_leads_on(page, store):
    app, go = asked(page, store, accuracy=97.32)
    go()
    model_id = answer(store, app, CONTRACT)
    told = words(app)
    assert "The same number as in your script" in told.replace("\\", "")
    assert "97.32 % of 597 test samples" in told and "found by trying" in told
    assert "61.8 %" in told and "other-cnn" in told and "<img" not in told and not app.exception
    app.button(key="import/use").click().run()
    fabricate.answer_all(store)
    app.switch_page(str(ROOT / "pages/unlearn.py")).run()
    fabricate.answer_all(store)
    app.run().button(key="run/go").click().run()
    request = store.runs()[0].request
    assert isinstance(request, UnlearnRequest) and request.original == model_id


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"claimed": 80.0}, "should have 80.00 % and has 97.32 % of 597 test samples"),
        ({"accuracy": 10.2, "claimed": None}, "answers like chance"),
    ],
)
def test_a_figure_that_disagrees_is_red_and_leads_nowhere(page, store, changed, said):
    app, go = asked(page, store)
    go()
    model_id = answer(store, app, CONTRACT.model_copy(update=changed))
    assert said in app.error[0].value.replace("\\", "")
    keys = [button.key for button in app.button]
    assert "import/use" not in keys and f"use-{model_id}" not in keys


def test_a_number_that_nobody_knows_is_asked_about(page, store):
    app, go = asked(page, store)
    go()
    answer(store, app, CONTRACT.model_copy(update={"claimed": None}), known=True)
    said = app.info[0].value.replace("\\", "")
    assert "It has 97.32 % here. Is that what your script has? It was here already." in said
    assert "normalised by ToTensor alone, 0 to 1" in words(app)  # on the shelf of models


def test_what_is_too_large_for_an_upload_goes_by_its_path(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("models")
    app.text_input(key="import/path").set_value("/data/large.pth").run()
    app.button(key="import/go").click().run()
    payload = store.next_question().payload
    assert (payload["path"], payload["normalise"], payload["classes"]) == (
        "/data/large.pth",
        "",
        "",
    )
