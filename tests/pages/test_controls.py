"""The sidebar of Unlearn: what the widgets say is what the request holds."""

from pathlib import Path

import numpy as np
import pytest

from cu_core.spec import UnlearnRequest
from tests.pages import fabricate
from tests.pages.conftest import ROOT


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
    unlearn.file_uploader(key="run/indices").upload("mine.txt", b"1\n2\n").run()
    unlearn.button(key="run/go").click().run()
    rule, _, path = store.runs()[0].request.forget.partition(":")
    assert rule == "indices" and Path(path).read_bytes() == b"1\n2\n"


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
    from ui.pickers import class_rule

    assert class_rule(ids, names) == rule
    x, y = np.zeros((8 * len(names), 2), np.float32), np.repeat(np.arange(len(names)), 8)
    data = Dataset("npz:x", x, y, x, y, tuple(names))
    assert set(parse(class_rule(ids, names), data, 0).classes) == set(ids)
