"""The gallery of a sweep in a real browser: what is drawn where, and what a hand does with it."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cu_core.stage import source, unpack
from cu_core.stage.trials import MARKUP, Sent, blob
from cu_core.store import Store
from tests.e2e.conftest import write
from tests.sweeps.made_up import made_up_sweep

pytestmark = pytest.mark.e2e

TRIALS, POINTS = 40, 300
PAGE = """<!doctype html><meta charset="utf-8"><title>Trials</title><style>%(style)s</style>
<body><div id="host">%(markup)s</div><script type="module">
%(script)s
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
window.asked = [];
window.give = (text) => mount({ parentElement: document.getElementById("host"),
  data: bytes(text), setTriggerValue: (name, value) => asked.push(value) });
</script>"""
CHOSEN = "[...__trials.choice.trials].sort((a, b) => a - b)"
ASKED = "(what) => asked.filter((one) => one.what === what)"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    store = Store(tmp_path_factory.mktemp("sweeps"))
    return store, made_up_sweep(store, trials=TRIALS, points=POINTS)


@pytest.fixture
def show(
    new_page: Callable[..., Any], tmp_path: Path, sweep: tuple[Store, str]
) -> Callable[..., Any]:
    """``show(**options of blob)``: the component on a page, with the made-up sweep."""

    def open_page(sent: Sent | None = None, **options: Any) -> Any:
        page = new_page()
        filled = {
            "style": source.style(),
            "markup": MARKUP,
            "script": source.script(entry="trials"),
        }
        page.goto(write(tmp_path, "trials.html", PAGE % filled) + "?debug=1")
        page.wait_for_function("Boolean(window.give)")
        give(page, sweep, sent or Sent(sweep[1]), **options)
        page.wait_for_function(f"__trials.draws > 0 && __trials.trials.length === {TRIALS}")
        return page

    return open_page


def give(page: Any, sweep: tuple[Store, str], sent: Sent, **options: Any) -> None:
    store, sweep_id = sweep
    data = blob(store.sweep(sweep_id), store.pictures(sweep_id), sent, **options)
    page.evaluate("(text) => void give(text)", base64.b64encode(data).decode())


def tile(page: Any, number: int) -> Any:
    return page.locator(f'.trial[data-number="{number}"]')


def drawn(page: Any, number: int) -> NDArray[Any]:
    """What the one canvas shows of a trial's map, (side, side, 3)."""
    side, values = page.evaluate(
        """(number) => {
            const { grid, sheet, tiles } = __trials;
            const [x, y] = tiles.held.get(number).style.translate.split(" ").map(parseFloat);
            const side = grid.side;
            const data = sheet.context.getImageData(x, y - sheet.top, side, side).data;
            return [side, Array.from(data)];
        }""",
        number,
    )
    return np.array(values, np.int16).reshape(side, side, 4)[..., :3]


def places(sweep: tuple[Store, str], page: Any, number: int) -> NDArray[Any]:
    """Where a trial's samples belong in its map of so many pixels a side."""
    window, side = page.evaluate("[__trials.pictures.window, __trials.grid.side]")
    xy = unpack(sweep[0].pictures(sweep[1])[number].read_bytes())[1]["xy"].astype(float)
    unit = (xy - [window["x"], window["y"]]) / window["side"]
    unit[:, 1] = 1 - unit[:, 1]
    return np.clip(unit * side, 1, side - 1)


