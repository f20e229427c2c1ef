"""The page of runs as a table: its rows, its filters, what is done with ticked rows."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.spec import Summary, UnlearnRequest
from cu_core.store import Store
from tests.comparison.made_up import CATALOG, ended, many

Page = Callable[..., AppTest]


@pytest.fixture
def ids(store: Store) -> list[str]:
    """Six runs, of which the second has tags, a note and a name."""
    store.save_catalog(CATALOG)
    made = many(store, 6)
    store.label(made[1], ["good", "talk"], "For slide 3")
    store.rename(made[1], "My best one")
    return made


def titles(app: AppTest) -> list[str]:
    assert not app.exception
    return list(app.dataframe[0].value["Run"])


def tick(app: AppTest, *places: int) -> AppTest:
    """As a click on these rows' boxes."""
    found = re.search(r"runs-grid-\w+", app.dataframe[0].proto.id)
    assert found
    app.session_state[found[0]] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return app.run()


def said(app: AppTest) -> str:
    return "\n".join(html.proto.body for html in app.get("html"))


def test_an_empty_home_offers_a_run(page: Page) -> None:
    app = page("runs")
    assert not app.exception and not app.dataframe
    assert "No run is here yet" in said(app)
    assert [link.proto.label for link in app.get("page_link")] == ["Run one now"]


def test_a_row_a_run_with_what_differs_and_no_title_twice(page: Page, ids: list[str]) -> None:
    app = page("runs")
    frame = app.dataframe[0].value
    assert len(set(titles(app))) == 6 and titles(app)[4] == "My best one"
    assert list(frame.columns)[:5] == [
        "Run",
        "Method",
        "Temperature",
        "Learning rate",
        "Seed of the run",
    ]
    assert list(frame["UA (%)"]) == [5, 4, 3, 2, 1, 0]
    assert list(frame["UA gap (points)"]) == [5, 4, 3, 2, 0, 0]  # within the seeds is no gap
    assert "a gap: no further than retrained seeds" in said(app)


def test_damage_is_a_row_among_the_others(page: Page, store: Store, ids: list[str]) -> None:
    (store.paths.run(ids[0]) / "config.yaml").write_text("x: [")
    ended(store, UnlearnRequest(), Summary(reasons={"rho_linear": "no retrained model"}))
    frame = page("runs").dataframe[0].value
    assert list(frame["State"]) == ["Done"] * 6 + ["Damaged"]
    assert "cannot be read" in list(frame["Result"])[-1]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"find": "slide best"}, 1),
        ({"with-tag": "talk"}, 1),
        ({"by-method": "SalUn"}, 2),
        ({"by-method": "SalUn", "find": "best"}, 0),
    ],
)
def test_a_link_holds_the_filters(
    page: Page, ids: list[str], query: dict[str, str], left: int
) -> None:
    app = page("runs", **query)
    assert not app.exception
    if left:
        assert len(titles(app)) == left
    else:
        assert "No run fits" in said(app) and not app.dataframe
        app.button(key="runs-clear").click().run()
        assert len(titles(app)) == 6


def test_one_ticked_run_is_opened(page: Page, ids: list[str]) -> None:
    app = tick(page("runs"), 4)
    assert "1 ticked" in said(app)
    app.button(key="runs-open").click().run()
    assert app.session_state["run"] == ids[1]


def test_tags_and_a_note_go_to_every_ticked_run(page: Page, store: Store, ids: list[str]) -> None:
    app = tick(page("runs"), 4, 5)
    assert "2 ticked" in said(app)
    tags = next(box for box in app.multiselect if box.label == "Tags")
    app.session_state[tags.key] = ["keep"]
    app.button(key="runs-tag").click().run()
    app.text_area[0].set_value("Both")
    app.button(key="runs-note").click().run()
    assert not app.exception
    assert store.labels(ids[1]).tags == ("good", "keep", "talk")
    assert store.labels(ids[0]).tags == ("keep",)
    assert store.labels(ids[0]).note == store.labels(ids[1]).note == "Both"
    assert "2 ticked" in said(app)


def test_ticked_runs_are_deleted_and_the_ticks_go_with_them(
    page: Page, store: Store, ids: list[str]
) -> None:
    app = tick(page("runs"), 0, 1)
    app.button(key="runs-delete").click().run()
    assert [record.run_id for record in store.runs()] == ids[3::-1]
    assert len(titles(app)) == 4 and "Tick rows to open" in said(app)
