"""The Stage's other views in a real browser: where handles pull a sample, how 3-D turns, and that
map, selection and clock are the same before and after."""

import base64
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cu_core.stage import frames_blob, player_html
from tests.e2e import screen
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect, painted, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
RENDERERS = ["webgl", "canvas"]
OTHERS = ("share", "ghost_share", "xyz", "ghost_xyz")
MIDDLE, RADIUS = 32768, 28000  # quanta of the Answers' square


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(made, view, renderer)``: the exported page of a run in a view, paused."""

    def open_page(
        made: dict[str, Any] | None = None, view: str = "map", renderer: str = "", **options: Any
    ) -> Any:
        page = new_page(**options)
        blob = frames_blob(**(made or made_up_run(N, FRAMES)))
        page.goto(f"{write(tmp_path, 'run.html', player_html(blob, 'run'))}?debug=1"
                  f"&renderer={renderer}")  # fmt: skip
        shown(page)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        choose(page, view)
        ready(page)
        return page

    return open_page


def choose(page: Any, view: str) -> None:
    page.evaluate("view => __lethe.stage.chooser.choose(view)", view)


def picture(page: Any, where: str = ".points") -> np.ndarray:
    return screen.picture(page, where)


def give(page: Any, **made: Any) -> Any:
    """A blob for the mounted Stage; returns what it asked for or reported meanwhile."""
    data = base64.b64encode(frames_blob(**made)).decode()
    return page.evaluate(
        """data => { const told = []; const s = __lethe.stage; window.asked = [];
            s.update({ data: Uint8Array.from(atob(data), c => c.charCodeAt(0)),
              setStateValue: () => {}, setTriggerValue: (k, v) => asked.push([k, v]) });
            return asked; }""",
        data,
    )


def in_slots(made: dict[str, Any], values: Any) -> np.ndarray:
    """Rows in the page's order: keep samples first, then forget samples."""
    order = [*np.flatnonzero(~made["is_forget"]), *np.flatnonzero(made["is_forget"])]
    return np.asarray(values)[order]


def handles(count: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(count) / count
    return MIDDLE + RADIUS * np.stack([np.sin(angle), np.cos(angle)], 1)


def places(page: Any, t: float) -> np.ndarray:
    return np.array(
        page.evaluate(
            """t => { const v = __lethe.stage.map.view;
              return Array.from({length: v.run.n}, (_, slot) => v.place(slot, t).slice(0, 2)); }""",
            t,
        )
    )


def test_a_sample_lies_where_its_shares_pull_it(show):
    made = made_up_run(N, FRAMES)
    page = show(made, "answers")
    share = made["share"] / 255
    for frame in (0, 7, FRAMES - 1):
        wanted = in_slots(made, share[frame] @ handles(10))
        assert_allclose(places(page, frame), wanted, atol=1e-6)
    between = 0.75 * share[7] + 0.25 * share[8]
    assert_allclose(places(page, 7.25), in_slots(made, between @ handles(10)), atol=1e-6)


def test_what_no_kept_class_has_stays_at_the_centre(show):
    """Two of 30 classes are kept of each sample: their handles pull, the rest rests."""
    made = made_up_run(N, FRAMES)
    rng = np.random.default_rng(1)
    made["meta"]["classes"] = [f"class {i}" for i in range(30)]
    made["share"] = rng.integers(0, 128, (FRAMES, N, 2)).astype(np.uint8)
    made["share_class"] = np.argsort(rng.random((FRAMES, N, 30)), -1)[..., :2]
    made["ghost_share"] = None
    page = show(made, "answers")
    share, at = made["share"][5] / 255, handles(30)[made["share_class"][5]]
    wanted = (share[..., None] * at).sum(1) + (1 - share.sum(1))[:, None] * MIDDLE
    assert_allclose(places(page, 5), in_slots(made, wanted), atol=1e-6)
    expect(
        page.locator(".ghost-toggle")
    ).to_be_hidden()  # the retrained model's shares are not there


def test_half_way_between_two_handles_means_half_and_half(show):
    made = made_up_run(N, FRAMES)
    made["share"][:, 0] = [127, 0, 0, 128, 0, 0, 0, 0, 0, 0]  # 50/50 but for one 255th
    page = show(made, "answers")
    slot = int(np.flatnonzero(in_slots(made, np.arange(N)) == 0)[0])
    at = handles(10)
    middle, step = (at[0] + at[3]) / 2, np.abs(at[0] - at[3]).max() / 510
    assert np.abs(places(page, 3)[slot] - middle).max() <= step + 1e-6
    expect(page.get_by_text("Half-way between two handles means 50/50.")).to_be_visible()


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_a_handle_takes_with_it_exactly_its_class_s_share(show, hand):
    made = made_up_run(N, FRAMES)
    page = show(made, "answers")
    seek(page, 6)
    before = places(page, 6)
    handle = page.get_by_role("button", name="Handle of three")
    if hand == "mouse":
        box = handle.bounding_box()
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] - 110, box["y"] - 60, steps=4)
        page.mouse.up()
    else:
        handle.focus()
        for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowUp"):
            page.keyboard.press(key)
        assert page.evaluate("__lethe.frame") == 6  # arrows on a handle move no time
    now = np.array(page.evaluate("[...__lethe.stage.map.view.handles.slice(6, 8)]"))
    shift = now - handles(10)[3]
    scale = page.evaluate("__lethe.stage.map.camera.scale")
    pixels_moved = shift * scale * [1, -1]
    assert_allclose(pixels_moved, [-120, -70] if hand == "mouse" else [-24, -1], atol=0.5)
    share = in_slots(made, made["share"][6, :, 3])[:, None] / 255
    assert_allclose(places(page, 6) - before, share * shift, atol=1e-6)
    page.get_by_role("button", name="Reset view").click()
    assert_allclose(places(page, 6), before, atol=1e-9)


