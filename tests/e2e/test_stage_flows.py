"""Where the forget samples went, in a real browser: bands, their table, what a press marks."""

import base64
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import FORGET, NAMES, made_up_run
from tests.e2e.screen import expect, painted, picture, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
WIDE, NARROW = {"width": 1300, "height": 900}, {"width": 390, "height": 800}
CHOSEN = "[...__lethe.stage.look.chosen].sort((a, b) => a - b)"
MARKED = "[...__lethe.stage.look.marked].sort((a, b) => a - b)"


def run(**changes: Any) -> dict[str, Any]:
    made = made_up_run(N, FRAMES)
    meta = {**made["meta"], "opens": {"view": "map"}, **changes.pop("meta", {})}
    return {**made, "meta": meta, **changes}


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(**changes of the run)``: its exported page, paused at the first frame."""

    def open_page(page: Any = None, options: Any = None, **changes: Any) -> Any:
        page = page or new_page(**{"viewport": WIDE, **(options or {})})
        html = player_html(frames_blob(**run(**changes)), "run")
        page.goto(f"{write(tmp_path, 'run.html', html)}?debug=1")
        shown(page)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


def rows(page: Any) -> dict[tuple[str, str], tuple[int, ...]]:
    """The table as a person reads it: (label, answer) -> counts, now and retrained."""
    page.evaluate(
        "document.getElementById('stage').shadowRoot.querySelector('.flows details').open = true"
    )
    page.wait_for_function("__lethe.stage.root.querySelector('.flows tfoot td')")
    cells = page.evaluate(
        """() => [...__lethe.stage.root.querySelectorAll(".flows tbody tr")].map((row) =>
            [...row.children].map((cell) => cell.textContent))"""
    )
    return {(c[0], c[1]): tuple(int(v) for v in c[3:]) for c in cells}


def slots(made: dict[str, Any], picked: Any) -> list[int]:
    """Where the page keeps these samples (a mask): those that stay come first."""
    order = [*np.flatnonzero(~made["is_forget"]), *np.flatnonzero(made["is_forget"])]
    return [slot for slot, i in enumerate(order) if picked[i]]


def band(page: Any, side: str, to: str) -> Any:
    return page.locator(f".flow-side.{side} .band[aria-label*='to {to}']")


def test_rows_sum_to_the_forget_set_and_are_numpy_s_and_the_sentence_s(show):
    made, page = run(), show()
    which = made["is_forget"]
    there = Counter(np.argmax(made["ghost_share"][which], axis=1).tolist())
    for frame in (0, 7, FRAMES - 1):
        seek(page, frame)
        now = Counter(made["pred"][frame][which].tolist())
        wanted = {
            (NAMES[FORGET], NAMES[c]): (now[c], there[c]) for c in sorted(now.keys() | there.keys())
        }
        found = rows(page)
        assert found == wanted
        expect(page.locator(".flows tfoot td")).to_have_text([str(which.sum())] * 2)
        assert [sum(v) for v in zip(*found.values(), strict=True)] == [which.sum()] * 2
        said = page.locator(".flow-said")
        left = {to: v for (own, to), v in found.items() if own != to}
        if not any(v[0] for v in left.values()):
            gone = sum(v[1] for v in left.values())
            expect(said).to_have_text(
                f"None of the {which.sum()} forget samples has left five yet; "
                f"in the retrained model {gone} have."
            )
            continue
        to = max(left, key=lambda name: (left[name][0], -NAMES.index(name)))
        words = f"{left[to][0]} of {which.sum()} now read as {to}"
        expect(said).to_have_text(f"{words}; in the retrained model {left[to][1]}.")
    assert page.evaluate("__lethe.errors") == []


def test_a_band_marks_its_samples_and_once_more_none(show):
    made, page = run(), show()
    seek(page, 9)
    page.evaluate(
        """() => { window.asked = []; __lethe.stage.setTriggerValue =
            (name, value) => asked.push([name, value]); }"""
    )
    three = made["is_forget"] & (made["pred"][9] == 3)
    wanted = slots(made, three)
    assert len(wanted) > 3
    band(page, "now", "three").click()
    assert page.evaluate(MARKED) == wanted
    assert page.evaluate("asked") == [] and page.evaluate(CHOSEN) == []  # a look changes no tray
    expect(page.locator(".band[aria-pressed=true]")).to_have_count(1)
    expect(band(page, "now", "three")).to_have_attribute("aria-pressed", "true")
    seek(page, 2)  # others are answered so at this step
    expect(page.locator(".band[aria-pressed=true]")).to_have_count(0)
    seek(page, 9)
    page.locator(".flows").get_by_role("button", name="Choose these").click()
    ((name, value),) = page.evaluate("asked")
    assert (name, value["what"], value["how"]) == ("asked", "choose", "add")
    assert sorted(value["index"]) == sorted(made["index"][three].tolist())
    assert page.evaluate(CHOSEN) == wanted
    band(page, "now", "three").click()
    assert page.evaluate(MARKED) == [] and page.evaluate(CHOSEN) == wanted
    expect(page.locator(".flows").get_by_role("button", name="Choose these")).to_be_disabled()


def test_a_band_of_the_retrained_model_and_a_row_mark_theirs(show):
    made, page = run(), show()
    seek(page, 9)
    answer = np.argmax(made["ghost_share"], axis=1)
    band(page, "retrained", "eight").click()
    assert page.evaluate(MARKED) == slots(made, made["is_forget"] & (answer == 8))
    rows(page)
    line = page.locator(".flows tbody tr").filter(has=page.get_by_text("three", exact=True))
    line.locator("th").click()
    assert page.evaluate(MARKED) == slots(made, made["is_forget"] & (made["pred"][9] == 3))
    line.get_by_role("button").last.click()
    assert page.evaluate(MARKED) == slots(made, made["is_forget"] & (answer == 3))


def test_a_thin_band_is_met_beside_it(show):
    made, page = run(), show()
    seek(page, 9)
    counts = [v[1] for v in rows(page).values() if v[1]]
    page.locator(".flow-side.retrained svg").scroll_into_view_if_needed()
    beside = page.evaluate(
        """k => { const svg = __lethe.stage.root.querySelector(".retrained svg");
            const box = svg.getBoundingClientRect();
            const d = svg.querySelectorAll(".band .shape")[k].getAttribute("d");
            const [x, y] = /([\\d.]+) ([\\d.]+)v/.exec(d).slice(1).map(Number);
            return [box.left + x - 2, box.top + y - 1.4]; }""",
        counts.index(min(counts)),
    )
    page.mouse.click(*beside)
    chosen = page.evaluate(MARKED)
    assert len(chosen) == min(counts) and set(chosen) <= set(slots(made, made["is_forget"]))


def test_bands_are_one_tab_stop_and_answer_to_keys(show):
    made, page = run(), show()
    seek(page, 9)
    pair = page.locator(".flow-pair [tabindex='0']")
    expect(pair).to_have_count(1)
    pair.focus()
    focused = "__lethe.stage.root.getRootNode().activeElement.dataset.name"
    first = page.evaluate(focused)
    page.keyboard.press("ArrowDown")
    second = page.evaluate(focused)
    assert first != second
    expect(pair).to_have_count(1)
    page.keyboard.press("Space")
    to = int(second.split(">")[1])
    assert page.evaluate(MARKED) == slots(made, made["is_forget"] & (made["pred"][9] == to))
    assert not page.evaluate("__lethe.moving") and page.evaluate("__lethe.frame") == 9
    page.keyboard.press("Enter")
    assert page.evaluate(MARKED) == []
    count = page.locator(".flow-pair .band").count()
    for _ in range(count - 1):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == first  # round, over both drawings


def test_the_focus_stays_among_the_bands_when_the_focused_one_goes(show):
    page = show()
    seek(page, FRAMES - 1)
    band(page, "now", "three").focus()
    seek(page, 0)  # where nobody is answered so
    expect(band(page, "now", "three")).to_have_count(0)
    held = "__lethe.stage.root.getRootNode().activeElement.classList.contains('band')"
    assert page.evaluate(held)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bands_are_drawn_and_follow_the_playhead(show, scheme):
    page = show(options={"color_scheme": scheme})
    drawing = page.locator(".flow-side.now svg")
    drawing.scroll_into_view_if_needed()
    before = picture(page, ".flow-side.now svg")
    seek(page, FRAMES - 1)
    after = picture(page, ".flow-side.now svg")
    assert changed(before, after) > 2000
    heights = page.evaluate(
        """() => [...__lethe.stage.root.querySelectorAll(".flow-side.now .band .shape")].map(
            (shape) => shape.getBBox().height)"""
    )
    assert len(heights) >= 5 and min(heights) >= 1
    r, g, b = page.evaluate("__lethe.stage.look.palette[3].edge")
    assert (np.abs(after - [r, g, b]).max(2) < 12).sum() > 100  # the rims of the band of three
    titles = page.locator(".flow-side h4")
    expect(titles).to_have_text([f"Now, step {4 * (FRAMES - 1)}", "Retrained"])


def test_both_drawings_have_the_same_classes_in_the_same_order(show):
    page = show()
    seek(page, 9)
    names = [
        [
            text.split()[0]
            for text in page.locator(f".flow-side.{side} text:has(.count)").all_text_contents()
        ]
        for side in ("now", "retrained")
    ]
    assert names[0] == names[1] and len(names[0]) > 5


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"live": True, "total_steps": 400}, "they are taken when the run has come to its end"),
        ({"live": False}, "This run has no retrained model"),
    ],
)
def test_without_the_retrained_model_its_side_says_why(show, meta, words):
    page = show(ghost=None, ghost_share=None, ghost_xyz=None, meta=meta)
    seek(page, 9)
    expect(page.locator(".flow-side.retrained .flow-why")).to_contain_text(words)
    page.locator(".flow-side.retrained svg").wait_for(state="hidden")
    expect(page.locator(".flow-said")).not_to_contain_text("retrained")
    assert {len(v) for v in rows(page).values()} == {1}
    expect(page.locator(".flow-side.now .band").nth(3)).to_be_attached()


def test_answers_that_come_late_fill_their_side(show):
    page = show(ghost=None, ghost_share=None, ghost_xyz=None, meta={"live": True})
    seek(page, 9)
    rows(page)
    made = run(meta={"live": False, "box": page.evaluate("__lethe.stage.run.box")})
    late = {name: made[name][FRAMES - 2 :] for name in ("xy", "pred", "share")}
    keep = {k: made["meta"][k][FRAMES - 2 :] for k in ("steps", "quality")}
    meta = {**made["meta"], **keep, "solid": None, "total": FRAMES}
    blob = frames_blob(
        **{**made, **late, "xyz": None, "ghost_xyz": None, "meta": meta}, start=FRAMES - 2
    )
    page.evaluate(
        """data => { const { stage } = __lethe;
            stage.update({ data: Uint8Array.from(atob(data), (c) => c.charCodeAt(0)),
              setStateValue() {}, setTriggerValue() {} }); }""",
        base64.b64encode(blob).decode(),
    )
    page.wait_for_function("__lethe.stage.root.querySelector('.flow-side.retrained .band')")
    seek(page, 9)
    assert {len(v) for v in rows(page).values()} == {2}


def test_a_probe_that_draws_a_part_of_the_forget_set_says_so(show):
    page = show(meta={"forget_size": 5421})
    seek(page, FRAMES - 1)
    total = run()["is_forget"].sum()
    expect(page.locator(".flow-said")).to_contain_text(f" of the {total} drawn now read as ")


def test_a_run_that_forgets_nothing_has_no_such_part(show):
    page = show(is_forget=np.zeros(N, bool), meta={"forget_classes": []})
    page.locator(".flows").wait_for(state="hidden")


def test_mislabelled_samples_that_came_home_are_a_row_and_a_band_of_their_own(show):
    made = run()
    which, last = made["is_forget"], made["pred"][-1]
    true = np.where(which, 3, made["label"])
    page = show(true_label=true)
    seek(page, FRAMES - 1)
    home = int((which & (last == 3)).sum())
    there = int((which & (np.argmax(made["ghost_share"], 1) == 3)).sum())
    expect(page.locator(".flow-said")).to_have_text(
        f"{home} of {which.sum()} now read as the true class; in the retrained model {there}."
    )
    assert rows(page)[NAMES[FORGET], "three"] == (home, there)
    page.get_by_text("its true class", exact=True).wait_for()
    expect(page.locator(".flow-side.now .band.home")).to_have_count(1)


def test_many_classes_flow_side_by_side_and_what_stays_is_quiet(show):
    made = run()
    which = np.arange(N) % 4 == 0
    page = show(is_forget=which, meta={"forget_classes": []})
    seek(page, FRAMES - 1)
    pairs = Counter(
        (NAMES[a], NAMES[b])
        for a, b in zip(made["label"][which], made["pred"][-1][which], strict=True)
    )
    assert {pair: v[0] for pair, v in rows(page).items() if v[0]} == dict(pairs)
    grey = page.evaluate("__lethe.stage.look.theme.grey.join(',')")
    fills = page.evaluate(
        """() => [...__lethe.stage.root.querySelectorAll(".flow-side.now .band")].map((one) =>
            [one.dataset.name, one.querySelector(".shape").getAttribute("fill")])"""
    )
    for name, fill in fills:
        assert (grey in fill) == name.endswith("stays")


def test_it_is_folded_by_a_person_for_good_and_at_first_on_a_narrow_page(show):
    page = show()
    fold = page.get_by_role("button", name="Where did they go")
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.click()
    page.locator(".flow-said").wait_for(state="hidden")
    page.evaluate("sessionStorage.clear()")
    show(page=page)
    expect(fold).to_have_attribute("aria-expanded", "false")
    narrow = show(options={"viewport": NARROW})
    fold = narrow.get_by_role("button", name="Where did they go")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.click()
    narrow.locator(".flow-side.now .band").first.wait_for()


def test_it_fits_its_page_at_every_width(show):
    page = show()
    seek(page, 9)
    drawing = page.locator(".flow-side.now svg")
    wide = drawing.bounding_box()
    beside = page.locator(".flow-side.retrained svg").bounding_box()
    assert abs(wide["y"] - beside["y"]) < 1 and abs(wide["width"] - beside["width"]) <= 1
    page.set_viewport_size(NARROW)
    page.wait_for_function(
        "w => __lethe.stage.root.querySelector('.flow-side.now svg').clientWidth < w",
        arg=wide["width"] - 100,
    )
    painted(page)
    narrow, below = (
        page.locator(f".flow-side.{s} svg").bounding_box() for s in ("now", "retrained")
    )
    assert below["y"] > narrow["y"] + narrow["height"] - 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = page.evaluate(
        """() => [...__lethe.stage.root.querySelectorAll(".flow")].every((svg) => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].every((text) => {
              const own = text.getBoundingClientRect();
              return own.left >= box.left - 1 && own.right <= box.right + 1; }); })"""
    )
    assert inside
