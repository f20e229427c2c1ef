"""One frame beside a UMAP of its own, and what the Stage says about how far it may be believed."""

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.stage import fixed_box, frames_blob, player_html, unpack
from tests.e2e import screen
from tests.e2e.conftest import changed, pixels, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect, painted, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES, EVERY = 300, 16, 4  # samples, frames, steps between two frames
ROOT = "document.getElementById('stage').shadowRoot"
FITTED = {"trustworthiness": 0.958, "fidelity": 0.801, "shift": 0.4}
DRAWN = {"trustworthiness": 0.951, "fidelity": 0.947, "jitter": 0.02, "noise_floor": 0.003}
ONE = {"opens": {"view": "map"}}  # one picture, whatever the room
PLAIN = ("xy", "pred", "label", "is_forget", "index", "atlas", "curves", "meta", "ghost")
SAYS_FITTING = "Fitting UMAP to this frame alone"


def run(**meta: Any) -> dict[str, Any]:
    made = made_up_run(N, FRAMES)
    given = {"box": fixed_box(made["xy"][0]), "quality": [DRAWN] * FRAMES, **ONE, **meta}
    return {**made, "meta": {**made["meta"], **given}}


def fit(step: int) -> np.ndarray:
    """Another layout (P, 2) of one frame: turned, and a little larger."""
    xy = made_up_run(N, FRAMES)["xy"][step // EVERY]
    turn = np.array([[0.8, -0.6], [0.6, 0.8]]) * 1.1
    return np.asarray(xy @ turn + 0.5, np.float32)


def blob(state: str | None = "none", step: int = 0, **facts: Any) -> bytes:
    """The run as the app sends it while the exact map of ``step`` is in ``state``."""
    made = run(run="checked")
    given = {"state": state, "step": step, "quality": FITTED, "seconds": 5.2, **facts}
    made["meta"]["exact"] = given if state else None
    return frames_blob(**made, exact=fit(step) if state == "done" else None)


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(data, renderer, **context options)``: a page of these bytes, paused at frame 0."""

    def open_page(data: bytes, renderer: str = "canvas", **options: Any) -> Any:
        page = new_page(**options)
        file = write(tmp_path, "run.html", player_html(data, "run"))
        page.goto(f"{file}?debug=1&renderer={renderer}")
        shown(page)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


@pytest.fixture
def live(show: Callable[..., Any]) -> Callable[..., Any]:
    """``live(**options)``: the same with the app behind it, whose requests are in ``told``."""

    def open_page(**options: Any) -> Any:
        page = show(frames_blob(**run()), **options)
        page.evaluate("window.told = []")
        give(page, blob())
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        page.evaluate("told.length = 0")
        ready(page)
        return page

    return open_page


def give(page: Any, data: bytes) -> None:
    page.evaluate(
        """data => __lethe.stage.update({ data: Uint8Array.from(atob(data), c => c.charCodeAt(0)),
              setStateValue: (k, v) => told.push([k, v]),
              setTriggerValue: (k, v) => told.push([k, v]) })""",
        base64.b64encode(data).decode(),
    )


def picture(page: Any, where: str = ".map:not(.twin) .points") -> np.ndarray:
    return screen.picture(page, where)


def compare(page: Any) -> Any:
    return page.locator("button.compare")


def opened(page: Any, frame: int = 5) -> Any:
    """Asks for the exact map of a frame and gets it."""
    seek(page, frame)
    compare(page).click()
    give(page, blob("done", EVERY * frame))
    page.locator(".twin").wait_for(state="visible")
    page.wait_for_function("__lethe.stage.compare.twin.card.sheet")
    painted(page)
    return page


def test_the_button_asks_for_the_frame_that_is_shown(live):
    page = live()
    page.evaluate(
        "() => { const s = __lethe.stage; s.clock.speed = 0.05; s.clock.play();"
        "s.clock.held = 0; s.request(); }"
    )
    page.wait_for_function("__lethe.moving && __lethe.frame > 0")
    compare(page).click()
    assert not page.evaluate("__lethe.moving")
    step = page.evaluate("__lethe.stage.run.steps[__lethe.frame]")
    assert page.evaluate("told.filter(([k]) => k === 'check')") == [["check", {"step": step}]]


def test_while_it_is_fitted_the_page_says_so_and_another_can_be_asked_for(live):
    page = live()
    seek(page, 5)
    compare(page).click()
    for data in (blob(), blob("fitting", 20)):
        give(page, data)
        expect(page.get_by_text(SAYS_FITTING)).to_be_visible()
        expect(compare(page)).to_be_hidden()
    expect(page.locator(".fitting .count")).to_have_text(re.compile(r"^[1-9]\d* s$"))
    page.evaluate("__lethe.stage.compare.since -= 20000")  # as long as a new engine takes
    expect(page.locator(".fitting")).to_contain_text("a new engine compiles it first…")
    seek(page, 7)
    expect(page.get_by_text("Fitting UMAP to step 20 alone")).to_be_visible()
    compare(page).click()
    assert page.evaluate("told.filter(([k]) => k === 'check').map(([, v]) => v.step)") == [20, 28]
    give(page, blob("done", 20))
    painted(page)
    expect(page.locator(".twin")).to_have_count(0)
    give(page, blob("done", 28))
    expect(page.get_by_text("Exact UMAP of step 28")).to_be_visible()
    expect(page.locator(".fitting")).to_be_hidden()


def test_a_fit_that_failed_says_why_and_can_be_tried_again(live):
    page = live()
    seek(page, 2)
    compare(page).click()
    give(page, blob("failed", 8, message="Step 8 has 3 samples; UMAP needs at least 4."))
    page.get_by_text("Step 8 has 3 samples; UMAP needs at least 4.").wait_for()  # the next frame
    compare(page).click()
    assert page.evaluate("told.filter(([k]) => k === 'check').length") == 2


def test_an_old_refusal_is_no_answer_to_a_new_click(live):
    page = live()
    seek(page, 2)
    compare(page).click()
    refused = {"message": "No worker was free."}
    give(page, blob("failed", 8, click=1, **refused))
    compare(page).click()
    give(page, blob("failed", 8, click=1, **refused))  # it was on its way
    assert page.evaluate("__lethe.stage.compare.asked") == 8
    give(page, blob("failed", 8, click=2, **refused))
    assert page.evaluate("__lethe.stage.compare.asked") is None
    compare(page).click()
    give(page, blob("done", 8))
    page.locator(".twin").wait_for(state="visible")


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_two_maps_of_one_size_with_their_numbers(live, renderer):
    page = live(renderer=renderer)
    page.locator(".quality summary").click()
    opened(page)
    left, right = (page.locator(s).bounding_box() for s in (".map:not(.twin)", ".twin"))
    assert (left["width"], left["height"]) == (right["width"], right["height"])
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    details = page.locator(".quality details")
    expect(details).not_to_have_attribute("open", re.compile(""))  # it would lie over it
    numbers = "Trustworthiness .958, fidelity .801. Fitted to this frame alone, in 5.2 s."
    said = [
        "Animated, step 20 Trustworthiness .951, fidelity .947",
        f"Exact UMAP of step 20 {numbers} Close",
    ]
    expect(page.locator(".caption")).to_have_text(said, use_inner_text=True)
    expect(page.get_by_text("what counts is who lies beside whom")).to_be_visible()
    ground = picture(page, ".twin .points")
    assert changed(ground, np.broadcast_to(ground[-3, -3], ground.shape)) > 3000
    assert page.evaluate("__lethe.errors") == []


def test_the_right_half_has_the_exact_places_and_the_same_colours(live):
    page = opened(live())
    header, sections = unpack(blob("done", 20))
    twin = page.evaluate(
        """(({ run, renderer }) => ({ xy: [...run.xy], order: [...run.order],
             colours: [...renderer.colours] }))(__lethe.stage.compare.twin)"""
    )
    assert np.array_equal(np.reshape(twin["xy"], (N, 2)), sections["exact"][twin["order"]])
    assert twin["colours"] == page.evaluate("[...__lethe.stage.map.renderer.colours]")
    x0, y0, x1, _ = header["exact"]["box"]
    units = page.evaluate(
        """[__lethe.stage.map, __lethe.stage.compare.twin].map(({ camera }) =>
             [...camera.toPixel(0, 0), camera.scale])"""
    )
    bx0, by0, bx1, _ = header["box"]
    a, b = (bx1 - bx0) / 65535 / units[0][2], (x1 - x0) / 65535 / units[1][2]
    assert a == pytest.approx(b)  # layout units a pixel: one scale for both halves
    assert bx0 - units[0][0] * a == pytest.approx(x0 - units[1][0] * b)  # and one place
    assert by0 + units[0][1] * a == pytest.approx(y0 + units[1][1] * b)


def free_slot(page: Any) -> int:
    """A forget sample that both halves draw below the controls and right of the legend."""
    return page.evaluate(
        """() => { const { map, compare, run } = __lethe.stage;
            for (let slot = run.kept; slot < run.n; slot++) {
              if ([map, compare.twin].every(m => {
                const [x, y] = m.camera.toPixel(...m.run.place(slot, m.t));
                return x > 0.35 * m.camera.width && y > 0.3 * m.camera.height; })) return slot;
            }
            return -1; }"""
    )


def spot(page: Any, half: str, slot: int) -> tuple[float, float]:
    """Where on the page a half draws a slot."""
    return page.evaluate(
        """([half, slot]) => { const s = __lethe.stage;
            const m = half === "twin" ? s.compare.twin : s.map;
            const box = m.root.getBoundingClientRect();
            const [x, y] = m.camera.toPixel(...m.run.place(slot, m.t));
            return [x + box.left, y + box.top]; }""",
        [half, slot],
    )


def rings(page: Any, slot: int) -> list[float]:
    """Distance of each half's ring (pixels in the accent over the map) to its place of a slot."""
    return page.evaluate(
        """slot => [__lethe.stage.map, __lethe.stage.compare.twin].map((m) => {
            const { canvas } = m.overlay, [r, g, b] = m.look.theme.accent;
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const near = (i) => [r, g, b, 255].every((v, c) => Math.abs(data[i + c] - v) < 3);
            let [x, y, k] = [0, 0, 0];
            for (let i = 0; i < data.length; i += 4) {
              if (near(i)) [x, y, k] = [x + (i / 4) % width, y + Math.floor(i / 4 / width), k + 1];
            }
            const [px, py] = m.camera.toPixel(...m.run.place(slot, m.t));
            const ratio = width / m.root.clientWidth;
            return k < 20 ? 1e9 : Math.hypot(x / k / ratio - px, y / k / ratio - py); })""",
        slot,
    )


@pytest.mark.parametrize("half", ["map", "twin"])
def test_a_sample_chosen_on_one_side_is_ringed_on_both(live, half):
    page = opened(live())
    x, y = spot(page, half, free_slot(page))
    page.mouse.move(x, y)
    page.wait_for_function("__lethe.stage.look.hover >= 0")
    slot = page.evaluate("__lethe.stage.look.hover")
    page.mouse.click(x, y)
    seek(page, 5)
    assert page.evaluate("__lethe.stage.look.pinned") == slot
    assert all(away < 1.5 for away in rings(page, slot))
    inside = page.evaluate(
        f"""() => [...{ROOT}.querySelectorAll('.card')].filter(card => !card.hidden)
          .map(card => card.parentElement.classList.contains('twin'))"""
    )
    assert inside == [half == "twin"]


def test_isolation_and_zoom_go_through_both(live):
    page = opened(live())
    before = picture(page, ".twin .points")
    page.get_by_role("button", name="three", exact=True).click()
    seek(page, 5)
    alone = picture(page, ".twin .points")
    assert changed(before, alone) > 300
    page.locator(".twin").hover()
    page.mouse.wheel(0, -400)
    page.wait_for_function("__lethe.stage.map.camera.zoom > 1.5")
    seek(page, 5)
    assert page.evaluate("__lethe.stage.compare.twin.camera.zoom") > 1.5
    assert changed(alone, picture(page, ".twin .points")) > 300


def test_escape_closes_and_the_map_is_as_it_was(live):
    page = live()
    page.evaluate("() => __lethe.stage.map.zoom(1.7)")
    seek(page, 5)
    before = picture(page)
    opened(page)
    expect(page.locator(".curves")).to_be_hidden()
    assert page.evaluate(f"{ROOT}.activeElement.textContent") == "Close"
    page.keyboard.press("Escape")
    expect(page.locator(".twin")).to_have_count(0)
    expect(page.locator(".lookfor")).to_be_hidden()
    seek(page, 5)
    page.mouse.move(0, 0)
    assert changed(before, picture(page)) == 0
    expect(compare(page)).to_be_visible()
    expect(page.locator(".curves")).to_be_visible()
    assert page.evaluate("__lethe.errors") == []


def test_the_right_half_stays_when_time_goes_on_and_says_which_step_it_shows(live):
    page = opened(live())
    right = picture(page, ".twin .points")
    seek(page, 12)
    assert changed(right, picture(page, ".twin .points")) == 0
    expect(page.get_by_text("Animated, step 48")).to_be_visible()
    expect(page.get_by_text("Exact UMAP of step 20")).to_be_visible()
    expect(page.locator(".caption p").last).to_have_class(re.compile("elsewhere"))
    expect(compare(page)).to_have_text("Compare this frame too")
    compare(page).click()
    give(page, blob("done", 48))
    expect(page.get_by_text("Exact UMAP of step 48")).to_be_visible()
    expect(page.locator(".twin")).to_have_count(1)
    expect(compare(page)).to_be_hidden()


def test_many_comparisons_leave_no_canvas_and_no_context_behind(live):
    page = live(renderer="webgl")
    count = f"{ROOT}.querySelectorAll('canvas').length"
    before = page.evaluate(count)
    page.evaluate("window.contexts = []")
    for frame in range(1, 13):
        opened(page, frame)
        page.evaluate("() => { contexts.push(__lethe.stage.compare.twin.renderer.gl); }")
        page.get_by_role("button", name="Close").click()
    assert page.evaluate(count) == before
    assert page.evaluate("contexts.map(gl => gl.isContextLost())") == [True] * 12
    assert page.evaluate("__lethe.stage.map.renderer.gl.isContextLost()") is False
    opened(page, 3)
    lost = (
        "() => { const s = __lethe.stage, { gl } = s.compare.twin.renderer; s.root.remove();"
        "s.destroy(); return gl.isContextLost(); }"
    )
    assert page.evaluate(lost)


def test_nothing_is_offered_where_nothing_can_be_made(show):
    for data in (blob(None), blob("none"), blob("fitting", 8)):
        page = show(data)
        seek(page, 0)  # what the header says of an exact map is drawn with the next frame
        expect(compare(page)).to_be_hidden()


def test_a_page_with_an_exact_map_in_it_opens_that_one(show):
    page = show(blob("done", 24))
    compare(page).click()
    expect(page.get_by_text("Exact UMAP of step 24")).to_be_visible()
    assert page.evaluate("__lethe.frame") == 6
    seek(page, 9)
    expect(compare(page)).to_be_hidden()


# --- how far the picture may be believed


def test_poor_frames_are_marked_on_the_scrubber_and_nowhere_else(show):
    quality = [dict(DRAWN) for _ in range(FRAMES)]
    for i in (4, 5, 6):
        quality[i]["fidelity"] = 0.74 - 0.01 * i
    quality[11]["fidelity"] = 0.62
    quality[13] = None
    page = show(frames_blob(**run(quality=quality)))
    marks = page.locator(".stretch")
    titles = [marks.nth(k).get_attribute("title") for k in range(marks.count())]
    less = "the map is less faithful, down to {} of 100 forget samples."
    assert titles == [f"Steps 16 to 24: {less.format(68)}", f"Step 44: {less.format(62)}"]
    track = page.locator(".poor").bounding_box()
    for k, (first, last) in enumerate([(4, 6), (11, 11)]):
        box = marks.nth(k).bounding_box()
        assert box["height"] >= 5
        left = track["x"] + track["width"] * first / (FRAMES - 1)
        right = max(left + 6, track["x"] + track["width"] * last / (FRAMES - 1))
        assert box["x"] == pytest.approx(left, abs=1.5)
        assert box["x"] + box["width"] == pytest.approx(right, abs=1.5)
    expect(page.locator(".scrub")).to_have_attribute("aria-description", " ".join(titles))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mark_is_seen(show, scheme):
    quality = [{**DRAWN, "fidelity": 0.7 if 4 <= i <= 8 else 0.95} for i in range(FRAMES)]
    page = show(frames_blob(**run(quality=quality)), color_scheme=scheme)
    seek(page, 0)
    box = page.locator(".stretch").bounding_box()
    shot = pixels(page.screenshot(clip=box)).astype(float).mean(2)
    assert abs(shot.max() - shot.min()) > 120
    plain = {**box, "x": box["x"] + box["width"] + 40}
    assert np.ptp(pixels(page.screenshot(clip=plain)).astype(float).mean(2)) < 40


def test_a_run_without_poor_frames_has_no_marks(show):
    page = show(frames_blob(**run()))
    expect(page.locator(".stretch")).to_have_count(0)
    expect(page.locator(".scrub")).not_to_have_attribute("aria-description", re.compile(""))


def test_trails_start_above_the_floor_of_their_own_frame(show):
    made = run(scale=2.0)
    xy = np.repeat(made["xy"][:1], FRAMES, 0)
    forget = np.flatnonzero(made["is_forget"])
    xy[:, forget, 0] += 0.1 * np.arange(FRAMES)[:, None]  # every frame moves each by .1
    quality = [{**DRAWN, "noise_floor": 0.08 if i in (5, 6, 12) else 0.02} for i in range(FRAMES)]
    quality[9] = {}  # unknown: no floor
    made["xy"], made["meta"]["quality"] = xy.astype(np.float32), quality
    page = show(frames_blob(**made))
    times = page.evaluate("[...__lethe.stage.map.trails.times]")
    expected = [i for i in range(FRAMES - 1) if i + 1 not in (5, 6, 12)]
    assert sorted(set(times)) == expected and len(times) == len(expected) * len(forget)
    floors = page.evaluate("[0, 4, 5, 15].map(t => __lethe.stage.run.floorTo(t))")
    assert floors == pytest.approx([0.04, 0.04, 0.16, 0.16])
    grey = page.evaluate("__lethe.stage.look.theme.grey")
    page.locator("input[value=moved]").check(force=True)
    forget_colour = "[...__lethe.stage.map.renderer.colours.slice(-8, -5)]"
    for frame, moved in ((1, True), (4, True), (5, True), (0, False)):
        seek(page, frame)
        assert (page.evaluate(forget_colour) != grey) == moved


def test_what_was_not_computed_is_no_number(show):
    partly = {"fidelity": 0.93, "trustworthiness": None, "jitter": float("nan")}
    page = show(frames_blob(**run(quality=[{}, partly, None] + [DRAWN] * (FRAMES - 3))))
    says, details = page.locator(".says"), page.locator(".quality details")
    for frame in (0, 2):
        seek(page, frame)
        expect(says).to_have_text("Map quality not computed.")
        expect(details).to_be_hidden()
    seek(page, 1)
    expect(says).to_have_text(re.compile("^Map faithful: 93 of 100 forget samples"))
    page.locator(".quality summary").click()
    terms = [f"{name} not computed" for name in ("Trustworthiness", "Jitter", "Noise floor")]
    expect(details.locator("dt")).to_have_text(terms)


def test_the_outlines_have_a_number_of_their_own(show):
    page = show(frames_blob(**run(ghost={"fidelity": 0.871})))
    page.locator(".quality summary").click()
    expect(page.get_by_text("Retrained, fidelity .871")).to_be_visible()
    expect(page.get_by_text("Noise floor .0030")).to_be_visible()


def test_each_view_says_what_it_is_worth(show):
    solid = [{"trustworthiness": 0.91, "fidelity": 0.72}, *[DRAWN] * (FRAMES - 2)]
    steps = [EVERY * i for i in range(FRAMES)]
    facts = {"state": "done", "done": FRAMES, "total": FRAMES, "steps": steps, "ghost": 0.66}
    data = run(run="checked", solid={**facts, "quality": [*solid, {}]}, ghost={"fidelity": 0.9})
    data["meta"]["exact"] = {"state": "done", "step": 24, "quality": FITTED, "seconds": 5.2}
    page = show(frames_blob(**data, exact=fit(24)))
    says = page.locator(".says")
    page.locator(".views input[value=solid]").check(force=True)
    seek(page, 0)
    said = "3-D map less faithful here: only 72 of 100 forget samples"
    expect(says).to_have_text(re.compile(f"^{said}"))
    expect(compare(page)).to_be_hidden()
    page.locator(".quality summary").click()
    terms = [
        "Trustworthiness .910",
        "Jitter not computed",
        "Noise floor not computed",
        "Retrained, fidelity .660",
    ]
    expect(page.locator(".quality dt")).to_have_text(terms)
    seek(page, FRAMES - 1)
    expect(says).to_have_text("3-D map quality not computed.")
    page.locator(".views input[value=answers]").check(force=True)
    seek(page, 1)
    exact = "Exact: each sample lies between the classes in proportion to the model's answers."
    expect(says).to_have_text(exact)
    expect(page.locator(".quality details")).to_be_hidden()
    expect(compare(page)).to_be_hidden()
    page.locator(".views input[value=map]").check(force=True)
    seek(page, 1)
    expect(says).to_have_text(re.compile("^Map faithful: 95 of 100"))
    compare(page).click()
    expect(page.locator(".twin")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator(".twin")).to_have_count(0)
    assert page.evaluate("__lethe.errors") == []


def test_the_outlines_of_the_retrained_model_come_back(live):
    page = live()
    page.locator(".ghost-toggle").click()
    seek(page, 5)
    before = picture(page)
    opened(page)
    ghost = "__lethe.stage.look.ghost"
    assert page.evaluate(ghost) is False
    expect(page.locator(".ghost-toggle")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    page.mouse.move(0, 0)
    seek(page, 5)
    assert page.evaluate(ghost) is True
    assert changed(before, picture(page)) == 0


def test_a_run_that_was_rewound_behind_the_frame_closes_the_comparison(live):
    page = live()
    give(page, blob("done", 48))
    opened(page, 12)
    page.locator("input[name=colour]:checked").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".twin")).to_have_count(0)
    compare(page).click()  # it is there already
    expect(page.get_by_text("Exact UMAP of step 48")).to_be_visible()
    made = run(run="checked", exact={"state": "none"})
    made["xy"], made["pred"] = made["xy"][:8], made["pred"][:8]
    for name in ("steps", "quality"):
        made["meta"][name] = made["meta"][name][:8]
    give(page, frames_blob(**{k: v for k, v in made.items() if k in PLAIN}))
    expect(page.locator(".twin")).to_have_count(0)
    assert page.evaluate("[__lethe.frames, __lethe.errors.length]") == [8, 0]
    give(page, blob())  # it went on as another life: what was fitted to the old one is void
    page.evaluate("told.length = 0")
    seek(page, 12)
    compare(page).click()
    assert page.evaluate("told") == [["check", {"step": 48}]]


@pytest.mark.parametrize("width", [1024, 430])
def test_narrow_pages_hold_both_halves(live, width):
    page = opened(live(viewport={"width": width, "height": 800}))
    boxes = [page.locator(s).bounding_box() for s in (".map:not(.twin)", ".twin")]
    assert boxes[0]["width"] == boxes[1]["width"] and boxes[0]["height"] == boxes[1]["height"]
    stacked = boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    assert stacked == (width == 430)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