def test_a_handle_stays_on_the_disc_and_goes_home_on_a_double_click(show):
    page = show(None, "answers")
    handle = page.get_by_role("button", name="Handle of two")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 250, steps=3)
    page.mouse.up()
    at = np.array(page.evaluate("[...__lethe.stage.map.view.handles.slice(4, 6)]"))
    assert np.hypot(*(at - MIDDLE)) == pytest.approx(RADIUS)
    assert np.abs(at - handles(10)[2]).max() > 1000
    handle.dblclick()
    home = page.evaluate("[...__lethe.stage.map.view.handles.slice(4, 6)]")
    assert_allclose(home, handles(10)[2])


def test_names_of_handles_never_overlap_nor_leave_the_map(show):
    made = made_up_run(N, FRAMES)
    made["meta"]["classes"] = [f"class number {i}" for i in range(100)]
    made["share"] = made["share"][..., :8]
    made["share_class"] = np.broadcast_to(np.arange(8), made["share"].shape)
    made["ghost_share"] = None
    page = show(made, "answers", viewport={"width": 1440, "height": 900})
    map_box = page.locator(".map").bounding_box()
    boxes = [item.bounding_box() for item in page.locator(".handle:not(.bare)").all()]
    assert 20 <= len(boxes) < 60
    expect(page.locator(".handle")).to_have_count(100)
    expect(page.locator(".handle.bare canvas:visible")).to_have_count(0)  # a knob has no picture
    expect(page.get_by_role("button", name="Handle of class number 5", exact=True)).to_be_visible()
    for i, a in enumerate(boxes):
        assert a["x"] >= map_box["x"] and a["x"] + a["width"] <= map_box["x"] + map_box["width"]
        for b in boxes[:i]:
            apart_x = max(a["x"], b["x"]) >= min(a["x"] + a["width"], b["x"] + b["width"])
            assert apart_x or abs(a["y"] - b["y"]) >= a["height"] - 0.5


