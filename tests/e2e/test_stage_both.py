"""Two pictures at once in a real browser: what it sees and what it answers, on one clock."""

from collections.abc import Callable
from typing import Any

import pytest

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect, painted, picture, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
MAP, BESIDE = ".map:not(.beside)", ".beside"
KINDS = "[__lethe.stage.map.view.kind, __lethe.stage.beside.map?.view.kind ?? null]"


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(opens, renderer)``: the exported page of a run, paused at its first frame."""

    def open_page(
        opens: dict[str, Any] | None = None, renderer: str = "", page: Any = None, **options: Any
    ) -> Any:
        made = made_up_run(N, FRAMES)
        made["meta"] = {**made["meta"], **({"opens": opens} if opens else {})}
        page = page or new_page(**options)
        file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
        page.goto(f"{file}?debug=1&renderer={renderer}")
        shown(page)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


def shots(page: Any) -> list[Any]:
    return [picture(page, f"{half} .points") for half in (MAP, BESIDE)]


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_a_run_opens_with_both_and_both_move_on_one_clock(show, renderer):
    page = show(renderer=renderer)
    assert page.evaluate(KINDS) == ["map", "answers"]
    left, right = (page.locator(half).bounding_box() for half in (MAP, BESIDE))
    assert (left["width"], left["height"], left["y"]) == (
        right["width"],
        right["height"],
        right["y"],
    )
    expect(page.locator(".named")).to_have_text(["What it sees", "What it answers"])
    before = shots(page)
    seek(page, 8.5)
    assert all(changed(a, b) > 500 for a, b in zip(before, shots(page), strict=True))
    assert page.evaluate("[__lethe.stage.map.t, __lethe.stage.beside.map.t]") == [8.5, 8.5]
    assert page.evaluate("__lethe.errors") == []


@pytest.mark.parametrize("half", ["map", "beside.map"])
def test_a_sample_under_the_pointer_is_ringed_in_both(show, half):
    page = show()
    seek(page, 9)
    slot = N - 3
    x, y = page.evaluate(
        """([half, slot]) => { const s = __lethe.stage, m = half === "map" ? s.map : s.beside.map;
            const box = m.root.getBoundingClientRect();
            const p = m.camera.toPixel(...m.view.place(slot, 9));
            return [p[0] + box.left, p[1] + box.top]; }""",
        [half, slot],
    )
    page.mouse.move(x, y)
    page.wait_for_function("__lethe.stage.look.hover >= 0")
    painted(page)
    chosen = page.evaluate("__lethe.stage.look.hover")
    rings = page.evaluate(
        """slot => [__lethe.stage.map, __lethe.stage.beside.map].map((m) => {
            const { canvas } = m.overlay, [r, g, b] = m.look.theme.accent;
            const ratio = canvas.width / m.root.clientWidth;
            const [px, py] = m.camera.toPixel(...m.view.place(slot, 9)).map((v) => v * ratio);
            const side = Math.ceil(40 * ratio);
            const [x, y] = [px - side / 2, py - side / 2];
            const { data } = canvas.getContext("2d").getImageData(x, y, side, side);
            let seen = 0;
            for (let i = 0; i < data.length; i += 4) {
              seen += [r, g, b, 255].every((v, c) => Math.abs(data[i + c] - v) < 3);
            }
            return seen; })""",
        chosen,
    )
    assert min(rings) > 20
    expect(page.locator(".card:visible")).to_have_count(1)  # where the pointer is
    page.mouse.click(x, y)
    assert page.evaluate("__lethe.stage.look.pinned") == chosen


def test_isolation_goes_through_both(show):
    page = show("", "canvas")
    before = shots(page)
    page.get_by_role("button", name="three", exact=True).click()
    seek(page, 0)
    assert all(changed(a, b) > 200 for a, b in zip(before, shots(page), strict=True))


@pytest.mark.parametrize("width", [1024, 390])
def test_a_narrow_page_shows_one_of_them(show, width):
    page = show(viewport={"width": width, "height": 800})
    assert page.evaluate(KINDS) == ["map", None]
    expect(page.locator(".views label:visible").first).to_have_text("Map")
    expect(page.locator(".views input[value=map]")).to_be_checked()
    page.set_viewport_size({"width": 1300, "height": 800})
    page.wait_for_function("__lethe.stage.beside.map")  # it was chosen all the time
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function("!__lethe.stage.beside.map")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_choice_is_remembered_for_other_runs_and_can_be_taken_back(show):
    page = show()
    page.locator(".views label", has_text="Map and answers").wait_for()
    page.locator(".views label").filter(has_text="3-D").click()
    assert page.evaluate(KINDS) == ["solid", None]
    page.evaluate("sessionStorage.clear()")  # another tab
    page.evaluate("() => { __lethe.stage.keep = () => {}; }")
    show(page=page)
    assert page.evaluate(KINDS) == ["solid", None]
    page.locator(".views label", has_text="Map and answers").click()
    assert page.evaluate(KINDS) == ["map", "answers"]
    page.evaluate("() => { sessionStorage.clear(); __lethe.stage.keep = () => {}; }")
    show(page=page)
    assert page.evaluate(KINDS) == ["map", "answers"]


def test_a_recording_opens_on_the_map_alone_unless_somebody_chose_otherwise(new_page, tmp_path):
    made = made_up_run(N, FRAMES)
    made["meta"] = {**made["meta"], "recorded": "today"}
    page = new_page()
    file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
    for kinds in (["map", None], ["map", "answers"]):
        page.goto(f"{file}?debug=1")
        shown(page)
        assert page.evaluate(KINDS) == kinds and page.evaluate("__lethe.moving")
        page.evaluate("() => __lethe.stage.chooser.choose('both')")
        page.evaluate("() => { sessionStorage.clear(); __lethe.stage.keep = () => {}; }")


def test_a_page_opens_as_the_screen_was(show):
    page = show()
    page.evaluate(
        "() => { window.told = []; __lethe.stage.setStateValue = (k, v) => told.push([k, v]); }"
    )
    page.locator(".views label").filter(has_text="3-D").click()
    page.locator("input[value=moved]").check(force=True)
    page.locator(".ghost-toggle").click()
    page.wait_for_function("told.at(-1)?.[1].ghost")  # a slow hand is heard more than once
    [name, screen] = page.evaluate("told.at(-1)")
    assert name == "screen"
    shown = {"view": "solid", "colour": "moved", "ghost": True, "only": [], "pin": []}
    assert screen == shown
    again = show({**screen, "frame": 6}, viewport={"width": 1300, "height": 800})
    assert again.evaluate(KINDS) == ["solid", None]
    assert again.evaluate("__lethe.stage.visit.screen") == screen
    expect(again.get_by_label("Moved")).to_be_checked()


def test_a_page_made_of_a_paused_screen_opens_at_that_frame(new_page, tmp_path):
    made = made_up_run(N, FRAMES)
    made["meta"] = {**made["meta"], "opens": {"view": "map", "frame": 6}}
    page = new_page()
    file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
    page.goto(f"{file}?debug=1")
    shown(page)
    assert page.evaluate("[__lethe.frame, __lethe.moving]") == [6, False]


def test_a_handle_that_was_moved_stays_so_in_one_picture_and_in_two(show):
    page = show()
    page.evaluate("() => { __lethe.stage.beside.map.view.move(2, 32768, 40000); }")
    handle = "[...__lethe.stage.chooser.views.at(-1).handles.slice(4, 6)]"
    for kind in ("answers", "both"):
        page.evaluate("kind => __lethe.stage.chooser.choose(kind)", kind)
        assert page.evaluate(handle) == [32768, 40000]


def test_nothing_is_left_behind_when_the_second_picture_goes(show):
    page = show(renderer="webgl")
    page.evaluate("() => { window.gl = __lethe.stage.beside.map.renderer.gl; }")
    page.evaluate("() => __lethe.stage.chooser.choose('map')")
    expect(page.locator(".map")).to_have_count(1)
    expect(page.locator(".named")).to_be_hidden()
    assert page.evaluate("gl.isContextLost()")
    assert page.evaluate("__lethe.errors") == []


def test_an_exact_map_takes_the_place_of_the_answers_and_gives_it_back(show):
    page = show()
    page.evaluate(
        """() => { const { compare, run } = __lethe.stage;
            compare.found = { exact: { step: 0, box: run.box, quality: {} },
              places: new Uint16Array(2 * run.n) };
            compare.open(); }"""
    )
    assert page.evaluate(KINDS) == ["map", None]
    expect(page.locator(".twin")).to_have_count(1)
    page.keyboard.press("Escape")
    page.evaluate("() => __lethe.stage.compare.close()")
    assert page.evaluate(KINDS) == ["map", "answers"]
    expect(page.locator(".twin")).to_have_count(0)


def test_a_slow_machine_draws_the_second_picture_half_as_often_and_whole_at_rest(show):
    page = show()
    drawn = page.evaluate(
        """() => { const s = __lethe.stage, n = [0, 0];
            [s.map, s.beside.map].forEach((m, k) => { const draw = m.draw;
              m.draw = (...given) => { n[k]++; draw.apply(m, given); }; });
            const go = (moving) => { for (let k = 0; k < 20; k++) {
              s.beside.pace = 40; s.map.draw(3, false); s.beside.draw(3, false, moving); }
              return n.splice(0, 2, 0, 0); };
            return [go(true), go(false)]; }"""
    )
    assert drawn == [[20, 10], [20, 20]]
