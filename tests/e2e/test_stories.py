"""Stories in a real browser: played by keys alone, and nothing of an answer before the guess."""

from collections.abc import Callable
from typing import Any

import pytest

from cu_core.store import Store
from cu_core.stories import library
from cu_core.stories.questions import kinds
from tests.e2e.screen import comes, expect
from tests.e2e.serving import App

pytestmark = pytest.mark.e2e

SHOWN = """() => { const words = []; const walk = (node) => {
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.childNodes) {
      if (child.nodeType === 3) words.push(child.nodeValue); else walk(child); } };
    walk(document.body); return words.join(" ").replaceAll("\u00a0", " "); }"""
BYTES = "() => new TextDecoder('latin1').decode(__tale.teller.data)"
AWAY = """() => { const { run, map: { view } } = __tale.stage; const { t } = __tale.stage.clock;
    return Math.max(...run.ghostSlots.map((slot, k) => { const [x, y] = view.place(slot, t);
      return Math.hypot(x - run.ghost[2 * k], y - run.ghost[2 * k + 1]); })); }"""


@pytest.fixture
def told(tab: Any, app: App) -> Callable[..., Any]:
    """``told(name, motion)``: a page in which the story stands at its first stop."""

    def open_page(name: str, motion: str = "reduce") -> Any:
        tab.emulate_media(reduced_motion=motion)
        tab.goto(f"{app.url}/stories?story={name}&debug=1")
        tab.wait_for_function("window.__tale && __tale.ready")
        return tab

    return open_page


def truth(store: Store, name: str) -> tuple[int, str]:
    """The first stop that asks, and the sentence that answers it."""
    story = library.story(name, store).story
    at, asked = next((i, s.question) for i, s in enumerate(story.stops) if s.question)
    assert asked is not None
    return at, kinds()[asked.kind].answer(asked, library.runs(story, store)).sentence


