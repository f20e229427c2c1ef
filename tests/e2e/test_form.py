"""The form remembers, in a real browser: through pages, a reload, a link and another run."""

import time
from pathlib import Path
from typing import Any

import pytest

from cu_core.spec import UnlearnRequest
from tests.e2e.screen import TooLate, at_rest, comes, expect
from tests.e2e.serving import LONG_MS, App
from tests.pages import fabricate

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

STANDS = """() => {
  const side = document.querySelector("[data-testid=stSidebar]");
  const all = (what, told) => [...side.querySelectorAll(what)].map(told);
  return {
    typed: all("input:not([type=radio])", (one) => `${one.ariaLabel}=${one.value},${one.checked}`),
    slid: all("[role=slider]", (one) => one.ariaValueText || one.ariaValueNow),
    chosen: all("[data-testid=stSelectbox], [data-testid=stMultiSelect]", (one) => one.innerText),
  };
}"""  # whatever kind of widget it is: what a person sees that it is set to


def choose(tab: Any, label: str, option: str) -> None:
    """An option of a select box of the sidebar."""
    box = tab.get_by_test_id("stSidebar").get_by_role("combobox", name=label, exact=True)
    offered = tab.get_by_role("option", name=option).first
    until = time.monotonic() + 120
    while True:  # a list closes when the page is drawn anew meanwhile
        if not offered.is_visible():
            box.click()
        try:
            offered.click(timeout=5_000)
            return at_rest(tab)
        except TooLate:
            assert time.monotonic() < until, f"{label}: {option} could not be chosen"


def fill(tab: Any, label: str, text: str) -> None:
    field = tab.get_by_test_id("stSidebar").get_by_label(label, exact=True).first
    field.fill(text)
    field.press("Enter")
    at_rest(tab)


def unfold(tab: Any) -> None:
    for name in ("Run settings", "More knobs"):
        fold = tab.get_by_test_id("stSidebar").get_by_text(name, exact=True)
        if not fold.locator("xpath=ancestor::details").evaluate("one => one.open"):
            fold.click()


def there_and_back(tab: Any) -> None:
    tab.get_by_role("link", name="Models & data").click()
    tab.get_by_text("Train a model").wait_for(timeout=LONG_MS)
    tab.get_by_role("link", name="Unlearn").click()
    tab.locator(".st-key-dock").wait_for(timeout=LONG_MS)
    at_rest(tab)


def test_a_page_switched_and_back_leaves_every_widget_as_it_was(
    app: App, tab: Any, tmp_path: Path
) -> None:
    listed = tmp_path / "six.csv"
    listed.write_text("row,id\n1,2\n2,3\n")
    tab.goto(f"{app.url}/unlearn")
    tab.locator(".st-key-dock button:enabled").wait_for(timeout=LONG_MS)
    usual = tab.evaluate(STANDS)
    choose(tab, "Forget", "listed samples")
    tab.locator("[data-testid=stSidebar] input[type=file]").set_input_files(listed)
    tab.get_by_test_id("stSidebar").get_by_text("six.csv").wait_for()
    fill(tab, "Column", "row")
    choose(tab, "in", "ResNet-18")
    unfold(tab)
    choose(tab, "Head", "normalised")
    for label, text in {
        "Seed of the original model": "3",
        "Epochs of the original model": "7",
        "Seed of the run": "5",
        "Steps between pictures": "2",
        "At most this many steps": "30",
        "Points on the map": "400",
    }.items():
        fill(tab, label, text)
    choose(tab, "Computed by", "the processor")
    choose(tab, "Arithmetic", "float32")
    tab.get_by_test_id("stSidebar").get_by_text("Compare with a retrained model").click()
    slider = tab.get_by_test_id("stSidebar").get_by_role("slider").first
    slider.press("ArrowRight")
    at_rest(tab)
    left = tab.evaluate(STANDS)
    assert left != usual
    there_and_back(tab)
    unfold(tab)
    comes(tab, f"({STANDS})()", left)
    expect(tab.get_by_test_id("stSidebar").get_by_text("six.csv")).to_have_count(1)
    expect(tab.locator(".stException")).to_have_count(0)


@pytest.fixture(scope="module")
def ended(app: App) -> str:
    """A made-up run of many pictures, with settings of its own."""
    asked = UnlearnRequest(
        forget="class:3", hparams={"temperature": 0.1}, seed=4, probe_size=400, reference=False
    )
    return fabricate.finished(app.store, points=400, frames=90, request=asked)


def test_a_link_puts_the_runs_settings_in_and_what_is_changed_then_stays(
    app: App, tab: Any, ended: str
) -> None:
    side = tab.get_by_test_id("stSidebar")
    seed = side.get_by_label("Seed of the run", exact=True).first
    tab.goto(f"{app.url}/unlearn?run={ended}")
    tab.locator(".st-key-dock button:enabled").first.wait_for(timeout=LONG_MS)
    at_rest(tab)
    unfold(tab)
    expect(seed).to_have_value("4")
    expect(side.get_by_text("Differs from the run shown")).to_have_count(0)
    fill(tab, "Seed of the run", "9")
    side.get_by_text("Differs from the run shown: seed of the run 9, not 4.").wait_for()
    there_and_back(tab)
    side.get_by_text("Differs from the run shown: seed of the run 9, not 4.").wait_for()
    side.get_by_role("button", name="Back to its settings").click()
    side.get_by_text("Differs from the run shown").wait_for(state="detached")
    unfold(tab)
    expect(seed).to_have_value("4")
    tab.reload()
    tab.locator(".st-key-dock button:enabled").first.wait_for(timeout=LONG_MS)
    unfold(tab)
    expect(seed).to_have_value("4")


def test_the_stage_is_found_as_it_was_left(app: App, tab: Any, ended: str) -> None:
    tab.goto(f"{app.url}/unlearn?debug=1&run={ended}")
    whole = "() => window.__lethe && __lethe.frames === 90 && !__lethe.stage.run.header.overview"
    tab.wait_for_function(whole, timeout=LONG_MS)
    tab.locator("label:has(input[name=speed][value='2'])").click()
    tab.locator("label:has(input[name=colour])").last.click()
    tab.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(41); }")
    tab.locator(".step:has-text('164')").wait_for()  # four steps a picture
    at_rest(tab)
    stands = [
        "input[name=speed][value='2']:checked",
        f"input[name=colour][value='{tab.evaluate('__lethe.stage.look.mode')}']:checked",
        ".step:has-text('164')",
    ]
    for what in stands:
        tab.locator(what).wait_for(state="attached")
    there_and_back(tab)  # the address no longer asks for the page's own account of itself
    for what in stands:
        tab.locator(what).wait_for(state="attached")
