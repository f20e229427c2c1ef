"""Choosing by hand, thumbnails in place and highlights, in a real browser."""

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import comes, expect, painted, picture, ready, seek, shown
from tests.e2e.test_stage import give, run

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
MAP, BESIDE = ".map:not(.beside)", ".beside"
PICTURE = {MAP: "__lethe.stage.map", BESIDE: "__lethe.stage.beside.map"}
CHOSEN = "[...__lethe.stage.look.chosen].sort((a, b) => a - b)"
SETTLED = "!__lethe.stage.map.thumbs.changing"
Polygon = list[tuple[float, float]]  # in shares of a picture's width and height
BIG: Polygon = [(0.45, 0.1), (0.8, 0.1), (0.85, 0.55), (0.6, 0.5), (0.5, 0.7)]
NOTCHED: Polygon = [(0.3, 0.2), (0.9, 0.2), (0.9, 0.8), (0.6, 0.4), (0.3, 0.8)]


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(view, more, **context options)``: the exported page of a made-up run, paused, that
    writes down what it asks its page for."""

    def open_page(
        view: str = "map",
        more: dict[str, Any] | None = None,
        renderer: str = "canvas",
        **options: Any,
    ) -> Any:
        page = new_page(**options)
        made = made_up_run(N, FRAMES)
        made["meta"] = {**made["meta"], "opens": {"view": view}, **(more or {})}
        file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
        page.goto(f"{file}?debug=1&renderer={renderer}")
        shown(page)
        page.evaluate(
            """() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); window.asked = [];
                __lethe.stage.setTriggerValue = (k, v) => asked.push([k, v]); }"""
        )
        ready(page)
        return page

    return open_page


def in_slots() -> dict[str, NDArray[Any]]:
    """The run's arrays in the Stage's order: keep samples first."""
    made = made_up_run(N, FRAMES)
    order = np.argsort(made["is_forget"], kind="stable")
    found = {name: made[name][order] for name in ("label", "is_forget", "index")}
    return {**found, "pred": made["pred"][:, order], "answer": made["ghost_share"][order].argmax(1)}


def inside(polygon: NDArray[Any], at: NDArray[Any]) -> NDArray[Any]:
    """Even-odd for places (P, 2): how many edges a ray upwards crosses."""
    odd = np.zeros(len(at), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        spans = (ax > at[:, 0]) != (bx > at[:, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            height = ay + (at[:, 0] - ax) / (bx - ax) * (by - ay)
        odd ^= spans & (height < at[:, 1])
    return odd


def drag(page: Any, shares: Polygon, where: str = MAP, keys: str = "") -> NDArray[Any]:
    """Draws a polygon with the mouse; returns the corners that the hand went through, in pixels."""
    box = page.locator(where).bounding_box()
    corners = np.array(shares) * [box["width"], box["height"]]
    at = corners + np.array([box["x"], box["y"]])
    if keys:
        page.keyboard.down(keys)
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner)
    page.mouse.up()
    if keys:
        page.keyboard.up(keys)
    return corners


def drawn(page: Any, where: str = MAP) -> NDArray[Any]:
    """Pixels (N, 2) at which a picture draws the slots now."""
    script = f"""(() => {{ const m = {PICTURE[where]}; return [...Array(m.run.n).keys()].map(
        (slot) => m.camera.toPixel(...m.view.place(slot, m.t))); }})()"""
    return np.array(page.evaluate(script))


@pytest.mark.parametrize(("view", "where"), [("map", MAP), ("both", MAP), ("both", BESIDE)])
@pytest.mark.parametrize("polygon", [BIG, NOTCHED])
def test_a_lasso_takes_the_points_inside_it(show, view, where, polygon):
    page = show(view, viewport={"width": 1300, "height": 800})
    seek(page, 6.5)
    page.locator(".choose").click()
    corners = drag(page, polygon, where)
    expected = np.flatnonzero(inside(corners, drawn(page, where))).tolist()
    assert 5 < len(expected) < N and page.evaluate(CHOSEN) == expected
    index = in_slots()["index"][expected].tolist()
    assert page.evaluate("asked") == [["asked", {"what": "choose", "how": "set", "index": index}]]
    expect(page.locator(".chosen")).to_have_text(f"{len(expected)} chosen")


def test_three_dimensions_are_chosen_by_where_they_are_drawn(show):
    page = show("solid")
    page.locator(".map").focus()
    page.keyboard.press("l")
    turned = page.evaluate("__lethe.stage.map.view.yaw")
    corners = drag(page, BIG)
    expected = np.flatnonzero(inside(corners, drawn(page))).tolist()
    assert expected and page.evaluate(CHOSEN) == expected
    assert page.evaluate("__lethe.stage.map.view.yaw") == turned


def test_shift_adds_alt_removes_and_a_plain_one_begins_anew(show):
    page = show()
    left: Polygon = [(0.2, 0.1), (0.55, 0.1), (0.55, 0.9), (0.2, 0.9)]
    right: Polygon = [(0.45, 0.1), (0.9, 0.1), (0.9, 0.9), (0.45, 0.9)]
    at = drawn(page)
    page.locator(".choose").click()
    one = set(np.flatnonzero(inside(drag(page, left), at)))
    two = set(np.flatnonzero(inside(drag(page, right, keys="Shift"), at)))
    assert one & two and one - two and page.evaluate(CHOSEN) == sorted(one | two)
    drag(page, left, keys="Alt")
    assert page.evaluate(CHOSEN) == sorted(two - one)
    drag(page, left)
    assert page.evaluate(CHOSEN) == sorted(one)
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate(CHOSEN) == []
    expect(page.locator(".clear")).to_be_hidden()
    page.wait_for_function("asked.length >= 5")  # the page is told one thing after another
    assert [said["how"] for _, said in page.evaluate("asked")] == [
        "set",
        "add",
        "remove",
        "set",
        "set",
    ]


def test_without_the_mode_shift_draws_on_a_flat_map_and_a_plain_drag_moves_it(show):
    page = show()
    expected = np.flatnonzero(inside(drag(page, BIG, keys="Shift"), drawn(page))).tolist()
    assert expected and page.evaluate(CHOSEN) == expected
    assert not page.evaluate("__lethe.stage.map.camera.moved")
    drag(page, BIG)
    assert page.evaluate("__lethe.stage.map.camera.moved")
    assert page.evaluate(CHOSEN) == expected
    page.evaluate("() => __lethe.stage.chooser.choose('solid')")
    drag(page, BIG, keys="Shift")  # as ever, moves three dimensions
    assert page.evaluate("__lethe.stage.map.camera.moved")
    assert page.evaluate(CHOSEN) == expected


def test_a_click_adds_a_point_or_takes_it_out_and_pins_nothing(show):
    page = show()
    page.locator(".choose").click()
    box = page.locator(".map").bounding_box()
    slot = N - 3
    x, y = drawn(page)[slot] + np.array([box["x"], box["y"]])
    page.mouse.click(x, y)
    found = page.evaluate(CHOSEN)
    expect(page.locator(".chosen")).to_have_text("1 chosen")
    assert page.locator(".map").bounding_box() == box  # nothing moves under the hand
    assert len(found) == 1 and page.evaluate("__lethe.stage.look.pinned") == -1
    page.mouse.click(x, y)
    assert page.evaluate(CHOSEN) == []


def test_a_line_around_nothing_loses_nothing(show):
    page = show()
    page.locator(".choose").click()
    drag(page, BIG)
    found = page.evaluate(CHOSEN)
    drag(page, [(0.5, 0.5), (0.51, 0.5)])
    drag(page, [(0.9, 0.9), (0.99, 0.9), (0.99, 0.99)])
    assert found and page.evaluate(CHOSEN) == found and len(page.evaluate("asked")) == 1


def test_escape_leaves_the_mode_and_once_more_leaves_what_is_chosen(show):
    page = show()
    page.locator(".map").focus()
    page.keyboard.press("l")
    expect(page.locator(".choose")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".hint")).to_contain_text("Draw around samples")
    drag(page, BIG)
    found = page.evaluate(CHOSEN)
    for _ in range(2):
        page.keyboard.press("Escape")
        expect(page.locator(".choose")).to_have_attribute("aria-pressed", "false")
    assert found and page.evaluate(CHOSEN) == found
    expect(page.locator(".lasso")).to_have_count(0)
    drag(page, BIG)
    assert page.evaluate("__lethe.stage.map.camera.moved")


def test_without_a_mouse_enter_adds_the_sample_that_n_has_reached(show):
    page = show()
    kept = int((~in_slots()["is_forget"]).sum())
    page.locator(".map").focus()
    for key in ("l", "n", "Enter", "n", "Enter", "n", "p", "p", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate(CHOSEN) == [kept + 1]


def test_a_finger_draws_in_the_mode_alone(show):
    page = show(has_touch=True)
    move = "getComputedStyle(__lethe.stage.map.root).touchAction"
    assert page.evaluate(move) == "auto"  # the page scrolls
    page.locator(".choose").tap()
    assert page.evaluate(move) == "none"
    box = page.locator(".map").bounding_box()
    hand = page.context.new_cdp_session(page)
    corners = np.array(BIG) * [box["width"], box["height"]]
    for k, corner in enumerate(corners + np.array([box["x"], box["y"]])):
        at = {"x": float(corner[0]), "y": float(corner[1])}
        kind = "touchMove" if k else "touchStart"
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expected = np.flatnonzero(inside(corners, drawn(page))).tolist()
    assert expected and page.evaluate(CHOSEN) == expected


def test_points_that_stand_back_are_not_taken(show):
    page = show()
    page.get_by_role("button", name="three", exact=True).click()
    page.locator(".choose").click()
    drag(page, [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)])
    assert page.evaluate(CHOSEN) == np.flatnonzero(in_slots()["pred"][0] == 3).tolist()


RING = """([slot, where]) => { const m = where === "map" ? __lethe.stage.map
      : __lethe.stage.beside.map, { canvas } = m.overlay, [r, g, b] = m.look.theme.accent;
    const ratio = canvas.width / m.root.clientWidth;
    const [px, py] = m.camera.toPixel(...m.view.place(slot, m.t)).map((v) => v * ratio);
    const side = Math.ceil(30 * ratio);
    const { data } = canvas.getContext("2d").getImageData(px - side / 2, py - side / 2, side, side);
    let seen = 0;
    for (let i = 0; i < data.length; i += 4) {
      seen += [r, g, b, 255].every((v, c) => Math.abs(data[i + c] - v) < 3); }
    return seen; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chosen_sample_has_a_ring_in_both_pictures_and_while_it_moves(show, scheme):
    page = show("both", viewport={"width": 1300, "height": 800}, color_scheme=scheme)
    slot = N - 5
    for t in (0, 7.4):
        seek(page, t)
        assert [page.evaluate(RING, [slot, where]) for where in ("map", "beside")] == [0, 0]
    page.evaluate("slot => __lethe.stage.select([slot])", slot)
    for t in (0, 7.4):
        seek(page, t)
        assert min(page.evaluate(RING, [slot, where]) for where in ("map", "beside")) > 15
    page.evaluate("slot => __lethe.stage.select([slot], 'remove')", slot)
    seek(page, 7.4)
    assert page.evaluate(RING, [slot, "map"]) == 0


def test_what_the_page_remembers_is_chosen_and_another_run_has_its_own(show):
    index = in_slots()["index"]
    page = show(more={"chosen": [int(index[4]), int(index[9]), 99_999_999]})
    assert page.evaluate(CHOSEN) == [4, 9]
    expect(page.locator(".chosen")).to_have_text("2 chosen")
    page.evaluate("() => __lethe.stage.select([7], 'add')")
    give(page, blob())  # says nothing of it
    assert page.evaluate(CHOSEN) == [4, 7, 9]
    give(page, blob(chosen=[int(index[2])]))
    assert page.evaluate(CHOSEN) == [2]
    give(page, blob(run="another"))
    assert page.evaluate(CHOSEN) == [] and page.evaluate("__lethe.errors") == []


def blob(**meta: Any) -> str:
    return base64.b64encode(frames_blob(**run(**meta))).decode()


def test_points_far_enough_apart_become_thumbnails(show):
    page = show()
    seek(page, 9)
    expect(page.locator(".map")).to_have_attribute("data-thumbnails", "0")
    zoom = """factor => { const s = __lethe.stage, { camera, view } = s.map;
        const [x, y] = view.place(s.run.n - 3, 9);
        camera.state = { x, y, zoom: factor }; s.request(); }"""
    page.evaluate(zoom, 12)
    painted(page)
    page.wait_for_function(SETTLED)
    shown = int(page.locator(".map").get_attribute("data-thumbnails"))
    size = page.evaluate("(({ width, height }) => [width, height])(__lethe.stage.map.camera)")
    at = drawn(page)
    seen = ((at >= 0) & (at <= size)).all(1).sum()
    assert shown >= seen > 0 and shown < N
    with_them = picture(page, ".over")
    page.evaluate("() => { __lethe.stage.map.card.sheet = null; __lethe.stage.request(); }")
    page.wait_for_function("__lethe.stage.map.root.dataset.thumbnails === '0'")
    assert changed(with_them, picture(page, ".over")) > 200 * seen
    page.evaluate("() => { const s = __lethe.stage; s.map.reset(); }")
    painted(page)
    page.wait_for_function(SETTLED)
    assert page.evaluate("__lethe.errors") == []


HIGHLIGHTS = ("forget", "forgotten", "not-yet", "too-much", "lost")


def reference(key: str, frame: int) -> NDArray[Any]:
    """Slots that a highlight holds at a frame."""
    made = in_slots()
    forget, right = made["is_forget"], made["pred"][frame] == made["label"]
    return np.flatnonzero(
        {
            "forget": forget,
            "forgotten": forget & ~right,
            "not-yet": forget & right,
            "too-much": forget & ~right & (made["answer"] == made["label"]),
            "lost": ~forget & ~right,
        }[key]
    )


@pytest.mark.parametrize(
    ("key", "renderer"), [*((key, "canvas") for key in HIGHLIGHTS), ("forgotten", "webgl")]
)
def test_a_highlight_shows_alone_what_it_counts(show, key, renderer):
    page = show(renderer=renderer, more={"opens": {"view": "map", "colour": "true"}})
    page.locator(".highlight select").select_option(key)
    for frame in (0, 9, FRAMES - 1):
        page.evaluate("frame => __lethe.stage.seekTo(frame)", frame)
        expected = reference(key, frame)
        words = f"{len(expected)} of" if len(expected) else "None of" if key != "lost" else "0 of"
        expect(page.locator(".highlighted")).to_have_text(re.compile(f"^{words}"))
        strip = (
            "[...__lethe.stage.root.querySelectorAll('.strip .sample')].map(b => +b.dataset.slot)"
        )
        comes(page, strip, expected[:60].tolist())  # not with every picture
        lit = """[...__lethe.stage.map.renderer.colours].flatMap((alpha, k) =>
            k % 8 === 3 && alpha === 255 ? [(k - 3) / 8] : [])"""
        assert page.evaluate(lit) == expected.tolist()


def test_kept_but_lost_is_what_retain_accuracy_lacks(show):
    page = show()
    page.locator(".highlight select").select_option("lost")
    page.evaluate("() => __lethe.stage.seekTo(9)")
    made = in_slots()
    keep = ~made["is_forget"]
    accuracy = 100 * (made["pred"][9] == made["label"])[keep].mean()
    lost = page.locator(".highlighted")
    expect(lost).to_have_text(re.compile(rf"^{len(reference('lost', 9))} of \d+ kept"))
    said = lost.inner_text()
    count, kept = re.match(r"(\d+) of (\d+) kept", said).groups()
    assert int(kept) == keep.sum()
    assert 100 * (1 - int(count) / int(kept)) == pytest.approx(accuracy)
    assert float(re.findall(r"([\d.]+)\s%", said)[-1]) == pytest.approx(accuracy, abs=0.051)


def test_a_thumbnail_pins_its_sample_and_all_of_them_can_be_chosen(show):
    page = show()
    page.locator(".highlight select").select_option("forgotten")
    page.evaluate("frame => __lethe.stage.seekTo(frame)", FRAMES - 1)
    expected = reference("forgotten", FRAMES - 1).tolist()
    expect(page.locator(".sample")).to_have_count(min(60, len(expected)))
    page.locator(".strip .sample").nth(2).click()
    assert page.evaluate("__lethe.stage.look.pinned") == expected[2]
    expect(page.locator(".strip [aria-pressed=true]")).to_have_count(1)
    page.locator(".highlights").get_by_role("button", name="Choose these").click()
    assert page.evaluate(CHOSEN) == expected
    tabs = page.locator(".strip .sample").evaluate_all("all => all.filter(b => b.tabIndex === 0)")
    assert len(tabs) == 1


def test_the_thumbnails_of_another_recording_are_drawn_anew(show):
    page = show()
    page.locator(".highlight select").select_option("forgotten")
    page.evaluate("frame => __lethe.stage.seekTo(frame)", FRAMES - 1)
    page.locator(".strip .sample").first.wait_for()
    page.evaluate("""() => {
        const s = __lethe.stage;
        window.old = s.root.querySelector(".strip .sample");
        s.panels.find((p) => p.constructor.kind === "highlights").load(s.run, true);
        s.request();
    }""")
    page.wait_for_function("() => !old.isConnected")  # though its slots are the same


def test_the_strip_follows_while_it_plays_but_not_at_every_picture(show):
    page = show()
    page.locator(".highlight select").select_option("forgotten")
    page.evaluate(
        """() => { const s = __lethe.stage; window.built = 0;
            const panel = s.panels.find((p) => p.constructor.kind === "highlights");
            const strip = panel._strip;
            panel._strip = (...given) => { built++; strip.apply(panel, given); };
            window.began = performance.now(); s.clock.speed = 4; s.clock.loops = false;
            s.seekTo(0); s.toggle(); }"""
    )
    page.wait_for_function(f"__lethe.frame === {FRAMES - 1} && !__lethe.moving")
    expected = reference("forgotten", FRAMES - 1)[:60].tolist()
    expect(page.locator(".sample")).to_have_count(len(expected))
    built, passed = page.evaluate("[built, performance.now() - began]")
    assert 1 <= built <= passed / 200 + 1


def test_the_highlight_is_left_and_found_as_it_was(show):
    page = show()
    page.locator(".highlight select").select_option("lost")
    assert page.evaluate("__lethe.stage.visit.screen.highlight") == "lost"
    page.reload()
    ready(page)
    expect(page.locator(".highlight select")).to_have_value("lost")
    expect(page.locator(".highlighted")).to_be_visible()
    again = show(more={"opens": {"view": "map", "highlight": "not-yet"}})
    expect(again.locator(".highlight select")).to_have_value("not-yet")


def test_without_the_retrained_answers_nothing_is_forgotten_too_much(show, new_page, tmp_path):
    made = made_up_run(N, FRAMES)
    made |= {"ghost_share": None}
    page = new_page()
    file = write(tmp_path, "bare.html", player_html(frames_blob(**made), "run"))
    page.goto(f"{file}?debug=1")
    shown(page)
    options = "[...__lethe.stage.root.querySelectorAll('.highlight option')].map((o) => o.value)"
    assert page.evaluate(options) == ["", "forget", "forgotten", "not-yet", "lost"]