def go_on(page: Any, to: int) -> None:
    """By keys alone, as far as a stop, standing at each until its picture does."""
    for stop in range(page.evaluate("__tale.at") + 1, to + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function("at => __tale.at === at && !__tale.moving", arg=stop)


def test_a_story_plays_by_keys_alone_and_answers_only_who_has_guessed(
    told: Callable[..., Any], app: App
) -> None:
    name = "wrong-labels-go-home"
    page = told(name)
    at, sentence = truth(app.store, name)
    page.evaluate("__tale.stage.map.zoom(3)")
    go_on(page, at)
    comes(page, "__tale.stage.map.camera.zoom", 1)  # a hand's zoom is for its own stop
    before = page.evaluate(SHOWN) + page.evaluate(BYTES)
    for secret in (sentence, "Nobody told the network", "129 of 135", "lie among their true class"):
        assert secret not in before
    assert page.evaluate("__tale.stage.run.last") == page.evaluate("__tale.stage.clock.t") == 4
    page.keyboard.press("ArrowRight")  # into the question, for there is no way past it
    page.keyboard.press("ArrowRight")  # among its options
    page.keyboard.press("Enter")
    page.wait_for_function("__tale.teller.header.open === null")
    assert sentence in page.evaluate(SHOWN) and "0 of 1 right so far" in page.evaluate(SHOWN)
    assert page.evaluate("__tale.stage.run.last") == 60
    go_on(page, 5)
    comes(page, "__tale.stage.clock.t", 60)
    page.keyboard.press("Home")
    comes(page, "[__tale.at, __tale.stage.clock.t]", [0, 0])
    page.keyboard.press("End")
    comes(page, "[__tale.at, __tale.stage.clock.t]", [5, 60])
    assert page.evaluate("__tale.errors") == []


def test_a_classs_hands_are_counted_beside_the_truth_and_go_into_a_file(
    told: Callable[..., Any], app: App
) -> None:
    name = "the-mask"
    page = told(name)
    at, sentence = truth(app.store, name)
    go_on(page, at)
    page.get_by_text("Count a class's hands").click()
    page.get_by_label("Hands for 0 to 20").fill("6")
    page.get_by_label("Hands for 80 to 100").fill("2")
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_function("__tale.teller.header.open === null")
    expect(page.get_by_text(sentence)).to_be_visible()
    shares = page.locator(".tale-share")
    expect(shares.first).to_have_text("75\u00a0%, truth 0\u00a0%")
    expect(shares.last).to_have_text("25\u00a0%, truth 100\u00a0%")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    lines = saved.value.path().read_text().splitlines()
    assert [line.split(",")[-3] for line in lines[1:]] == ["6", "0", "0", "0", "2"]
    page.get_by_role("button", name="Clear").click()  # for the next class
    expect(page.get_by_label("Hands for 0 to 20")).to_have_value("0")
    expect(page.get_by_role("button", name="Save as CSV")).to_be_hidden()
    comes(page, "Object.values(localStorage).includes('{}')", True)
    assert page.evaluate("__tale.errors") == []


def test_two_runs_stand_as_far_along_and_the_answer_is_one_of_them(
    told: Callable[..., Any], app: App
) -> None:
    name = "two-ways-to-0"
    page = told(name)
    at, sentence = truth(app.store, name)
    go_on(page, at)
    steps = "__tale.together.panes.map((pane) => pane.step)"
    comes(page, steps, [6, 10])
    assert sentence not in page.evaluate(SHOWN) + page.evaluate(BYTES)
    page.locator(".tale-option", has_text="B").click()
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_function("__tale.teller.header.open === null")
    expect(page.get_by_text(sentence)).to_be_visible()
    comes(page, steps, [6, 10])  # what came now is longer, and the picture stands where it stood
    go_on(page, at + 1)
    comes(page, steps, [60, 95])
    assert page.evaluate("__tale.errors") == []


def test_marks_go_to_the_retrained_models_places_and_come_back(told: Callable[..., Any]) -> None:
    page = told("what-retraining-would-have-done", "no-preference")
    go_on(page, 1)
    token, option = page.locator(".tale-token"), page.locator(".tale-option", has_text="danger")
    token.drag_to(option)
    assert option.locator("input").is_checked()  # a hand may drag them there
    page.get_by_role("button", name="Show without a guess").click()
    page.wait_for_function("__tale.teller.header.open === null")
    go_on(page, 2)
    assert page.evaluate(AWAY) > 5000
    page.keyboard.press("ArrowRight")
    page.wait_for_function("__tale.at === 3 && __tale.moving")  # the picture goes there, by itself
    page.wait_for_function("!__tale.moving")
    assert page.evaluate(AWAY) < 1
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("__tale.at === 2 && !__tale.moving")
    assert page.evaluate(AWAY) > 5000 and page.evaluate("__tale.errors") == []


def test_f_shows_the_story_alone_and_escape_brings_the_page_back(told: Callable[..., Any]) -> None:
    page = told("the-mask")
    line = page.locator(".tale-line")
    letters = "() => parseFloat(getComputedStyle(__tale.teller.text).fontSize)"
    usual = page.evaluate(letters)
    page.keyboard.press("f")
    whole = "() => { const { width, height } = __tale.teller.root.getBoundingClientRect();"
    page.wait_for_function(f"{whole} return width === innerWidth && height === innerHeight; }}")
    assert page.evaluate(letters) > 1.2 * usual and line.is_visible()
    header = page.locator("[data-testid=stHeader]")
    assert header.evaluate("one => getComputedStyle(one).visibility") == "hidden"
    go_on(page, 1)
    page.keyboard.press("Escape")
    page.wait_for_function(f"{whole} return height !== innerHeight; }}")
    assert header.evaluate("one => getComputedStyle(one).visibility") == "visible"
    assert page.evaluate(letters) == usual and page.evaluate("__tale.at") == 1