@pytest.mark.parametrize("number", [0, 7, 9])
def test_a_tile_has_its_points_where_the_runs_last_frame_has_them(
    show: Callable[..., Any], sweep: tuple[Store, str], number: int
) -> None:
    page = show()
    picture, at = drawn(page, number), places(sweep, page, number)
    side = len(picture)
    rows, columns = np.mgrid[0:side, 0:side] + 0.5
    forget = np.arange(POINTS) % 10 == 0
    ground = picture[0, 0]
    away = np.abs(picture - ground).max(2)
    distance = np.hypot(rows[..., None] - at[:, 1], columns[..., None] - at[:, 0])
    assert not away[distance.min(2) > 4].any()  # nothing is drawn where no sample is
    seen = away[np.floor(at[:, 1]).astype(int), np.floor(at[:, 0]).astype(int)]
    assert (seen > 12).all() and (seen[forget] > 100).all()
    hue = {0: (0xE6, 0x9F, 0x00), 1: (0xCC, 0x5E, 0x00)}[number % 2]  # what they are answered as
    others = distance[..., ~forget].min(2) < 4  # which may be of that class by right
    own = (np.abs(picture - np.array(hue)).max(2) < 40) & ~others
    middle = np.array([columns[own].mean(), rows[own].mean()])
    covered = (distance[..., forget].min(2) < 2) & ~others
    wanted = np.array([columns[covered].mean(), rows[covered].mean()])
    assert np.abs(middle - wanted).max() < 1.5, (middle, wanted)


def test_tiles_differ_as_their_places_do(
    show: Callable[..., Any], sweep: tuple[Store, str]
) -> None:
    page = show()
    one, other = drawn(page, 0), drawn(page, 8)
    moved = np.hypot(*(places(sweep, page, 0) - places(sweep, page, 8)).T) > 6
    assert moved[::10].all() and moved.sum() == POINTS // 10  # only those to be forgotten moved
    assert (np.abs(one - other).max(2) > 24).sum() > 40
    page.get_by_label("True class").check()
    page.wait_for_function("__trials.mode === 'true' && !__trials.wanted")
    odd = drawn(page, 7)  # answered as six; by true class it is orange as the others are
    assert (np.abs(odd - np.array((0xE6, 0x9F, 0x00))).max(2) < 40).sum() > 20


def test_one_canvas_draws_what_is_in_sight_and_follows_the_scroll(
    show: Callable[..., Any],
) -> None:
    page = show()
    page.set_viewport_size({"width": 700, "height": 420})
    page.wait_for_function("__trials.box.clientWidth < 700 && !__trials.wanted")
    assert page.locator(".trials-box canvas").count() == 1
    assert page.evaluate("__trials.sheet.canvas.height < __trials.grid.height / 2")
    page.evaluate("__trials.box.scrollTop = __trials.grid.height")
    page.wait_for_function("__trials.sheet.covers && __trials.sheet.top > 0")
    last = page.evaluate("__trials.trials.at(-2).number")
    assert np.ptp(drawn(page, last).reshape(-1, 3), axis=0).max() > 100


def test_a_rectangle_selects_exactly_the_tiles_that_it_touches(show: Callable[..., Any]) -> None:
    page = show()
    boxes = page.evaluate(
        """[...document.querySelectorAll(".trial")].map((node) =>
            [Number(node.dataset.number), node.getBoundingClientRect().toJSON()])"""
    )
    order = page.evaluate("__trials.trials.map((one) => one.number)")
    assert [number for number, _ in boxes] == order
    start, end = boxes[1][1], boxes[page.evaluate("__trials.grid.columns") + 3][1]
    corners = [start["left"] + 20, start["top"] + 30, end["left"] + 40, end["top"] + 15]
    wanted = sorted(
        number
        for number, box in boxes
        if box["left"] < corners[2] and box["right"] > corners[0]
        and box["top"] < corners[3] and box["bottom"] > corners[1]
    )  # fmt: skip
    assert len(wanted) == 6
    page.mouse.move(*corners[:2])
    page.mouse.down()
    page.mouse.move(*corners[2:], steps=4)
    page.locator(".trials-brush").wait_for(state="visible")
    page.mouse.up()
    page.wait_for_function("asked.length === 1")
    (told,) = page.evaluate(ASKED, "chosen")
    assert sorted(told["trials"]) == wanted == page.evaluate(CHOSEN)
    seen = page.locator('.trial[aria-selected="true"]').evaluate_all(
        "(nodes) => nodes.map((node) => Number(node.dataset.number)).sort((a, b) => a - b)"
    )
    assert seen == wanted
    assert page.locator(".trials-brush").is_hidden()


