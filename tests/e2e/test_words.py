"""Words that open, in a real browser: by pointer, by key and by touch, whole within the screen."""

import time
from typing import Any

import pytest

from tests.e2e.conftest import opened
from tests.e2e.screen import at_rest, expect
from tests.e2e.serving import LONG_MS, App
from tests.pages import fabricate

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

WITHIN = """(e) => { const { left, top, right, bottom } = e.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight; }"""
ON_TOP = """(e) => { const { x, y, width, height } = e.getBoundingClientRect();
    return e.contains(document.elementFromPoint(x + width / 2, y + height - 6)); }"""


def shows(told: Any) -> None:
    """It is open, whole within the screen, and nothing lies over it or cuts it off."""
    expect(told).to_be_visible()
    until = time.monotonic() + 60
    while not (told.evaluate(WITHIN) and told.evaluate(ON_TOP)):  # each time as the page has it now
        assert time.monotonic() < until, told.bounding_box()
        told.page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def address(app: App) -> str:
    app.store.save_catalog(fabricate.CATALOG)
    return f"{app.url}/unlearn?run={fabricate.finished(app.store)}"


def test_a_word_opens_by_pointer_and_by_key_wherever_it_stands(address: str, tab: Any) -> None:
    tab.goto(address)
    # The engine's own words take the place of the made-up ones, and the focus with them.
    tab.locator(".st-key-dock button:enabled").first.wait_for(timeout=LONG_MS)
    at_rest(tab)
    word = tab.locator(".lethe-words .lethe-word").first
    told = word.locator("[role=tooltip]")
    expect(told).to_be_hidden()
    word.hover()
    shows(told)
    assert word.get_attribute("aria-describedby") == told.get_attribute("id")
    tab.mouse.move(5, 5)
    expect(told).to_be_hidden()
    word.focus()
    shows(told)
    tab.keyboard.press("Tab")  # on to what it opened
    expect(told.get_by_role("link")).to_be_focused()
    shows(told)
    tab.get_by_text("All metrics").click()
    heads = tab.locator(".lethe-table .lethe-word")
    expect(heads).to_have_count(4)
    heads.last.focus()  # in a table that scrolls sideways, which would cut it off
    shows(heads.last.locator("[role=tooltip]"))


@pytest.mark.parametrize(
    "screen",
    [
        {"viewport": {"width": 390, "height": 844}, "has_touch": True},
        {"viewport": {"width": 720, "height": 450}, "has_touch": True},  # as at 200 %
    ],
    ids=["phone", "twice as large"],
)
def test_a_tap_opens_it_within_a_small_screen(address: str, browser: Any, screen: Any) -> None:
    context = opened(browser, **screen)
    page = context.new_page()
    page.goto(address)
    words = page.locator(".lethe-words .lethe-word")
    words.first.wait_for(timeout=LONG_MS)
    for word in words.all():
        word.tap()
        shows(word.locator("[role=tooltip]"))
    context.close()


def test_a_link_to_a_word_comes_to_it(app: App, tab: Any) -> None:
    tab.goto(f"{app.url}/words#gap")
    place = tab.locator("#gap")
    place.wait_for(timeout=LONG_MS)
    expect(place).to_be_focused()
    expect(place).to_be_in_viewport()
    assert tab.locator(".lethe-terms img").evaluate_all("all => all.every(e => e.alt === '')")
