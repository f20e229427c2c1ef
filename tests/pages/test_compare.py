"""The Compare page: which runs, what is said of them, and the way to it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.spec import Leg, UnlearnRequest
from cu_core.store import Store
from tests.pages.conftest import ROOT
from tests.pages.fabricate import CATALOG, HOSTILE, finished
from ui import compare_stage

Page = Callable[..., AppTest]


def texts(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def compared(page: Page, *ids: str) -> AppTest:
    app = page("watch", compare=",".join(ids))
    return app.switch_page(str(ROOT / "pages/compare.py")).run()


@pytest.fixture
def two(store: Store) -> tuple[str, str]:
    store.save_catalog(CATALOG)
    turned = UnlearnRequest(hparams={"temperature": 0.5}, probe_size=60)
    return finished(store), finished(store, request=turned)


def test_without_runs_it_says_how_to_come_to_some(page: Page, two: tuple[str, str]) -> None:
    app = page("compare")
    assert "No runs are chosen" in texts(app)
    (pick,) = app.multiselect
    assert set(pick.options) == {
        "Forget class 5 of digits in small-cnn with contrastive, seed 0",
        "Forget class 5 of digits in small-cnn with contrastive, temperature 0.5, seed 0",
    }
    pick.set_value(list(two)).run()
    assert not app.exception
    assert "Two runs on one clock" in texts(app)
    assert ",".join(two) in app.query_params["compare"]


def test_what_sets_runs_apart_is_their_title_and_a_row(page: Page, two: tuple[str, str]) -> None:
    app = compared(page, *two)
    assert not app.exception
    said = texts(app)
    assert "temperature 0.7" in said and "temperature 0.5" in said
    assert '<th scope="row">Temperature</th><td>0.7</td><td>0.5</td>' in said
    assert "Learning rate" not in said
    assert "RA, kept" in said and "the same" in said
    assert "different projections" not in said


def test_the_figures_come_when_the_maps_have_been_drawn(page: Page, two: tuple[str, str]) -> None:
    app = compared(page, *two)
    before = len(app.get("plotly_chart"))
    after = len(app.run().get("plotly_chart"))
    assert before == 0 < after and not app.exception


def test_an_unknown_run_costs_a_sentence_and_no_more(page: Page, two: tuple[str, str]) -> None:
    app = compared(page, *two, "20260101-000000-000-abcdef")
    assert not app.exception
    assert "20260101-000000-000-abcdef" in texts(app) and "Two runs on one clock" in texts(app)


def test_one_run_alone_asks_for_a_second(page: Page, two: tuple[str, str]) -> None:
    app = compared(page, two[0])
    assert not app.exception
    assert "One run is chosen" in texts(app) and app.multiselect[0].value == [two[0]]


def test_maps_of_different_samples_are_said_to_be_different_projections(
    page: Page, store: Store, two: tuple[str, str]
) -> None:
    other = finished(store, names=["cat", "dog", "cow"])
    app = compared(page, two[0], other)
    assert not app.exception
    assert "different projections" in texts(app)


def test_names_from_data_are_shown_as_they_are(page: Page, store: Store) -> None:
    ids = [finished(store, name=HOSTILE, names=[HOSTILE, "b"]) for _ in range(2)]
    app = compared(page, *ids)
    assert not app.exception
    assert "<img" not in texts(app)


def test_a_branch_opens_beside_its_parent_by_one_click(
    page: Page, store: Store, two: tuple[str, str]
) -> None:
    first = (Leg(until=8, method="contrastive", knobs={"temperature": 0.7}),)
    asked = UnlearnRequest(parent=two[0], first=first, hparams={"temperature": 0.1})
    branch = finished(store, request=asked)
    app = page("unlearn", run=branch)
    (button,) = [one for one in app.button if one.label == "Compare with its parent"]
    button.click().run()
    assert not app.exception
    assert "Two runs on one clock" in texts(app)
    assert "from step 8 with temperature 0.1, not 0.7" in texts(app)


def test_numbers_that_no_screen_has_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"at": "nan", "camera": "1,inf", "only": "1,2", "pins": "two", "by": "steps"}
    monkeypatch.setattr(compare_stage.st, "query_params", said)
    assert compare_stage.screen() == {"by": "steps", "only": [1, 2]}
    said["at"] = "0.25"
    assert compare_stage.screen()["at"] == 0.25
