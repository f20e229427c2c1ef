"""The page of methods in a real browser: every formula is drawn, and a method is one click away."""

from typing import Any

import pytest

from tests.e2e.screen import expect
from tests.e2e.serving import LONG_MS, App

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_every_loss_is_drawn_and_a_method_is_one_click_away(app: App, tab: Any) -> None:
    from cu_core import methods

    cards = methods.cards()
    tab.goto(f"{app.url}/methods")
    tab.get_by_text("Read docs/METHODS.md").wait_for(timeout=LONG_MS)
    offered = tab.get_by_role("button", name="Try")
    expect(offered).to_have_count(len(cards))
    shown = tab.locator("[class*='st-key-method-'] .katex-display")
    expect(shown).to_have_count(sum(bool(card.loss) for card in cards.values()))
    expect(tab.locator(".katex-error")).to_have_count(0)
    tab.locator(".st-key-try-salun button").click()
    tab.get_by_text("Forget something, and watch it go").wait_for(timeout=LONG_MS)
    tab.locator(".st-key-method input[value=SalUn]").wait_for(state="attached")
    tab.get_by_text("Formula and paper").click()
    tab.locator(".st-key-method-card .katex").nth(1).wait_for()
    expect(tab.locator(".katex-error")).to_have_count(0)