def test_a_recording_says_with_which_view_it_opens(new_page, tmp_path):
    made = made_up_run(N, FRAMES)
    made["meta"] = {**made["meta"], "opens": {"view": "answers", "colour": "true", "only": [3]}}
    page = new_page()
    page.goto(write(tmp_path, "run.html", player_html(frames_blob(**made), "run")))
    page.locator(".views input[value=answers]:checked").wait_for(state="attached")
    expect(page.locator(".says")).to_have_text(re.compile("^Exact"))
    expect(page.get_by_label("True class")).to_be_checked()
    three = page.get_by_role("button", name="three", exact=True)
    expect(three).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_the_map_is_pixel_for_pixel_the_same_after_other_views(show, renderer):
    page = show(None, "map", renderer)
    seek(page, 7.4)
    before = picture(page, ".map")
    for view in ("answers", "solid"):
        choose(page, view)
        seek(page, 7.4)
        assert changed(before, picture(page, ".map")) > 1000
    page.locator("input[value=moved]").check(force=True)
    page.locator("input[value=pred]").check(force=True)
    choose(page, "map")
    seek(page, 7.4)
    assert np.array_equal(before, picture(page, ".map"))


@pytest.mark.parametrize("view", ["answers", "solid"])
def test_both_renderers_draw_the_same_view(show, view):
    shots = []
    for renderer in RENDERERS:
        page = show(None, view, renderer)
        assert page.evaluate("__lethe.mode") == renderer
        seek(page, 8.5)
        shots.append(picture(page))
    marks = changed(shots[0], np.broadcast_to(shots[0][-3, -3], shots[0].shape))
    assert marks > 1000
    assert changed(*shots) < 0.3 * marks
    assert np.abs(shots[0] - shots[1]).mean() < 1.5


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_whole_turn_comes_back_to_the_same_picture(show, renderer):
    page = show(None, "solid", renderer)
    page.locator(".map").focus()
    seek(page, 6)
    before = picture(page)
    for presses in range(1, 49):  # 7.5 degrees each
        page.keyboard.press("Shift+ArrowRight")
        if presses == 12:
            seek(page, 6)
            assert changed(before, picture(page)) > 1000
    seek(page, 6)
    assert changed(before, picture(page)) < 10
    assert page.evaluate("__lethe.frame") == 6  # with shift, arrows move no time


def test_turning_is_a_rotation_about_the_middle(show):
    """Seen without perspective, a quarter turn makes depth of what was width."""
    made = made_up_run(N, FRAMES)
    page = show(made, "solid")
    spot = """([yaw, slot]) => { const v = __lethe.stage.map.view; v.aim(yaw, 0);
        const [x, y, near] = v.place(slot, 4);
        return [(x - 32768) / near, (y - 32768) / near, (1 - 1 / near) / 0.22 * 18000]; }"""
    order = in_slots(made, np.arange(N))
    first = made["xyz"][0]
    middle = (first.min(0) + first.max(0)) / 2
    gain = 18000 / np.linalg.norm(first - middle, axis=1).max()
    for slot in (0, 40, N - 1):
        x, y, z = (made["xyz"][4][order[slot]] - middle) * gain
        assert_allclose(page.evaluate(spot, [0, slot]), [x, y, z], atol=5)
        assert_allclose(page.evaluate(spot, [np.pi / 2, slot]), [z, y, -x], atol=5)


def test_a_drag_turns_with_shift_it_moves_and_reset_brings_back(show):
    page = show(None, "solid")
    box = page.locator(".map").bounding_box()
    x, y = box["x"] + box["width"] - 60, box["y"] + box["height"] - 90
    look = """() => { const v = __lethe.stage.map.view;
        return [v.yaw, v.pitch, v.camera.x, v.camera.y]; }"""
    start = page.evaluate(look)

    def drag() -> list[float]:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 50, y - 25, steps=3)
        page.mouse.up()
        return page.evaluate(look)

    turned = drag()
    assert turned[0] < start[0] and turned[1] < start[1] and turned[2:] == start[2:]
    page.keyboard.down("Shift")
    moved = drag()
    page.keyboard.up("Shift")
    assert moved[:2] == turned[:2] and moved[2] > turned[2] and moved[3] < turned[3]
    page.get_by_role("button", name="Reset view").click()
    assert page.evaluate(look) == start


