"""The sidebar of Unlearn: what the widgets say is what the request holds."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from cu_core import forget
from cu_core.spec import RuleCard, UnlearnRequest
from tests.pages import fabricate
from tests.pages.conftest import ROOT
from tests.pages.test_pages import words
from ui import controls, listfile, pickers


@pytest.fixture
def unlearn(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    return app.run()


def test_a_preset_sets_every_knob_and_a_knob_changed_after_it_wins(unlearn, store):
    unlearn.slider(key="knob/contrastive/temperature").set_value(1.2).run()
    unlearn.selectbox(key="preset/contrastive").select("paper").run()
    assert unlearn.slider(key="knob/contrastive/temperature").value == 0.7  # back to the default
    assert unlearn.select_slider(key="knob/contrastive/lr").value == 1e-3
    unlearn.number_input(key="knob/contrastive/epochs").set_value(9).run()
    unlearn.button(key="run/go").click().run()
    assert store.runs()[0].request == UnlearnRequest(preset="paper", hparams={"epochs": 9})


def test_what_differs_from_the_preset_is_said_and_taken_back(unlearn):
    assert "run/reset" not in [button.key for button in unlearn.button]
    unlearn.selectbox(key="preset/contrastive").select("paper").run()
    unlearn.slider(key="knob/contrastive/temperature").set_value(1.2).run()
    assert "Changed: temperature 1.2, not 0.7." in words(unlearn)
    unlearn.button(key="run/reset").click().run()
    assert unlearn.slider(key="knob/contrastive/temperature").value == 0.7
    assert unlearn.select_slider(key="knob/contrastive/lr").value == 1e-3  # as the preset has it
    assert "Changed:" not in words(unlearn)


def test_settings_are_kept_while_other_pages_are_read(unlearn):
    unlearn.slider(key="knob/contrastive/temperature").set_value(1.2).run()
    unlearn.multiselect(key="run/classes/digits").select(7).run()
    unlearn.switch_page(str(ROOT / "pages/models.py")).run()
    unlearn.switch_page(str(ROOT / "pages/unlearn.py")).run()
    assert unlearn.slider(key="knob/contrastive/temperature").value == 1.2
    assert unlearn.multiselect(key="run/classes/digits").value == [5, 7]


@pytest.mark.parametrize(
    ("rule", "forget"), [("random", "random:0.1"), ("per-class", "per-class:0.1")]
)
def test_shares_are_written_as_fractions(unlearn, store, rule, forget):
    unlearn.selectbox(key="run/rule").select(rule).run()
    unlearn.button(key="run/go").click().run()
    assert store.runs()[0].request.forget == forget


def test_listed_images_come_from_a_file(unlearn, store):
    unlearn.selectbox(key="run/rule").select("indices").run()
    assert unlearn.button(key="run/go").disabled
    unlearn.file_uploader(key="run/forget/indices").upload("mine.txt", b"1\n2\n").run()
    unlearn.button(key="run/go").click().run()
    rule, _, path = store.runs()[0].request.forget.partition(":")
    assert rule == "indices" and Path(path).read_bytes() == b"1\n2\n"


def test_a_rule_that_is_only_a_file_is_typed_on_the_page(page, store):
    """Its declaration is all that the page has of it: title, help and an example."""
    declared = RuleCard(key="near", title="Near samples", help="By distance.", example="near:3,0.5")
    rules = (*fabricate.CATALOG.forget_rules, declared)
    store.save_catalog(fabricate.CATALOG.model_copy(update={"forget_rules": rules}))
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    assert "near samples" in app.selectbox(key="run/rule").options
    app.selectbox(key="run/rule").select("near").run()
    typed = app.text_input(key="run/forget/near")
    assert (typed.label, typed.placeholder, typed.help) == ("Near samples", "3,0.5", "By distance.")
    assert app.button(key="run/go").disabled
    typed.input(" 4,0.25 ").run()
    app.button(key="run/go").click().run()
    assert store.runs()[0].request.forget == "near:4,0.25" and not app.exception


def test_rules_stand_on_the_page_as_they_are_declared(unlearn):
    titles = [rule.title.casefold() for rule in forget.rules() if rule.key != pickers.PLANTED]
    *offered, by_hand = unlearn.selectbox(key="run/rule").options
    assert [text.casefold() for text in offered] == titles and "by hand" in by_hand
    stops = [rule.title for rule in fabricate.CATALOG.stop_rules]
    assert unlearn.selectbox(key="run/stop_rule").options == stops


def test_the_server_receives_what_the_pages_offer_to_take():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["server"]["maxUploadSize"] == listfile.UPLOAD_MB


@pytest.mark.parametrize(
    ("ids", "names", "rule"),
    [
        ([1, 0], ["cat", "dog", "cow", "hen"], "class:0,1"),
        ([2], ["7", "8", "9"], "class:9"),  # an id beside numbered names would mean another class
        ([1], ["cat", "2", "cow"], "class:1"),
        ([2], ["cat", "2", "cow"], "class:cow"),  # "2" is the name of another class
    ],
)
def test_a_class_rule_means_the_chosen_classes(ids, names, rule):
    from cu_core.forget import parse
    from cu_core.spec import Dataset

    assert f"class:{pickers.class_list(ids, names)}" == rule
    x, y = np.zeros((8 * len(names), 2), np.float32), np.repeat(np.arange(len(names)), 8)
    data = Dataset("npz:x", x, y, x, y, tuple(names))
    assert set(parse(rule, data, 0).classes) == set(ids)


def test_of_two_values_that_read_alike_a_scale_has_the_one_that_is_set():
    assert controls.scale(0.1, 1.0, float, 0.2, 0.9999999999999999)[-1] == 0.9999999999999999
    assert controls.scale(0.1, 1.0, float, 0.9999999999999999, 1.0)[-2:] == [0.5, 1.0]
