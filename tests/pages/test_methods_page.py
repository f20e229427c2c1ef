"""The page of methods, and the chosen method's card in the sidebar of Unlearn."""

import pytest

from cu_core.spec import MethodCard, UnlearnRequest
from tests.pages import fabricate
from tests.pages.conftest import ROOT
from tests.pages.test_pages import words
from ui import methodcard

CONTRASTIVE = fabricate.CONTRASTIVE


def texts(app) -> str:
    return " ".join(m.value for m in [*app.markdown, *app.caption])


@pytest.fixture
def methods(page, store):
    store.save_catalog(fabricate.CATALOG)
    return page("methods")


def test_a_home_that_no_engine_has_seen(page, store):
    app = page("methods")
    assert not app.exception and "Starting the engine…" in words(app)


def test_every_method_has_its_card(methods):
    assert not methods.exception
    said = words(methods)
    assert "2 methods" in said
    assert "Contrastive unlearning" in said and "Fine-tuning on what is kept" in said
    assert "Pulls them to the others." in said
    assert [latex.value.strip("$\n") for latex in methods.latex] == [CONTRASTIVE.loss]
    assert "[arXiv:2401.10458](https://arxiv.org/abs/2401.10458)" in texts(methods)
    assert "forget and retain samples" in said and "retain samples, augmented" in said
    assert "<dt>paper</dt><dd>Learning rate 0.001, Epochs 1</dd>" in said
    assert "| Temperature $\\tau$ | 0\\.7 | 0\\.05 to 2 | A knob |" in texts(methods)
    assert [box.label for box in methods.expander] == ["6 knobs", "1 knob"]
    assert "Contrastive</h2>" in said and "By retained images alone</h2>" in said


def test_the_button_opens_unlearn_with_the_method_chosen(methods, store):
    methods.button(key="try-fine-tune").click().run()
    assert not methods.exception
    app = methods.switch_page(str(ROOT / "pages/unlearn.py")).run()
    fabricate.answer_all(store)
    app.run()
    assert app.selectbox(key="method").value == "fine-tune"
    app.button(key="run/go").click().run()
    assert store.runs()[0].request.method == "fine-tune"


def test_a_method_stands_in_one_group_and_the_papers_own_comes_first():
    from cu_core import methods as registry

    cards = registry.cards()
    found = methodcard.grouped([*cards.values()])
    assert sorted(m.key for own in found.values() for m in own) == sorted(cards)
    assert next(iter(found.values()))[0].key == UnlearnRequest().method
    places = {m.key: name for name, own in found.items() for m in own}
    assert places["fine-tune"] == "By retained images alone"
    assert places["gradient-ascent"] == "By forgotten images alone"
    assert places["ssd"] == "Weight edits" and places["logit-mask"] == "Controls"
    assert places["scrub"] == places["bad-teacher"] == "Taught by a model"


def test_a_run_of_ones_own_is_a_click_away(page, store):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store)
    app = page("methods")
    assert "Your newest run" in words(app)
    app.button(key="open-of-contrastive").click().run()
    assert not app.exception and app.session_state["run"] == run


def test_filters_say_how_many_are_left(methods):
    methods.button_group(key="method-filter").set_value(["need no forget samples"]).run()
    assert "1 of 2 methods" in words(methods) and "Trains on." in words(methods)
    assert "Pulls them to the others." not in words(methods)
    both = ["need no forget samples", "need no retain samples"]
    methods.button_group(key="method-filter").set_value(both).run()
    assert "No method does all of this" in words(methods)


def test_what_is_not_built_and_the_long_text_come_from_the_docs(methods, monkeypatch, tmp_path):
    assert "LCODEC" in texts(methods) and "76.52 / 99.80" in texts(methods)
    next(b for b in methods.button if b.label == "Read docs/METHODS.md").click().run()
    assert not methods.exception and "## Boundary Expand" in texts(methods)
    monkeypatch.setattr("ui.methodcard.ROOT", tmp_path)  # an installation without the folder
    assert not methods.run().exception and "LCODEC" not in texts(methods)