def test_the_selection_and_the_time_survive_a_change_of_view(show):
    page = show()
    seek(page, 5)
    page.locator(".map").focus()
    page.keyboard.press("n")
    card = page.locator(".card")
    card.wait_for(state="visible")
    painted(page)
    told, chosen = card.inner_text(), page.evaluate("__lethe.stage.map.pinned")
    spots = []
    both, first, *others = page.evaluate("__lethe.stage.chooser.kinds")
    assert (both, first) == ("both", "map") and {"answers", "solid"} <= set(others)
    for view in (*others, both, first):
        page.keyboard.press("v")
        seek(page, 5)
        if view == both:  # its own tests are in test_stage_both.py
            continue
        assert page.evaluate("__lethe.stage.map.view.kind") == view
        expect(page.locator(f".views input[value={view}]")).to_be_checked()
        expect(card).to_be_visible()
        expect(card).to_have_text(told, use_inner_text=True)
        assert page.evaluate("[__lethe.stage.map.pinned, __lethe.frame]") == [chosen, 5]
        spots.append(tuple(card.bounding_box().values()))
    assert len(set(spots)) >= 3


@pytest.mark.parametrize("view", ["answers", "solid"])
def test_a_sample_is_found_under_the_pointer(show, view):
    page = show(None, view)
    seek(page, 9)
    slot = N - 3
    x, y = page.evaluate(
        """slot => { const m = __lethe.stage.map, box = m.root.getBoundingClientRect();
            const [x, y] = m.view.place(slot, m.t), p = m.camera.toPixel(x, y);
            return [p[0] + box.left, p[1] + box.top]; }""",
        slot,
    )
    page.mouse.move(x, y)
    page.locator(".card").wait_for(state="visible")
    expect(page.locator(".card-part")).to_have_text("Forget sample")


@pytest.mark.parametrize("view", ["answers", "solid"])
@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_view_has_trails_isolation_and_a_ghost(show, view, renderer):
    page = show(None, view, renderer)
    seek(page, 9)
    shots = [picture(page)]
    page.locator(".ghost-toggle").click()
    seek(page, 9)
    shots.append(picture(page))
    page.evaluate("() => __lethe.stage.map.trails.clear(0)")
    seek(page, 9)
    shots.append(picture(page))
    page.get_by_role("button", name="three", exact=True).click()
    seek(page, 9)
    shots.append(picture(page))
    for a, b in pairwise(shots):
        assert changed(a, b) > 60
    ghost = page.locator(".ghost-toggle")
    expect(ghost).to_have_attribute("title", re.compile("^Where a model that"))


def test_trails_of_answers_have_no_floor_and_follow_a_handle(show):
    made = made_up_run(N, FRAMES)
    page = show(made, "answers", "webgl")
    share = made["share"][:, made["is_forget"]]
    moves = int((share[1:] != share[:-1]).any(-1).sum())
    assert page.evaluate("__lethe.stage.map.trails.count") == moves
    page.evaluate("() => __lethe.stage.map.view.move(5, 32768, 32768)")
    seek(page, 9)
    off = page.evaluate(
        """() => { const v = __lethe.stage.map.view, [a, b] = v.trails.range(9);
          let far = 0;
          for (let k = a; k < b; k++) {
            const [x, y] = v.place(v.trails.slots[k], v.trails.times[k]);
            far = Math.max(far, Math.abs(x - v.trails.places[4 * k]),
              Math.abs(y - v.trails.places[4 * k + 1]));
          } return [b - a, far]; }"""
    )
    assert off[0] > 20 and off[1] < 1e-6


def test_a_run_without_the_other_views_shows_a_map_and_no_choice(show):
    made = {k: v for k, v in made_up_run(N, FRAMES).items() if k not in OTHERS}
    made["meta"]["solid"] = None
    page = show(made)
    page.evaluate("""() => { const { map, chooser } = __lethe.stage;
      map.views = map.views.filter((v) => ["map", "answers", "solid"].includes(v.kind));
      chooser.load(); }""")  # those that are not Lethe's own may need nothing
    expect(page.locator(".views")).to_be_hidden()
    page.locator(".map").focus()
    page.keyboard.press("v")
    assert page.evaluate("[__lethe.stage.map.view.kind, __lethe.errors.length]") == ["map", 0]
    made["share"] = made_up_run(N, FRAMES)["share"]
    give(page, **made)
    expect(page.locator(".views")).to_be_visible()
    offered = page.locator(".views label:visible")
    expect(offered).to_have_text(["Map and answers", "Map", "Answers"])


