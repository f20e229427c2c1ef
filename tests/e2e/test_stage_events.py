"""What happened in a run: marks on the scrubber, sentences under the picture, both lead there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.events import Course
from cu_core.stage import fixed_box, frames_blob, player_html
from cu_core.stage.marks import derived
from tests.e2e.conftest import write
from tests.e2e.made_up import EVERY, made_up_run
from tests.e2e.screen import expect, painted, ready, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 20
FLIP, COLLAPSE = 7, 12  # frames


def course() -> tuple[Course, np.ndarray, np.ndarray]:
    """A made-up run: wrong answers give way to other wrong ones at one frame, and what was kept
    is lost at another."""
    made = made_up_run(N, FRAMES)
    label, is_forget = made["label"], made["is_forget"]
    kept = np.flatnonzero(~is_forget)
    pred = np.repeat(label[None], FRAMES, 0)
    pred[:, kept[:30]] = (label[kept[:30]] + 1) % 10
    pred[FLIP:, kept[:30]] = (label[kept[:30]] + 2) % 10
    lost = kept[30:44]  # 5 in 100 of those that are kept, less than 5 in 100 of all
    pred[COLLAPSE:, lost] = (label[lost] + 3) % 10
    steps = [EVERY * k for k in range(FRAMES)]
    changed = [None, *(100 * (pred[1:] != pred[:-1]).mean(1)).tolist()]
    right = 100 * (pred == label)
    series = {
        "changed": (steps, changed),
        "ra": (steps, right[:, ~is_forget].mean(1).tolist()),
        "forget_acc_test": (steps, right[:, is_forget].mean(1).tolist()),
        "ta": (steps, [80.0] * FRAMES),
    }
    return Course(series, {"forget_acc_test": 0.0, "ra": 99.0}, {}, 10, True), pred, label


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    def open_page(events: list[dict[str, Any]], **options: Any) -> Any:
        made, (_, pred, _) = made_up_run(N, FRAMES), course()
        meta = {**made["meta"], "box": fixed_box(made["xy"][0]), "events": events}
        meta["opens"] = {"view": "map"}
        page = new_page(**options)
        data = frames_blob(**{**made, "pred": pred, "meta": meta})
        file = write(tmp_path, "run.html", player_html(data, "run"))
        page.goto(f"{file}?debug=1&renderer=canvas")
        shown(page)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


def test_a_made_up_run_with_a_flip_and_a_collapse_has_exactly_two_marks(show):
    events = derived(course()[0])
    assert [mark["step"] for mark in events] == [EVERY * FLIP, EVERY * COLLAPSE]
    page = show(events)
    marks = page.locator(".mark")
    expect(marks).to_have_count(2)
    expect(page.locator(".happened")).to_have_count(2)
    for k, (frame, words) in enumerate(((FLIP, "change their answer"), (COLLAPSE, "has fallen"))):
        title = marks.nth(k).get_attribute("title")
        assert title.startswith(f"Step {EVERY * frame}: ") and words in title
        assert marks.nth(k).get_attribute("aria-label") == title
        marks.nth(k).click()
        assert page.evaluate("__lethe.frame") == frame
        painted(page)
        expect(page.locator(".happened[aria-current]")).to_contain_text(words)
    looks = [
        page.evaluate(
            "m => getComputedStyle(m, '::before').clipPath", marks.nth(k).element_handle()
        )
        for k in range(2)
    ]
    assert looks[0] != looks[1]  # told apart without colour


def at(step: int, text: str, tone: str = "change") -> dict[str, Any]:
    return {"step": step, "kind": "made-up", "text": text, "tone": tone}


def test_marks_that_fall_on_each_other_are_one_and_each_can_be_reached(show):
    end = EVERY * (FRAMES - 1)
    page = show([at(28, "one"), at(28, "two", "harm"), at(32, "three", "goal"), at(end, "four")])
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        """() => { const { root, scrubber } = __lethe.stage;
            return root.clientWidth <= 390 && scrubber.width === scrubber.root.clientWidth; }"""
    )
    first = page.locator(".mark").first
    told = first.get_attribute("title").split("\n")
    assert told[:2] == ["Step 28: one", "Step 28: two"] and "harm" in first.get_attribute("class")
    for item, frame in zip(page.locator(".happened").all(), (7, 7, 8, FRAMES - 1), strict=True):
        item.click()
        assert page.evaluate("__lethe.frame") == frame
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_mark_of_several_goes_to_the_next_of_them_with_each_press(show):
    page = show([at(28, "one"), at(30, "two")], viewport={"width": 390, "height": 800})
    marks = page.locator(".mark")
    expect(marks).to_have_count(1)
    for frame in (7, 8, 7):  # of step 30 there is no frame: the next one that is kept
        marks.first.click()
        assert page.evaluate("__lethe.frame") == frame
        painted(page)


def test_the_list_is_one_stop_for_the_keyboard_and_its_keys_go_on_within(show):
    page = show([at(4, "one"), at(28, "two"), at(60, "three")])
    stops = page.evaluate(
        """() => [...document.getElementById('stage').shadowRoot
            .querySelectorAll('.happened, .mark')].filter(b => b.tabIndex === 0).length"""
    )
    assert stops == 1
    page.locator(".happened").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("__lethe.frame") == 7
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # around
    page.keyboard.press("Space")
    assert page.evaluate("__lethe.frame") == 15


def test_of_a_run_in_which_nothing_happened_there_is_no_list(show):
    page = show([])
    expect(page.locator(".mark")).to_have_count(0)
    page.locator(".part.events").wait_for(state="hidden")
