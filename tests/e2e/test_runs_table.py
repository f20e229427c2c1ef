"""Rows of the table are ticked on the grid's canvas, and what can be done with them follows."""

import re
from typing import Any

from tests.comparison.made_up import CATALOG, many
from tests.e2e.serving import App

HEAD_PX = ROW_PX = 35


def tick(tab: Any, row: int) -> None:
    """A click on the box at the left end of a row, counted from 0."""
    grid = tab.locator("[data-testid=stDataFrame] canvas").first
    grid.wait_for(state="visible")
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()  # what scrolls lies over the canvas and takes the click
    tab.mouse.click(box["x"] + 18, box["y"] + HEAD_PX + ROW_PX * row + ROW_PX // 2)


def test_two_ticked_rows_are_compared_and_survive_a_note(app: App, tab: Any) -> None:
    app.store.save_catalog(CATALOG)
    newest_first = many(app.store, 4)[::-1]
    tab.goto(f"{app.url}/runs")
    bar = tab.locator(".st-key-runs-bar")
    bar.get_by_text("Tick rows to open").wait_for()
    tick(tab, 1)
    bar.get_by_text("1 ticked", exact=True).wait_for()
    bar.get_by_role("button", name="Open").wait_for()
    tick(tab, 3)
    bar.get_by_text("2 ticked", exact=True).wait_for()
    bar.get_by_role("button", name="Open").wait_for(state="detached")
    link = bar.get_by_role("link", name="Compare")
    link.wait_for()
    asked = re.search(r"compare=([^&]+)", link.get_attribute("href"))
    assert asked and set(re.split(",|%2C", asked[1])) == {newest_first[1], newest_first[3]}
    bar.get_by_role("button", name="Note").click()
    tab.get_by_label("The same note for 2 runs").fill("For the talk")
    tab.get_by_role("button", name="Keep this note").click()
    wanted = ["", "For the talk", "", "For the talk"]
    for _ in range(600):
        if [app.store.labels(run_id).note for run_id in newest_first] == wanted:
            break
        tab.wait_for_timeout(100)
    assert [app.store.labels(run_id).note for run_id in newest_first] == wanted
    bar.get_by_text("2 ticked", exact=True).wait_for()


def test_filters_are_in_the_address(app: App, tab: Any) -> None:
    app.store.save_catalog(CATALOG)
    if not app.store.runs():
        many(app.store, 4)
    tab.goto(f"{app.url}/runs?by-method=SalUn")
    box = tab.locator(".st-key-by-method")
    box.get_by_text("SalUn").wait_for()
    tab.get_by_label("Find").fill("nothing like it")
    tab.get_by_label("Find").press("Enter")
    tab.get_by_text("No run fits").wait_for()
    tab.wait_for_url(re.compile(r"find=nothing"))
    tab.get_by_role("button", name="Show all").click()
    tab.locator("[data-testid=stDataFrame] canvas").first.wait_for(state="visible")
    tab.wait_for_url(re.compile(r"/runs$"))
