"""A click on a page's name leads there, whatever the page that is left still has to say."""

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