def test_the_docs_have_a_paragraph_and_a_loss_for_the_methods_there_are():
    """A new method is one file: until somebody writes more, its card says what it declares."""
    from cu_core import methods

    text = (ROOT / "docs/METHODS.md").read_text()
    parts = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    assert methodcard.UNBUILT in parts and len(parts) > 21
    assert set(parts) <= {methods.get(k).label for k in methods.names()} | {methodcard.UNBUILT}
    for name, part in parts.items():
        assert part.count("$$") == 2, name


def test_the_catalog_says_what_data_a_method_uses():
    from cu_core import methods

    by_key = methods.cards()
    assert methodcard.data(by_key["contrastive"]) == "forget and retain samples"
    assert methodcard.data(by_key["coun"]) == "retain samples, augmented"
    assert methodcard.data(by_key["delete"]) == "forget samples, augmented by a knob"
    assert methodcard.tasks(by_key["unsir"]) == "class tasks only"
    assert methodcard.epochs(by_key["ssd"]) == "none, it is one edit"


# --- the sidebar of Unlearn -------------------------------------------------------------------


def test_the_sidebar_shows_the_method_with_its_values_as_they_are_set(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    assert "Pulls them to the others." in words(app)
    assert f"${CONTRASTIVE.loss}$" in texts(app)
    assert r"$\lambda_{UL} = 3$, $\eta = 0.01$, $\tau = 0.7$" in texts(app)
    app.slider(key="knob/contrastive/temperature").set_value(1.2).run()
    assert r"$\tau = 1.2$" in texts(app) and r"$\tau = 0.7$" not in texts(app)
    app.selectbox(key="preset/contrastive").select("paper").run()
    assert r"$\eta = 0.001$" in texts(app)
    app.selectbox(key="method").select("fine-tune").run()
    assert "Trains on." in words(app) and r"\tau" not in texts(app)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (r"\gamma_t\,\lVert\theta\rVert", r"$\gamma = 5 \cdot 10^{-6}$, $T = 2$, $\alpha = 1$"),
        (r"KL(T\|p)+\alpha", r"$T = 2$, $\alpha = 1$, $\gamma = 5 \cdot 10^{-6}$"),
        (r"\Text+\alphabet+\mathcal T_0", r"$T = 2$, $\gamma = 5 \cdot 10^{-6}$, $\alpha = 1$"),
        ("", r"$\gamma = 5 \cdot 10^{-6}$, $T = 2$, $\alpha = 1$"),
    ],
)
def test_symbols_of_the_loss_come_first_in_its_order(loss, expected):
    knobs = [
        fabricate.knob("penalty", "number", 5e-6, 0, 1, symbol=r"\gamma"),
        fabricate.knob("temperature", "number", 2.0, 1, 9, symbol="T"),
        fabricate.knob("share", "number", 1, 0, 9, symbol=r"\alpha"),
        fabricate.knob("order", "choice", "a", None, None, symbol="o", options=("a",)),
        fabricate.knob("switch", "boolean", True, None, None, symbol="s"),
    ]
    values = {knob.name: knob.default for knob in knobs}
    chosen = MethodCard(key="m", title="M", loss=loss, knobs=tuple(knobs))
    assert methodcard.symbols(chosen, values) == expected


def test_a_power_of_ten_has_no_factor_of_one():
    lr = fabricate.knob("lr", "number", 1e-5, 0, 1, symbol=r"\eta")
    chosen = MethodCard(key="m", title="M", knobs=(lr,))
    assert methodcard.symbols(chosen, {"lr": 1e-5}) == r"$\eta = 10^{-5}$"


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        ("arXiv:2401.10458", "[arXiv:2401.10458](https://arxiv.org/abs/2401.10458)"),
        (
            "control, after arXiv:2401.10458, Eq. 5",
            r"control, after [arXiv:2401.10458](https://arxiv.org/abs/2401.10458), Eq\. 5",
        ),
        ("NeurIPS *2025*", r"NeurIPS \*2025\*"),
    ],
)
def test_papers_are_linked_by_their_arxiv_number(paper, expected):
    assert methodcard.citation(paper) == expected
