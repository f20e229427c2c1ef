"""The sidebar filled from a run: what the widgets then say is what the run's request holds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from cu_core.spec import Leg, OriginCard, UnlearnRequest
from cu_core.store import Store
from tests.pages import fabricate
from tests.pages.conftest import ROOT
from tests.pages.test_pages import words
from ui import form

ORIGIN = OriginCard(key="timm", title="timm", example="timm:resnet18")
CATALOG = fabricate.CATALOG.model_copy(update={"origins": (ORIGIN,)})
NAMED = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry"]


def requested(app: AppTest, store: Store) -> UnlearnRequest:
    """What the page would run now: the newest run after its button."""
    app.button(key="run/go").click().run()
    assert not app.exception
    request = store.runs("unlearn")[0].request
    assert isinstance(request, UnlearnRequest)
    return request


def shown(page: Any, store: Store, request: UnlearnRequest, names: list[str] | None = None) -> Any:
    """The page, opened on a run of this request, its questions answered."""
    store.save_catalog(CATALOG)
    run_id = store.enqueue(request)
    store.move(run_id, "queued", "stopped")
    app = page("unlearn", run=run_id)
    fabricate.answer_all(store, dataset=facts(request, names))
    app.run()
    fabricate.answer_all(store)
    return app.run()


def facts(request: UnlearnRequest, names: list[str] | None = None) -> Any:
    return fabricate.digits_info(names).model_copy(update={"key": request.data})


REQUESTS = {
    "usual": UnlearnRequest(),
    "preset": UnlearnRequest(preset="paper", hparams={"temperature": 0.35, "variant": "official"}),
    "knobs": UnlearnRequest(hparams={"lr": 0.0003, "epochs": 7, "normalise": False}),
    "between steps": UnlearnRequest(hparams={"contrast_weight": 1.2345}),
    "other method": UnlearnRequest(method="fine-tune", hparams={"lr": 1.0}),
    "head": UnlearnRequest(model="resnet18", head="normalised", size=32),
    "course": UnlearnRequest(
        seed=7, model_seed=3, train_epochs=4, every=2, max_steps=50, probe_size=300,
        reference=False, device="cpu", precision="float32",
    ),
    "classes": UnlearnRequest(forget="class:0,3,9"),
    "share": UnlearnRequest(forget="random:0.25", seed=2),
    "of each": UnlearnRequest(forget="per-class:0.9"),
    "planted": UnlearnRequest(plant="wrong-labels:0.07", forget="planted"),
    "marked": UnlearnRequest(plant="trigger:0.05:3", forget="planted"),
    "uneven": UnlearnRequest(plant="wrong-labels:0.125", forget="class:1"),
    "path": UnlearnRequest(dataset="folder:/data/pets", forget="class:2"),
    "another": UnlearnRequest(model="timm:resnet18", size=64),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_run_that_is_opened_puts_its_settings_into_the_sidebar(page, store, name):
    app = shown(page, store, REQUESTS[name])
    assert "Differs" not in words(app) and "Of the run shown" not in words(app)
    assert requested(app, store) == REQUESTS[name]


KNOBS = some.fixed_dictionaries(
    {},
    optional={
        "epochs": some.integers(1, 200).filter(lambda n: n != 3),
        "lr": some.floats(1e-5, 1.0).filter(lambda x: x != 1e-2),
        "temperature": some.floats(0.05, 2.0).filter(lambda x: x != 0.7),
        "contrast_weight": some.floats(0, 10).filter(lambda x: x != 3.0),
        "normalise": some.just(False),
        "variant": some.just("official"),
    },
)
PERCENT = some.integers(1, 90).map(lambda n: f"{n / 100:g}")
FORGOTTEN = some.one_of(
    some.sets(some.integers(0, 9), min_size=1, max_size=8).map(
        lambda ids: "class:" + ",".join(map(str, sorted(ids)))
    ),
    PERCENT.map("random:{}".format),
    PERCENT.map("per-class:{}".format),
)
ANY = some.builds(
    UnlearnRequest,
    forget=FORGOTTEN,
    model=some.sampled_from(["small-cnn", "resnet18"]),
    plant=some.one_of(
        some.just(""), some.integers(1, 50).map(lambda n: f"wrong-labels:{n / 100:g}")
    ),
    hparams=KNOBS,
    model_seed=some.integers(0, 2**31 - 1),
    seed=some.integers(0, 2**31 - 1),
    train_epochs=some.none() | some.integers(1, 500),
    size=some.none() | some.integers(8, 1024),
    every=some.none() | some.integers(1, 1000),
    max_steps=some.none() | some.integers(1, 10**6),
    probe_size=some.integers(20, 50_000),
    reference=some.booleans(),
    device=some.sampled_from(["auto", "cpu", "cuda", "mps"]),
    precision=some.sampled_from(["auto", "float32", "bfloat16"]),
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=ANY)
def test_whatever_the_widgets_can_hold_comes_back_as_it_was(page, store, asked):
    assert requested(shown(page, store, asked), store) == asked


def test_every_field_of_a_request_is_put_in_or_told():
    nouns = {"dataset", "plant", "size", "model", "head", "original", "forget", "after"}
    verbs = {"method", "preset", "hparams", "stop_rule"}
    told = {"first", "parent", "trial", "floor"}  # of a branch, of a trial
    known = nouns | verbs | told | {*form.AS_THEY_ARE}
    assert {*UnlearnRequest.model_fields} - {"kind"} == known


LOST = {
    "rule": (UnlearnRequest(forget="near:3,0.5"), "The forget rule near is not offered"),
    "share": (UnlearnRequest(forget="random:0.123"), "no place for the share of random:0.123"),
    "after": (UnlearnRequest(after="class:2"), "had already forgotten a part"),
    "branch": (
        UnlearnRequest(first=(Leg(until=8, method="contrastive"),)),
        "went other ways for 8 steps",
    ),
    "floor": (UnlearnRequest(floor=80), "ends once test accuracy is below 80 %"),
    "method": (UnlearnRequest(method="gone"), "The method gone is not offered here"),
    "preset": (UnlearnRequest(preset="gone"), "has no preset gone here"),
    "knob": (UnlearnRequest(hparams={"gone": 2}), "has no place for gone 2"),
    "bounds": (UnlearnRequest(hparams={"temperature": 9.0}), "has no place for temperature 9"),
    "original": (UnlearnRequest(original="gone"), "The model that it began with is not offered"),
    "data": (UnlearnRequest(dataset="gone:/x/cats"), "The data cats come from gone"),
    "head": (UnlearnRequest(head="normalised"), "small-cnn has no normalised head"),
    "stop": (UnlearnRequest(stop_rule="class-accuracy"), "The stopping rule"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_no_widget_holds_is_said(page, store, name):
    request, sentence = LOST[name]
    assert sentence in words(shown(page, store, request))


def test_a_class_is_put_in_by_its_name(page, store):
    app = shown(page, store, UnlearnRequest(forget="class:dog,cat"), NAMED)
    assert app.multiselect(key="run/classes/digits").value == [5, 3]
    assert "Differs" not in words(app)
    assert requested(app, store).forget == "class:3,5"


def test_a_list_is_put_in_and_read_from_where_the_run_keeps_it(page, store, tmp_path):
    listed = tmp_path / "six.csv"
    listed.write_text("row,id\n1,2\n")
    app = shown(page, store, UnlearnRequest(forget=f"indices:{listed}#row"))
    listed.unlink()  # the run has its own
    app.run()
    assert "six.csv" in words(app) and "Differs" not in words(app)
    assert app.text_input(key="run/forget/indices/column").value == "row"
    path, _, column = requested(app, store).forget.partition(":")[2].partition("#")
    assert Path(path).read_text() == "row,id\n1,2\n" and column == "row"
    app.button(key="run/forget/indices/other").click().run()
    assert app.button(key="run/go").disabled
    assert "Choose the file that lists the samples." in words(app)


def test_an_imported_model_is_put_in(page, store):
    model = fabricate.cached_model(store, kind="imported", architecture="resnet18")
    request = UnlearnRequest(original=model, model="resnet18")
    app = shown(page, store, request)
    assert app.selectbox(key="model").value == f"id:{model}"
    assert requested(app, store) == request


def test_what_is_changed_by_hand_stays_and_is_said_with_a_way_back(page, store):
    request = UnlearnRequest(hparams={"temperature": 0.1}, preset="paper")
    app = shown(page, store, request)
    app.slider(key="knob/contrastive/temperature").set_value(0.5).run()
    app.multiselect(key="run/classes/digits").set_value([3]).run()
    fabricate.answer_all(store)
    app.run()
    told = "Differs from the run shown: forget class 3, not class 5; temperature 0.5, not 0.1."
    assert told in words(app)
    app.switch_page(str(ROOT / "pages/models.py")).run()
    app.switch_page(str(ROOT / "pages/unlearn.py")).run()
    assert told in words(app)
    app.button(key="run/back").click().run()
    assert "Differs" not in words(app)
    assert requested(app, store) == request


def test_another_run_that_is_opened_puts_in_its_own(page, store):
    app = shown(page, store, UnlearnRequest(seed=4))
    other = store.enqueue(UnlearnRequest(seed=8))
    store.move(other, "queued", "stopped")
    app.run()
    app.button(key=f"open-{other}").click().run()
    assert app.number_input(key="run/seed").value == 8


def test_a_run_that_is_started_leaves_the_sidebar_as_it_is(page, store):
    store.save_catalog(CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run().selectbox(key="run/rule").select("indices").run()
    app.file_uploader(key="run/forget/indices").upload("mine.txt", b"1\n2\n").run()
    app.button(key="run/go").click().run()
    app.run()
    assert "Differs" not in words(app) and "This run is live" in words(app)
    kept = store.paths.run(store.runs()[0].run_id)
    assert str(kept) not in words(app)


WAITS = {
    "class": ("multiselect", "run/classes/digits", [], "Choose at least one class."),
    "folder": ("selectbox", "run/dataset", "folder", "Type the path of the data."),
    "download": ("selectbox", "run/dataset", "cifar10", "CIFAR-10 is not on this machine yet;"),
    "list": ("selectbox", "run/rule", "indices", "Choose the file that lists the samples."),
    "network": ("selectbox", "model", "new:another", "Type the name of the network."),
    "steps": ("number_input", "run/train_epochs", 900, "What is wrong is said above."),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_grey_button_says_what_is_missing(page, store, name):
    kind, key, value, sentence = WAITS[name]
    store.save_catalog(CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    getattr(app, kind)(key=key).set_value(value).run()
    assert app.button(key="run/go").disabled and app.button(key="run/now").disabled
    assert words(app).count(sentence) == 2  # beside either button


def test_a_list_that_is_gone_is_said(page, store, tmp_path):
    listed = tmp_path / "six.txt"
    listed.write_text("1\n2\n")
    app = shown(page, store, UnlearnRequest(forget=f"indices:{listed}"))
    next(store.paths.runs.glob("*/forget/six.txt")).unlink()
    app.run()
    assert "The list six.txt is gone; choose its file again." in words(app)


def test_an_engine_that_starts_is_what_the_button_waits_for(page):
    app = page("unlearn")
    assert app.button(key="run/now").disabled and "The engine is starting…" in words(app)


def settings_of(app: AppTest) -> dict[str, Any]:
    """Every widget with a value that stands on the page, by its key."""
    kinds = ("selectbox", "text_input", "number_input", "slider", "select_slider", "multiselect")
    kinds += ("toggle", "text_area", "pills", "pagination")
    found = {}
    for kind in kinds:
        for widget in app.get(kind):
            if widget.key and not widget.key.startswith("name-"):  # in a popover, to be typed anew
                found[widget.key] = widget.value
    return found


TRAIN = {
    "train/dataset": "folder", "train/path/folder": "/data/pets", "train/plant": "trigger",
    "train/plant/trigger": 9, "train/seed": 3, "train/architecture": "resnet18",
    "train/head/resnet18": "normalised", "train/epochs": 4, "train/without": True,
}  # fmt: skip
IMPORT = {
    "import/dataset": "folder", "import/path/folder": "/data/dogs", "import/path": "/data/m.pt",
    "import/normalise": "numbers", "import/numbers": "0.5;0.5", "import/classes": "numbers",
    "import/names": "cat, dog", "import/accuracy": 91.5, "import/architecture": "resnet18",
    "import/size": 64, "import/weights": "ema", "import/plant": "wrong-labels",
    "import/plant/wrong-labels": 20, "import/name": "Mine", "path-folder": "/data/cats",
}  # fmt: skip


def set_all(app: AppTest, wanted: dict[str, Any]) -> None:
    """One widget after another, as a person would: some appear by what another is set to."""
    for key, value in wanted.items():
        app.get_by_key(key).set_value(value).run()
        assert not app.exception


def test_the_other_pages_stand_as_they_were_left(page, store):
    store.save_catalog(CATALOG)
    app = page("models")
    set_all(app, TRAIN | IMPORT)
    app.file_uploader(key="import/file").upload("mine.pt", b"weights").run()
    left = settings_of(app)
    assert {key: left[key] for key in TRAIN | IMPORT} == TRAIN | IMPORT
    app.switch_page(str(ROOT / "pages/methods.py")).run()
    app.get_by_key("method-filter").set_value(["need no forget samples"]).run()
    app.switch_page(str(ROOT / "pages/models.py")).run()
    assert settings_of(app) == left and "mine.pt" in words(app)
    app.switch_page(str(ROOT / "pages/methods.py")).run()
    assert app.get_by_key("method-filter").value == ["need no forget samples"]


def test_the_buttons_of_models_and_data_say_what_they_wait_for(page, store):
    store.save_catalog(CATALOG)
    app = page("models")
    assert "Choose a file of weights, or type its path." in words(app)
    set_all(app, {"train/dataset": "folder", "import/classes": "numbers"})
    assert app.button(key="train/go").disabled and app.button(key="import/go").disabled
    for sentence in ("Type the path of the data.", "Type the classes in the order of its outputs."):
        assert sentence in words(app)
