"""The page of methods in a real browser: every formula is drawn, and a method is one click away."""

from typing import Any

import pytest

from tests.e2e.test_app import LONG_MS, App, app, tab  # noqa: F401

pytestmark = pytest.mark.e2e


def test_every_loss_is_drawn_and_a_method_is_one_click_away(app: App, tab: Any) -> None:  # noqa: F811
    from cu_core import methods

    cards = methods.cards()
    tab.goto(f"{app.url}/methods")
    tab.get_by_text("Read docs/METHODS.md").wait_for(timeout=LONG_MS)
    offered = tab.get_by_role("button", name="Try")
    offered.nth(len(cards) - 1).wait_for()
    assert offered.count() == len(cards)
    shown = tab.locator("[class*='st-key-method-'] .katex-display")
    shown.nth(len(cards) - 1).wait_for()
    assert shown.count() == sum(bool(card.loss) for card in cards.values())
    assert tab.locator(".katex-error").count() == 0
    tab.locator(".st-key-try-salun button").click()
    tab.get_by_text("No run is open").wait_for(timeout=LONG_MS)
    tab.locator(".st-key-method input[value=SalUn]").wait_for(state="attached")
    tab.get_by_text("Formula and paper").click()
    tab.locator(".st-key-method-card .katex").nth(1).wait_for()
    assert tab.locator(".katex-error").count() == 0
