"""The Stage in a real browser: what is drawn, what keys and the hand do, how it grows."""

import base64
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cu_core.stage import fixed_box, frames_blob, player_html, unpack
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect, painted, picture, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
RENDERERS = ["webgl", "canvas"]
MOVED = """window.moved = false; (function look() {
    moved ||= Boolean(window.__lethe?.moving); requestAnimationFrame(look); })();"""
ROOT = "document.getElementById('stage').shadowRoot"


def run(**meta: Any) -> dict[str, Any]:
    made = made_up_run(N, FRAMES)
    given = {"box": fixed_box(made["xy"][0]), "opens": {"view": "map"}, **meta}
    return {**made, "meta": {**made["meta"], **given}}


def part(first: int, end: int, ghost: bool = True, **meta: Any) -> str:
    """Frames [first, end) as base64, as a live page would get them."""
    made = run(total=end, **meta)
    keep = {k: made["meta"][k][first:end] for k in ("steps", "quality")}
    made.update({name: made[name][first:end] for name in ("xy", "pred", "share")})
    made["ghost"] = made["ghost"] if ghost else None
    blob = frames_blob(**{**made, "meta": {**made["meta"], **keep}}, start=first)
    return base64.b64encode(blob).decode()


def thinned(total: int, every: int, first: int = 0, **meta: Any) -> str:
    """Of ``total`` frames every so many and the newest, from place ``first`` on, as base64."""
    pick = sorted({*range(0, total, every), total - 1})
    facts = {"live": True, "run": "long", "every": every, "on_record": total, "total": len(pick)}
    made = run(**{**facts, "total_steps": 60, **meta})
    keep = {k: [made["meta"][k][i] for i in pick[first:]] for k in ("steps", "quality")}
    made.update({name: made[name][pick[first:]] for name in ("xy", "pred", "share")})
    blob = frames_blob(**{**made, "meta": {**made["meta"], **keep}}, start=first)
    return base64.b64encode(blob).decode()


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(renderer, meta, **context options)``: the exported page of a made-up run, paused."""

    def open_page(
        renderer: str = "", meta: dict[str, Any] | None = None, play: bool = False, **options: Any
    ) -> Any:
        page = new_page(**options)
        page.add_init_script(MOVED)
        file = write(tmp_path, "run.html", player_html(frames_blob(**run(**(meta or {}))), "run"))
        page.goto(f"{file}?debug=1&renderer={renderer}")
        shown(page)
        if not play:
            page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


def give(page: Any, data: str) -> Any:
    """New bytes for the mounted Stage; returns what it asked for or reported meanwhile."""
    return page.evaluate(
        """data => { const told = [];
            __lethe.stage.update({ data: Uint8Array.from(atob(data), c => c.charCodeAt(0)),
              setStateValue: (k, v) => told.push([k, v]),
              setTriggerValue: (k, v) => told.push([k, v]) });
            return told; }""",
        data,
    )


@pytest.mark.parametrize("renderer", RENDERERS)
def test_points_move_and_frames_between_are_drawn(show, renderer):
    page = show(renderer, {"scale": 1e9})  # no trails: what changes is where the points are
    assert page.evaluate("__lethe.mode") == renderer
    shots = []
    for t in (0, 7, 7.35, 7.7, 8, FRAMES - 1):
        seek(page, t)
        shots.append(picture(page))
    assert changed(shots[0], shots[-1]) > 1000
    for a, b in pairwise(shots):
        assert changed(a, b) > 60
    seek(page, 0)
    assert changed(picture(page), shots[0]) == 0
    assert page.evaluate("__lethe.errors") == []


def test_both_renderers_draw_the_same_picture(show):
    shots = []
    for renderer in RENDERERS:
        page = show(renderer)
        seek(page, 8.5)
        shots.append(picture(page, ".points"))
    marks = changed(shots[0], np.broadcast_to(shots[0][-3, -3], shots[0].shape))
    assert changed(*shots) < 0.25 * marks
    assert np.abs(shots[0] - shots[1]).mean() < 1.5


@pytest.mark.parametrize("args", [["--disable-gpu", "--disable-software-rasterizer"], None])
def test_without_webgl_the_canvas_draws(launch, new_page, tmp_path, args):
    other = launch(["--no-sandbox", "--disable-dev-shm-usage", *args]) if args else None
    page = new_page(other)
    if not args:
        page.add_init_script(
            """const get = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
              return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest); };"""
        )
    file = write(tmp_path, "run.html", player_html(frames_blob(**run()), "run"))
    page.goto(f"{file}?debug=1&renderer=webgl")
    ready(page)
    assert page.evaluate("__lethe.mode") == "canvas"
    seek(page, 0)
    first = picture(page)
    seek(page, FRAMES - 1)
    assert changed(first, picture(page)) > 1000


def test_it_plays_by_itself_to_the_end_and_then_rests(show):
    page = show(play=True)
    page.wait_for_function("moved")
    page.wait_for_function(f"__lethe.frame === {FRAMES - 1} && !__lethe.moving")
    page.wait_for_function("!__lethe.stage.pace.pending")  # it came to rest on a whole frame
    drawn = """() => new Promise(done => { const s = __lethe.stage; let n = 0; const draw = s.draw;
        s.draw = () => { n++; draw.call(s); }; setTimeout(() => done(n), 500); })"""
    assert page.evaluate(drawn) == 0
    page.get_by_role("button", name="Play").click()
    assert page.evaluate("__lethe.frame") < FRAMES - 1


def test_keys_step_jump_and_play_and_go_no_further(show):
    page = show()
    page.evaluate(
        """() => { window.leaked = [];
            document.addEventListener('keydown', e => leaked.push(e.key)); }"""
    )
    page.locator(".map").focus()
    frames = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "c"):
        page.keyboard.press(key)
        frames.append(page.evaluate("__lethe.frame"))
    assert frames == [0, 1, 2, 1, FRAMES - 1, FRAMES - 1]
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert page.evaluate("__lethe.moving")
    page.keyboard.press("Space")
    assert not page.evaluate("__lethe.moving")
    assert page.evaluate("leaked") == []


def test_keys_work_before_anything_has_the_focus(show):
    page = show()
    page.keyboard.press("End")
    assert page.evaluate("__lethe.frame") == FRAMES - 1


def test_arrows_on_the_speed_change_the_speed_alone(show):
    page = show()
    seek(page, 3)
    page.locator("input[name=speed][value='1']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[__lethe.stage.clock.speed, __lethe.frame]") == [2, 3]


def test_reduced_motion_starts_paused_and_steps_with_arrows(show):
    page = show(play=True, reduced_motion="reduce")
    assert page.evaluate("[moved, __lethe.moving, __lethe.frame]") == [False, False, 0]
    blank = "() => !__lethe.stage.map.overlay.drawn"
    seek(page, 0)
    seek(page, 12)
    assert not page.evaluate(blank)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    seen, seconds = page.evaluate(
        """() => new Promise(done => { const seen = new Set(), began = performance.now();
            (function look() { seen.add(__lethe.frame);
              const passed = (performance.now() - began) / 1000;
              if (passed > 1.5 && seen.size > 1) done([[...seen], passed]);
              else requestAnimationFrame(look); })(); })"""
    )
    assert all(t == int(t) for t in seen) and 2 <= len(seen) <= 3 * seconds + 3.5


def test_dragging_the_scrubber_reports_one_frame(show):
    page = show()
    page.evaluate(
        "() => { window.told = []; __lethe.stage.setStateValue = (k, v) => told.push([k, v]); }"
    )
    box = page.locator(".scrub").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 5, y)
    page.mouse.down()
    for share in (0.2, 0.5, 0.8):
        page.mouse.move(box["x"] + share * box["width"], y)
    assert page.evaluate("told") == []
    page.mouse.up()
    frame = round(0.8 * (FRAMES - 1))
    assert page.evaluate("told") == [["frame", frame]]
    assert page.evaluate("__lethe.frame") == frame
    page.locator(f".scrub[aria-valuetext='step {4 * frame} of 60']").wait_for()


def test_playing_never_reports(show):
    page = show()
    page.evaluate("() => __lethe.stage.seekTo(3)")  # one that is there already is not told again
    page.evaluate(
        "() => { window.told = []; __lethe.stage.setStateValue = (k, v) => told.push(v); }"
    )
    page.keyboard.press("Home")
    page.wait_for_function("told.length === 1")
    page.keyboard.press("Space")
    slower = "(__lethe.stage.clock.speed = 0.01)"  # nearly still, so that the end is far
    page.wait_for_function(f"__lethe.frame > 5 && {slower}")
    assert page.evaluate("told") == [0]
    page.keyboard.press("Space")
    assert page.evaluate("told.length") == 2


def test_reaching_the_end_does_not_draw_the_page_again(show):
    page = show()
    page.evaluate(
        "() => { window.told = []; __lethe.stage.setStateValue = (k, v) => told.push(v); }"
    )
    page.evaluate("() => { const s = __lethe.stage; s.clock.speed = 4; s.clock.seek(0); }")
    if not page.evaluate("__lethe.moving"):
        page.keyboard.press("Space")
    page.wait_for_function(f"__lethe.frame === {FRAMES - 1} && !__lethe.moving")
    assert page.evaluate("told") == []


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_resets(show):
    page = show()
    seek(page, 4)
    home = picture(page, ".points")
    box = page.locator(".map").bounding_box()
    x, y = box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"]
    under = f"""() => {{ const c = __lethe.stage.map.camera;
        return [c.x + ({x - box["x"]} - (c.width + c.inset) / 2) / c.scale, c.zoom]; }}"""
    before = page.evaluate(under)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function("__lethe.stage.map.camera.zoom > 1.5")
    half_a_pixel = 0.5 / page.evaluate("__lethe.stage.map.camera.scale")
    assert page.evaluate(under)[0] == pytest.approx(before[0], abs=half_a_pixel)
    page.mouse.dblclick(box["x"] + box["width"] - 20, box["y"] + box["height"] - 60)
    page.mouse.move(0, 0)
    page.wait_for_function("__lethe.stage.map.camera.zoom === 1")
    seek(page, 4)
    assert changed(home, picture(page, ".points")) == 0


def test_one_scale_for_both_axes(show):
    page = show()
    x, y = page.evaluate(
        """() => { const c = __lethe.stage.map.camera, [a, b] = c.toPixel(0, 0);
            const [p, q] = c.toPixel(1000, 1000); return [p - a, b - q]; }"""
    )
    assert x == pytest.approx(y)
    clip = page.evaluate(
        "(({clip, width, height}) => [clip[0] * width, clip[1] * height])(__lethe.stage.map.camera)"
    )
    assert clip[0] == pytest.approx(clip[1])


def test_trails_are_drawn_only_above_the_noise_floor(show):
    made = run()
    for floor in (0.02, 0.4, 1e9):
        quality = [{"noise_floor": floor}] * FRAMES
        page = show("webgl", {"quality": quality, "scale": 1.0})
        steps = np.diff(made["xy"][:, made["is_forget"]], axis=0)
        expected = int((np.hypot(steps[..., 0], steps[..., 1]) > floor).sum())
        count = page.evaluate("__lethe.stage.map.trails.count")
        assert abs(count - expected) <= 0.01 * expected  # positions are rounded to uint16
        seek(page, 9)
        if floor == 0.02:
            with_trails = picture(page, ".points")
    assert changed(with_trails, picture(page, ".points")) > 300


@pytest.mark.parametrize("renderer", RENDERERS)
def test_light_and_dark_have_enough_contrast(show, renderer):
    grounds = []
    for scheme in ("light", "dark"):
        page = show(renderer, color_scheme=scheme)
        seek(page, 3)
        grounds.append(picture(page, ".points")[-3, -3].mean())
        text, marks = page.evaluate(
            """() => { const { theme, palette, ramp } = __lethe.stage.look;
              const lum = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92
                : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
              const ratio = c => { const [p, q] = [lum(c), lum(theme.bg)].sort((a, b) => b - a);
                return (p + .05) / (q + .05); };
              return [Math.min(...[theme.ink, theme.soft, theme.accent].map(ratio)),
                Math.min(...palette.map(p => ratio(p.edge)), ...ramp.map(ratio),
                  ratio(theme.grey))]; }"""
        )
        assert text >= 4.5 and marks >= 3
    assert grounds[0] > 230 and grounds[1] < 40


def test_the_palette_stays_apart_for_many_classes(show):
    page = show(meta={"classes": [f"c{i}" for i in range(40)]})
    fills = np.array(page.evaluate("__lethe.stage.look.palette.map(p => p.fill)"), float)
    away = np.abs(fills[:, None] - fills[None]).sum(2) + 1e9 * np.eye(40)
    assert away[:20, :20].min() > 25 and away.min() > 8


def test_colours_follow_the_chosen_reading(show):
    page = show("canvas")
    seek(page, FRAMES - 1)
    shots = []
    for mode in ("true", "pred", "moved"):
        page.locator(f"input[value={mode}]").check(force=True)
        seek(page, FRAMES - 1)
        shots.append(picture(page, ".points"))
    assert changed(shots[0], shots[1]) > 200 and changed(shots[1], shots[2]) > 200
    grey = page.evaluate("__lethe.stage.look.theme.grey")
    keep = page.evaluate("[...__lethe.stage.map.renderer.colours.slice(0, 3)]")
    assert keep == grey
    expect(page.get_by_text("not moved")).to_be_visible()


def test_a_class_in_the_legend_isolates_and_the_zoom_stays(show):
    page = show("canvas")
    page.evaluate("() => __lethe.stage.map.zoom(2)")
    seek(page, 5)
    before = picture(page, ".points")
    item = page.get_by_role("button", name="three", exact=True)
    item.click()
    seek(page, 5)
    expect(item).to_have_attribute("aria-pressed", "true")
    assert changed(before, picture(page, ".points")) > 300
    assert page.evaluate("__lethe.stage.map.camera.zoom") == 2
    expect(page.get_by_role("button", name="five forget")).to_be_visible()


def test_the_ghost_is_seen_at_the_end_unless_somebody_says_otherwise(show):
    page = show("canvas")
    box = page.locator(".ghost-toggle")
    shots = {}
    for t in (2, FRAMES - 1):
        seek(page, t)
        expect(box.locator("input")).to_be_checked(checked=t > 2)
        shots[t] = picture(page, ".points")
    box.click()
    seek(page, FRAMES - 1)
    assert changed(shots[FRAMES - 1], picture(page, ".points")) > 100
    box.click()
    seek(page, 2)
    assert changed(shots[2], picture(page, ".points")) > 100  # from then on always


def test_the_card_shows_the_sample_and_never_runs_its_names(show):
    names = [f"<img src=x onerror=document.title='{i}'>" for i in range(10)]
    page = show(meta={"classes": names})
    title = page.title()
    seek(page, FRAMES - 1)
    spot = page.evaluate(
        """() => { const m = __lethe.stage.map, box = m.root.getBoundingClientRect();
            const [x, y] = m.camera.toPixel(...m.run.place(m.run.n - 1, m.t));
            return [x + box.left, y + box.top]; }"""
    )
    page.mouse.move(*spot)
    card = page.locator(".card")
    card.wait_for(state="visible")
    slot = page.evaluate("__lethe.stage.map.hover")
    made = run()
    order = [*np.flatnonzero(~made["is_forget"]), *np.flatnonzero(made["is_forget"])]
    sample = order[slot]
    expect(page.locator(".card-true")).to_have_text(names[made["label"][sample]])
    expect(page.locator(".card-pred")).to_contain_text(names[made["pred"][-1, sample]])
    expect(page.locator(".card-part")).to_have_text("Forget sample")
    expect(page.locator(".card-index")).to_have_text(f"index {made['index'][sample]}")
    seen = page.evaluate(
        f"""() => {{ const c = {ROOT}.querySelector('.card canvas');
          return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }}"""
    )
    assert max(seen[0::4]) > 150 and min(seen[0::4]) == 0
    assert page.title() == title


def test_the_keyboard_walks_through_forget_samples(show):
    page = show()
    page.locator(".map").focus()
    page.keyboard.press("n")
    page.locator(".card").wait_for(state="visible")
    expect(page.locator(".card-part")).to_have_text("Forget sample")
    page.keyboard.press("Escape")
    page.locator(".card").wait_for(state="hidden")


def test_new_frames_are_followed_unless_one_looks_back(show):
    page = show()
    live = {"live": True, "run": "live", "total_steps": 60}
    assert give(page, part(0, 4, **live)) == []
    assert page.evaluate("[__lethe.frames, __lethe.frame]") == [4, 3]
    assert give(page, part(2, 7, **live)) == []
    page.wait_for_function("__lethe.frame === 6")
    page.evaluate("() => __lethe.stage.map.zoom(3)")
    page.evaluate("() => __lethe.stage.seekTo(2)")
    assert give(page, part(5, 10, **live)) == []
    assert page.evaluate("[__lethe.frames, __lethe.frame, __lethe.moving]") == [10, 2, False]
    assert page.evaluate("__lethe.stage.map.camera.zoom") == 3
    page.get_by_role("button", name="Live").click()
    assert page.evaluate("__lethe.frame") == 9
    give(page, part(8, 12, **live))
    page.wait_for_function("__lethe.frame === 11")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_frames_that_arrived_in_parts_draw_the_same(show, renderer):
    page = show(renderer)
    seek(page, 10.5)
    whole = picture(page, ".points")
    home = page.evaluate("__lethe.stage.map.camera.bounds")
    give(page, part(0, 5, run="parts"))
    give(page, part(3, 9, run="parts"))
    give(page, part(7, FRAMES, run="parts"))
    ready(page)
    page.evaluate("b => { const c = __lethe.stage.map.camera; c.home(b); c.reset(); }", home)
    page.evaluate("() => __lethe.stage.pause()")
    seek(page, 10.5)
    assert changed(whole, picture(page, ".points")) == 0


def test_a_gap_is_asked_for_and_another_run_too(show):
    page = show()
    live = {"live": True, "run": "live", "total_steps": 60}
    give(page, part(0, 4, **live))
    assert give(page, part(6, 8, **live)) == [["need", {"from": 4}]]
    assert page.evaluate("__lethe.frames") == 4
    assert give(page, part(4, 8, **live)) == []
    assert page.evaluate("__lethe.frames") == 8
    page.evaluate("() => __lethe.stage.seekTo(5)")
    some = thinned(8, 3, overview=True, run="live")  # a page drawn anew is sent a few first
    assert give(page, some) == [["need", {"from": 0}]]
    assert page.evaluate("[__lethe.frames, __lethe.frame]") == [8, 5]
    assert give(page, part(6, 9, live=True, run="another")) == [["need", {"from": 0}]]


def test_a_long_run_is_thinned_and_says_so(show):
    page = show()
    said = page.locator(".left-out")
    expect(said).to_be_hidden()
    stage = "({ clock, run }) => [run.frames, run.stepAt(clock.t)]"
    state = lambda: page.evaluate(f"() => ({stage})(__lethe.stage)")  # noqa: E731
    steps = run()["meta"]["steps"]
    assert give(page, part(0, 8, live=True, run="long", total_steps=60)) == []
    page.evaluate("() => __lethe.stage.seekTo(5)")
    assert give(page, thinned(9, 2)) == []  # all anew; frame 5 is gone: the one before it
    assert state() == [5, steps[4]]
    expect(said).to_have_text("Shows every 2nd of 9 pictures on record, and the newest.")
    assert give(page, thinned(10, 2, 3)) == []
    page.evaluate("() => { __lethe.stage.toEnd(); __lethe.stage.pause(); }")
    assert state() == [6, steps[9]]
    assert give(page, thinned(11, 2, 4)) == []  # the newest gives way; who stood there stays near
    assert state() == [6, steps[8]]
    page.evaluate("() => __lethe.stage.seekTo(3)")
    assert give(page, thinned(13, 4)) == [] and state() == [4, steps[4]]
    assert give(page, thinned(14, 4, 4)) == [["need", {"from": 4}]]  # frame 3 might be passing
    assert give(page, thinned(14, 2, 3)) == [["need", {"from": 0}]]  # of another k
    assert give(page, thinned(14, 4, 2)) == []
    page.get_by_role("button", name="Live").click()
    assert state() == [5, steps[13]]
    page.evaluate("() => __lethe.stage.compare.ask()")  # for a frame that stays
    assert page.evaluate("() => __lethe.stage.compare.asked") == steps[12]
    give(page, thinned(15, 8))
    assert page.evaluate("() => __lethe.stage.compare.asked") is None
    assert page.evaluate("__lethe.errors") == []


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_thinned_run_that_arrived_in_parts_draws_the_same(show, renderer):
    shots = []
    grown = [(8, 1), (9, 2), (10, 2, 3), (11, 2, 4), (13, 4), (15, 4, 2), (16, 4, 3)]
    for parts in ([(16, 4)], grown):
        page = show(renderer)
        for given in parts:
            assert give(page, thinned(*given)) == []
            seek(page, given[0])  # its newest frame, which may give way
        ready(page)
        page.evaluate(
            """() => { const { map: { camera } } = __lethe.stage;
                camera.home([0, 0, 65535, 65535]); camera.reset(); __lethe.stage.pause(); }"""
        )
        for t in (2.5, 4):
            seek(page, t)
            shots.append(picture(page, ".points"))
    assert changed(shots[0], shots[2]) == changed(shots[1], shots[3]) == 0
    assert changed(shots[0], shots[1]) > 60


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_ghost_that_comes_late_is_drawn(show, renderer):
    page = show(renderer)
    live = {"live": True, "run": "live", "total_steps": 60}
    give(page, part(0, 4, ghost=False, **live))
    ready(page)
    page.evaluate("() => __lethe.stage.pause()")
    expect(page.locator(".ghost-toggle")).to_be_hidden()
    seek(page, 2)
    before = picture(page, ".points")
    give(page, part(2, 4, **live))
    expect(page.locator(".ghost-toggle")).to_be_visible()
    seek(page, 2)
    assert changed(before, picture(page, ".points")) == 0  # the run has not ended
    page.locator(".ghost-toggle").click()
    seek(page, 2)
    assert changed(before, picture(page, ".points")) > 100


def test_before_the_first_frame_it_says_what_will_be_here(show):
    page = show()
    give(page, part(0, 0, live=True, run="live", total_steps=60))
    expect(page.get_by_text("The map and the curves appear here once")).to_be_visible()
    assert page.evaluate("__lethe.frames") == 0
    give(page, part(0, 2, live=True, run="live", total_steps=60))
    expect(page.locator(".notice")).to_be_hidden()
    assert page.evaluate("[__lethe.frames, __lethe.frame, __lethe.errors.length]") == [2, 1, 0]


def test_a_rewound_run_has_fewer_frames(show):
    page = show()
    live = {"live": True, "run": "live", "total_steps": 60}
    give(page, part(0, 10, **live))
    give(page, part(4, 6, **live))
    page.wait_for_function("!__lethe.moving")
    assert page.evaluate("[__lethe.frames, __lethe.frame]") == [6, 5]


def test_the_same_bytes_and_a_new_theme_keep_time_and_place(show):
    page = show()
    seek(page, 5)
    page.evaluate("() => __lethe.stage.map.zoom(2)")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("__lethe.stage.look.theme.dark")
    assert page.evaluate("[__lethe.frame, __lethe.stage.map.camera.zoom]") == [5, 2]
    page.set_viewport_size({"width": 900, "height": 800})
    page.wait_for_function("__lethe.stage.map.camera.width < 900")
    assert page.evaluate("[__lethe.frame, __lethe.stage.map.camera.zoom]") == [5, 2]


def test_a_reload_comes_back_to_the_frame(show):
    page = show()
    page.evaluate("() => __lethe.stage.seekTo(7)")
    page.reload()
    ready(page)
    assert page.evaluate("[__lethe.frame, __lethe.moving]") == [7, False]


def test_a_lost_webgl_context_comes_back(show):
    page = show("webgl")
    seek(page, 6)
    before = picture(page, ".points")
    page.evaluate(
        """() => { const { gl } = __lethe.stage.map.renderer;
            window.back = false; // after the Stage's own listener
            gl.canvas.addEventListener('webglcontextrestored', () => (window.back = true));
            window.ext = gl.getExtension('WEBGL_lose_context'); ext.loseContext(); }"""
    )
    page.wait_for_function("__lethe.stage.map.renderer.gl.isContextLost()")
    seek(page, 8)
    page.evaluate("() => ext.restoreContext()")
    page.wait_for_function("back && !__lethe.stage.map.renderer.gl.isContextLost()")
    seek(page, 6)
    assert changed(before, picture(page, ".points")) == 0


def test_it_cleans_up_when_it_is_taken_away(show):
    page = show("webgl", play=True)
    calls = page.evaluate(
        """() => { const s = __lethe.stage; s.root.remove(); s.destroy();
            return [s.map.renderer.gl.isContextLost(), s.clock.moving]; }"""
    )
    assert calls == [True, False]


def test_the_line_below_says_how_far_the_map_is_true(show):
    good = {"fidelity": 0.98, "trustworthiness": 0.97, "jitter": 0.012, "noise_floor": 0.002}
    quality = [good] * 10 + [{"fidelity": 0.73}] * 5
    page = show(meta={"quality": [*quality, None]})
    seek(page, 3)
    says = page.locator(".says")
    whole = "98 of 100 forget samples are drawn among the classes they lie among."
    expect(says).to_have_text(f"Map faithful: {whole}")
    page.locator(".quality summary").click()
    expect(page.get_by_text("Trustworthiness .970")).to_be_visible()
    seek(page, 12)
    expect(says).to_have_text(re.compile("^Map less faithful here: only 73 of 100"))
    expect(page.locator(".stretch")).to_have_attribute("title", re.compile("Steps 40 to 56"))
    seek(page, FRAMES - 1)
    expect(says).to_have_text("Map quality not computed.")


def test_events_are_marks_that_one_can_go_to(show):
    page = show(meta={"events": [{"step": 24, "kind": "pause", "text": "Paused by <b>hand</b>"}]})
    mark = page.locator(".mark")
    expect(mark).to_have_attribute("title", "Step 24: Paused by <b>hand</b>")
    mark.click()
    assert page.evaluate("__lethe.frame") == 6


def test_the_frame_is_told_when_paused(show):
    page = show()
    page.evaluate("() => __lethe.stage.seekTo(0)")
    told = page.locator(".told")
    expect(told).to_have_text(re.compile(r"^Step 0 of 60: forget accuracy \(train\) 100 %"))
    expect(told).to_have_attribute("aria-live", "polite")


def test_the_curves_follow_the_clock_and_seek(show):
    page = show()
    seek(page, 2)
    before = picture(page, ".curves")
    seek(page, 12)
    assert changed(before, picture(page, ".curves")) > 200
    plot = page.locator(".panel canvas").first
    box = plot.bounding_box()
    x0, x1 = page.evaluate("(p => [p.x0, p.x1])(__lethe.stage.curves.panels[0])")
    page.mouse.click(box["x"] + (x0 + x1) / 2, box["y"] + 30)
    assert page.evaluate("__lethe.frame") in (7, 8)
    probe = page.locator(".panel canvas").nth(1)
    expect(probe).to_have_attribute("aria-label", re.compile("retrained 61 %"))


def test_labels_at_line_ends_do_not_overlap(show):
    page = show()
    heights = page.evaluate(
        "__lethe.stage.curves.open.map(p => [...p.labelY].sort((a, b) => a - b))"
    )
    for panel in heights:
        assert all(b - a >= 18 for a, b in pairwise(panel))


def test_names_at_line_ends_are_whole_beside_the_widest_value(new_page, tmp_path):
    """Panels above each other share a column for values: "100 %" is wider than a loss of 0.05."""
    made = run()
    made["curves"][-1]["title"] = "cross-entropy, kept"  # the longest name stands by a loss
    for line in made["curves"]:
        line["values"] = [abs(value) for value in line["values"]]  # no minus widens a loss
    page = new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{write(tmp_path, 'run.html', player_html(frames_blob(**made), 'run'))}?debug=1")
    ready(page)
    cut = """() => __lethe.stage.curves.panels.flatMap(p => p.names.filter(
        name => p._fit(p.context, name, p.x1 + 22 + p.valueWidth) !== name))"""
    page.get_by_role("button", name="Loss terms").click()
    assert page.evaluate("__lethe.stage.curves.open.length") == 4
    assert page.evaluate(cut) == []


def test_the_exported_page_asks_for_nothing(new_page, tmp_path):
    page = new_page(offline=True, bypass_csp=False)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    blob = frames_blob(**run())
    page.goto(write(tmp_path, "run.html", player_html(blob, "run")))
    page.locator(".card").wait_for(state="attached")
    page.get_by_text("forget", exact=True).first.wait_for()
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []
    expect(page.get_by_role("heading", level=1)).to_have_text("run")
    page.keyboard.press("End")
    page.get_by_text(unpack(blob)[0]["verdict"], exact=True).wait_for()
    assert page.evaluate("typeof window.__lethe") == "undefined"


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
def test_the_picture_comes_first_and_play_is_on_the_same_screen(show, size):
    width, height = size
    page = show(viewport={"width": width, "height": height})
    box = page.locator(".map").bounding_box()
    assert box["height"] >= 0.5 * height
    play = page.get_by_role("button", name="Play").bounding_box()
    assert box["y"] + box["height"] <= play["y"]
    assert play["y"] + play["height"] <= height - 40
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_loss_is_folded_until_somebody_asks_for_it(show):
    page = show()
    fold = page.get_by_role("button", name="Loss terms")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".panel canvas:visible")).to_have_count(3)
    fold.click()
    expect(page.locator(".panel canvas:visible")).to_have_count(4)
    seek(page, 5)
    assert page.evaluate("__lethe.errors") == []


def test_a_group_of_ten_is_one_tab_stop(show):
    page = show()
    stops = page.evaluate(
        f"""() => [...{ROOT}.querySelectorAll('.class')].filter(b => b.tabIndex === 0).length"""
    )
    assert stops == 1
    page.get_by_role("button", name="zero", exact=True).focus()
    for key, name in (("ArrowRight", "one"), ("ArrowRight", "two"), ("ArrowLeft", "one")):
        page.keyboard.press(key)
        assert page.evaluate(f"{ROOT}.activeElement.textContent") == name
    page.keyboard.press("Enter")
    page.locator(".class[aria-pressed=true]", has_text="one").wait_for(state="attached")
    assert page.evaluate(f"{ROOT}.activeElement.textContent") == "one"
    assert page.evaluate("__lethe.frame") == 0  # arrows among the classes move no time


def test_a_pinned_card_can_be_moved_off_its_cluster(show):
    page = show()
    page.locator(".map").focus()
    page.keyboard.press("n")
    card = page.locator(".card")
    card.wait_for(state="visible")
    painted(page)
    before = card.bounding_box()
    page.mouse.move(before["x"] + 30, before["y"] + 30)
    page.mouse.down()
    page.mouse.move(before["x"] + 130, before["y"] + 60, steps=3)
    page.mouse.up()
    after = card.bounding_box()
    moved = (after["x"] - before["x"], after["y"] - before["y"])
    assert np.hypot(*moved) > 60
    seek(page, 0)
    assert card.bounding_box() == after  # and stays there


def test_the_card_calls_a_sample_as_its_owner_does(show):
    path = "<img src=x onerror=document.title=1>/british-shorthair/british_103.jpg"
    names = {"of": "x", "row": list(range(5, N + 5)), "file": [path] + [""] * (N - 1)}
    names["key"] = ["", "<b>k1</b>"] + [""] * (N - 2)
    page = show(meta={"names": names})
    title, said = page.title(), page.locator(".card-index")
    slots = page.evaluate("[0, 1, 2].map((i) => __lethe.stage.run.order.indexOf(i))")
    told = []
    for slot in slots:
        page.evaluate("s => { __lethe.stage.map.pinned = s; __lethe.stage.draw(); }", slot)
        page.locator(".card").wait_for(state="visible")
        painted(page)
        told.append(said.inner_text())
        assert fits(page)
    assert told == ["…/british_103.jpg", "<b>k1</b>", "row 7"]
    assert page.title() == title


def test_the_card_of_vectors_shows_their_text(new_page, tmp_path):
    long = "It was <b>not</b> a good film, " * 8
    names = {"of": "x", "row": None, "text": [long[:240]] * N}
    page = new_page(viewport={"width": 390, "height": 844})
    made = {**run(names=names), "atlas": None}
    page.goto(f"{write(tmp_path, 'run.html', player_html(frames_blob(**made), 'run'))}?debug=1")
    ready(page)
    page.evaluate("() => { const s = __lethe.stage; s.pause(); s.map.pinned = 3; s.draw(); }")
    text = page.locator(".card-text")
    expect(text).to_have_text(long[:240].strip())
    expect(text.locator("b")).to_have_count(0)
    expect(page.locator(".card canvas")).to_be_hidden()
    assert fits(page)


def fits(page: Any) -> bool:
    """Whether the card lies inside the map and nothing sticks out of it."""
    return page.evaluate(
        f"""() => {{ const card = {ROOT}.querySelector('.card'), map = card.parentElement;
          const [a, b] = [card.getBoundingClientRect(), map.getBoundingClientRect()];
          return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom
            && card.scrollWidth <= card.clientWidth; }}"""
    )