def solid(made: dict[str, Any], state: str, done: int) -> dict[str, Any]:
    """The run with ``done`` of its frames laid out in three dimensions."""
    facts = {"state": state, "done": done, "total": FRAMES, "steps": made["meta"]["steps"][:done]}
    quality = made["meta"]["quality"][:done]
    meta = {**made["meta"], "run": "live", "solid": {**facts, "quality": quality}}
    places = {"xyz": made["xyz"][:done]} if done else {"xyz": None, "ghost_xyz": None}
    return {**made, **places, "meta": meta}


def test_three_dimensions_are_laid_out_when_somebody_wants_them(show):
    made = made_up_run(N, FRAMES)
    page = show()
    assert give(page, **solid(made, "none", 0)) == []
    page.evaluate("() => __lethe.stage.pause()")
    ready(page)
    page.locator(".views label", has_text="3-D").click()
    assert page.evaluate("asked") == [["solid", {}]]
    notice = page.locator(".waiting")
    expect(notice).to_have_text(f"Laying out in three dimensions: 0 of {FRAMES} frames")
    expect(page.locator(".says")).to_have_text("")  # no word on the quality of what is not there
    assert give(page, **solid(made, "working", 6)) == []
    seek(page, 3)
    expect(notice).to_be_hidden()
    expect(
        page.get_by_text(f"Laying out in three dimensions: 6 of {FRAMES} frames")
    ).to_be_visible()
    there = picture(page)
    seek(page, 5.5)
    expect(notice).to_be_visible()
    assert changed(there, picture(page)) > 500
    assert give(page, **solid(made, "done", FRAMES)) == []
    seek(page, 3)
    points = np.s_[:-60]  # the line of help at the bottom is another one now
    assert changed(there[points], picture(page)[points]) < 500  # though the wire's box grew
    seek(page, 12)
    expect(notice).to_be_hidden()
    expect(page.get_by_text("Drag to turn")).to_be_visible()
    assert page.evaluate("__lethe.errors") == []


def test_a_reload_comes_back_to_the_view_and_what_was_done_in_it(show):
    page = show(None, "answers")
    page.evaluate("() => { __lethe.stage.map.view.move(2, 32768, 40000); }")
    choose(page, "solid")
    page.evaluate("() => { __lethe.stage.map.turn(3, 1); __lethe.stage.seekTo(7); }")
    look = "[__lethe.stage.map.view.yaw, __lethe.stage.map.view.pitch]"
    before = page.evaluate(look)
    page.reload()
    ready(page)
    assert page.evaluate("[__lethe.frame, __lethe.stage.map.view.kind]") == [7, "solid"]
    assert page.evaluate(look) == before
    expect(page.locator(".views input[value=solid]")).to_be_checked()
    handle = page.evaluate("[...__lethe.stage.map.views[1].handles.slice(4, 6)]")
    assert handle == [32768, 40000]


def test_the_picture_s_name_says_the_view(show):
    page = show()
    names = []
    for view in ("map", "answers", "solid"):
        choose(page, view)
        names.append(page.locator(".points").get_attribute("aria-label"))
    assert [name.split(",")[0] for name in names] == [
        f"{N} samples on a map",
        f"{N} samples between the classes",
        f"{N} samples in three dimensions",
    ]


@pytest.mark.parametrize("view", ["answers", "solid"])
def test_reduced_motion_draws_arrows_in_every_view(show, view):
    page = show(None, view, reduced_motion="reduce")
    seek(page, 0)
    before = picture(page, ".over")
    seek(page, 12)
    assert changed(before, picture(page, ".over")) > 200
