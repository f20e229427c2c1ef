"""A network made elsewhere is asked for by its name, in the sentence and on the train form."""

from cu_core.spec import OriginCard, TrainRequest, UnlearnRequest
from tests.pages import fabricate

TIMM = OriginCard(key="timm", title="timm", help="By name.", example="timm:resnet18")
LACKING = OriginCard(key="hf", title="hf", example="hf:DIR", missing='pip install "x[hf]".')
CATALOG = fabricate.CATALOG.model_copy(update={"origins": (TIMM, LACKING)})
NAME = "timm:vit_tiny_patch16_224"


def test_the_sentence_takes_another_network_and_the_size_of_its_images(page, store):
    store.save_catalog(CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    app.selectbox(key="model").set_value("new:another").run()
    typed = app.text_input(key="run/another")
    assert not app.exception and typed.placeholder == TIMM.example
    assert TIMM.help in typed.help and LACKING.missing in typed.help
    assert app.button(key="run/go").disabled  # nothing is typed yet
    typed.set_value(NAME).run()
    app.number_input(key="run/size").set_value(64).run()
    fabricate.answer_all(store)
    app.run()
    app.button(key="run/go").click().run()
    (record,) = store.runs("unlearn")
    assert isinstance(record.request, UnlearnRequest)
    assert (record.request.model, record.request.size) == (NAME, 64)
    assert "--model timm:vit_tiny_patch16_224" in record.request.command()


def test_the_train_form_takes_it_too(page, store):
    store.save_catalog(CATALOG)
    app = page("models")
    app.selectbox(key="train/architecture").set_value("another").run()
    assert app.button(key="train/go").disabled
    app.text_input(key="train/another").set_value(f"  {NAME} ").run()
    app.selectbox(key="train/dataset").set_value("digits").run()
    app.button(key="train/go").click().run()
    (record,) = store.runs("train")
    assert isinstance(record.request, TrainRequest)
    assert (record.request.model, record.request.size) == (NAME, None)


def test_a_catalog_of_an_older_lethe_has_no_such_choice(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    assert "another network…" not in app.selectbox(key="model").options
