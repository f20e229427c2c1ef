"""A click on a page's name, or on another run, leads there, whatever what is left still says."""

from typing import Any

import pytest

from tests.e2e.screen import at_rest, expect, shown
from tests.e2e.serving import LONG_MS, App
from tests.pages.fabricate import finished

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CLICKS_AND_SAYS = """([after, frame]) => {
  const link = [...document.querySelectorAll("a")]
    .find((one) => one.textContent.trim() === "Models & data");
  const { stage } = __lethe;
  link.click();
  setTimeout(() => stage.setStateValue("frame", frame), after); }"""

OPENS_AND_SAYS = """([id]) => {
  const { stage } = __lethe;
  let frame = 0;
  const says = setInterval(() => stage.setStateValue("frame", frame++), 15);
  setTimeout(() => clearInterval(says), 800);
  setTimeout(() => document.querySelector(`.st-key-open-${id} button`).click(), 100); }"""
SHOWN = "id => window.__lethe?.ready && __lethe.stage.run?.id === id"


def test_a_page_that_is_left_does_not_lead_back_by_what_it_says(app: App, tab: Any) -> None:
    run = finished(app.store)
    for frame, after in enumerate((0, 20, 100)):  # milliseconds
        tab.goto(f"{app.url}/unlearn?debug=1&run={run}")
        shown(tab)
        # What it waits for has come: a page that is being drawn anew loses clicks all the same.
        tab.locator(".st-key-dock button:enabled").first.wait_for(timeout=LONG_MS)
        at_rest(tab)
        tab.evaluate(CLICKS_AND_SAYS, [after, frame])
        tab.get_by_text("Train a model").wait_for()
        at_rest(tab)
        expect(tab.get_by_text("Train a model")).to_have_count(1)
        expect(tab).to_have_url(f"{app.url}/models")


def test_a_run_that_is_left_does_not_lead_back_by_what_it_says(app: App, tab: Any) -> None:
    runs = [finished(app.store, points=100 + k) for k in range(3)]
    tab.goto(f"{app.url}/unlearn?debug=1&run={runs[-1]}")
    shown(tab)
    tab.locator(".st-key-dock button:enabled").first.wait_for(timeout=LONG_MS)
    for run in runs[:-1]:
        at_rest(tab)
        tab.evaluate(OPENS_AND_SAYS, [run])
        tab.wait_for_function(SHOWN, arg=run)
        at_rest(tab)
        assert f"run={run}" in tab.url and tab.evaluate(SHOWN, run)
    tab.go_back()  # at once
    tab.wait_for_function(SHOWN, arg=runs[-3])
    assert f"run={runs[-3]}" in tab.url