def test_a_click_shows_a_card_shift_adds_and_the_ground_clears(show: Callable[..., Any]) -> None:
    page = show()
    tile(page, 5).click()
    page.wait_for_function("asked.length === 1")
    assert page.evaluate("asked[0]") == {"what": "card", "trial": 5}
    before = drawn(page, 5)
    tile(page, 8).click(modifiers=["Shift"])
    page.wait_for_function("asked.length === 2 && !__trials.wanted")
    assert sorted(page.evaluate("asked[1]")["trials"]) == [5, 8]
    assert (drawn(page, 5) == before).all()
    faded, plain = drawn(page, 7), page.evaluate("__trials.colours.theme.bg")
    assert np.abs(faded - np.array(plain)).max() < 110  # others stand back
    page.locator(".trials-sheet").click(position={"x": 1, "y": 1})
    page.wait_for_function("asked.length === 3")
    assert page.evaluate("asked[2]") == {"what": "chosen", "trials": []}


def test_keys_walk_with_one_tab_stop_tick_and_open(show: Callable[..., Any]) -> None:
    page = show()
    assert page.locator('.trial[tabindex="0"]').count() == 1
    order, columns = page.evaluate(
        "[__trials.trials.map((one) => one.number), __trials.grid.columns]"
    )
    page.locator('.trial[tabindex="0"]').focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    number = order[columns + 1]
    assert page.evaluate("__trials.tiles.focused") == number
    page.keyboard.press(" ")
    page.keyboard.press("Enter")
    page.wait_for_function("asked.length === 2")
    assert page.evaluate("asked") == [
        {"what": "chosen", "trials": [number]},
        {"what": "open", "trial": number},
    ]
    page.keyboard.press("Escape")
    page.wait_for_function("asked.length === 3")
    assert page.evaluate(CHOSEN) == []
    name = tile(page, number).get_attribute("aria-label")
    assert name.startswith(f"Trial {number}: forget gap ") and "contrast weight" in name
    assert tile(page, 3).get_attribute("aria-label").endswith("; failed")
    page.locator(".trials-sort select").select_option("contrast_weight")
    weights = "__trials.trials.map((one) => one.knobs.contrast_weight)"
    assert page.evaluate(weights) == sorted(page.evaluate(weights))
    assert page.evaluate("__trials.tiles.focused") == number  # wherever it lies now


def test_the_page_selects_and_a_page_that_lacks_pictures_asks_for_them(
    show: Callable[..., Any], sweep: tuple[Store, str]
) -> None:
    sent = Sent(sweep[1], times=dict.fromkeys(range(TRIALS), 9))  # as if another page had them all
    page = show(sent, chosen=[4])
    page.wait_for_function("asked.length === 1")
    assert page.evaluate("asked[0]") == {"what": "need"}
    sent.forget()
    give(page, sweep, sent, chosen=[4])
    page.wait_for_function(f"__trials.pictures.held.size === {TRIALS - 1} && !__trials.wanted")
    assert page.evaluate(CHOSEN) == [4] and np.ptp(drawn(page, 4)) > 100
    give(page, sweep, sent, chosen=[6, 7])
    page.wait_for_function(f"{CHOSEN}.join() === '6,7'")
    assert page.evaluate("asked.length") == 1  # what the page says is not told back to it


def test_a_hand_that_rests_on_a_tile_sees_it_larger_with_its_knobs(
    show: Callable[..., Any],
) -> None:
    page = show()
    tile(page, 5).hover()
    peek = page.locator(".trials-peek")
    peek.wait_for(state="visible")
    assert "Trial 5" in peek.inner_text() and "Contrast weight" in peek.inner_text()
    assert peek.locator("canvas").evaluate("(canvas) => canvas.width") == 300
    page.evaluate("__trials.box.scrollTop = __trials.grid.height")  # the one that failed is last
    peek.wait_for(state="hidden")
    tile(page, 3).hover()
    page.wait_for_function("document.querySelector('.trials-peek').innerText.includes('Trial 3')")
    assert "The loss is no number." in peek.inner_text()
    page.mouse.move(1, 1)
    peek.wait_for(state="hidden")
