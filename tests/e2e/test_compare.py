"""Several runs on one clock, in a real browser: one time, one hand, one choice for all maps."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.comparison.together import Told, together
from cu_core.stage import frames_blob, source
from cu_core.stage.player import together_html
from tests.e2e.conftest import changed, pixels, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect
from tests.e2e.serving import App
from tests.pages.fabricate import CATALOG, finished

pytestmark = pytest.mark.e2e

N, FRAMES = 240, 13
READY = "window.__together && window.__together.ready"
PIXEL = """([k, index]) => { const pane = __together.together.panes[k];
    const box = pane.map.root.getBoundingClientRect(), slot = pane.samples.slotOf(index);
    const [x, y] = pane.map.camera.toPixel(...pane.run.place(slot, pane.t));
    return [box.left + x, box.top + y]; }"""


def runs() -> list[bytes]:
    """One made-up run, and the same with half the frames and its samples in another order."""
    made = made_up_run(N, FRAMES)
    order, half = np.random.default_rng(7).permutation(N), slice(0, None, 2)
    other = {name: made[name][order] for name in ("label", "is_forget", "index")}
    frames = {name: made[name][half][:, order] for name in ("xy", "pred")}
    steps = made["meta"]["steps"][half]
    meta = {**made["meta"], "run": "other", "steps": steps, "box": None, "quality": ()}
    plain = {"solid": None, "exact": None}
    first = {k: made[k] for k in ("xy", "pred", "label", "is_forget", "index", "curves")}
    return [
        frames_blob(**first, atlas=None, meta={**made["meta"], **plain}),
        frames_blob(**frames, **other, atlas=None, curves=made["curves"], meta={**meta, **plain}),
    ]


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(screen, **context options)``: two runs side by side without the app, paused."""

    def open_page(screen: dict[str, Any] | None = None, **options: Any) -> Any:
        told = [Told("A", "temperature 0.1"), Told("B", "temperature 0.5")]
        data = base64.b64encode(together(runs(), told, {"at": 0, **(screen or {})})).decode()
        script = source.script(entry="together").replace("export default mount;", "")
        text = f"""<!doctype html><meta charset="utf-8"><style>{source.style()}</style>
            <div id="here">{source.markup("together")}</div><script type="module">{script}
            window.told = [];
            const data = Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0));
            const parentElement = document.getElementById("here");
            const setStateValue = (name, value) => window.told.push([name, value]);
            mount({{ parentElement, data, setStateValue }});</script>"""
        page = new_page(**options)
        page.goto(f"{write(tmp_path, 'two.html', text)}?debug=1&renderer=canvas")
        page.wait_for_function(READY)
        return page

    return open_page


def ids(count: int = 3) -> list[int]:
    """Indices in the data of some forget samples, which lie in both runs."""
    made = made_up_run(N, FRAMES)
    return [int(v) for v in made["index"][made["is_forget"]][:count]]


def test_the_slider_takes_both_maps_to_the_same_share(show: Callable[..., Any]) -> None:
    page = show()
    box = page.locator(".scrub").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("__together.times.join() === '6,3'")
    page.get_by_role("radio", name="Steps").check()
    page.wait_for_function("__together.steps[0] === __together.steps[1]")
    page.locator(".map").first.press("Home")
    page.wait_for_function("__together.times.join() === '0,0'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("__together.times[0] === 1 && __together.times[1] === 0.5")


def test_a_sample_under_the_hand_is_marked_in_both_and_tied(show: Callable[..., Any]) -> None:
    page = show()
    index = ids(1)[0]
    before = pixels(page.locator(".panes").screenshot())
    page.mouse.move(*page.evaluate(PIXEL, [1, index]))
    page.wait_for_function("__together.marked.every((held) => held.length === 1)")
    found = page.evaluate("__together.marked")
    assert found[0] == found[1]  # whichever of two that lie close
    page.wait_for_function("__together.together.threads.drawn")
    after = pixels(page.locator(".panes").screenshot())
    middle = before.shape[1] // 2
    gap = slice(middle - 4, middle + 4)  # between the two maps there is the thread alone
    assert changed(before[:, gap], after[:, gap]) > 4
    page.mouse.move(2, 2)
    page.wait_for_function("__together.marked.every((held) => held.length === 0)")


def test_a_line_around_samples_in_one_map_chooses_them_in_both(show: Callable[..., Any]) -> None:
    page = show()
    page.get_by_role("button", name="Choose", exact=True).click()
    x, y = page.evaluate(PIXEL, [1, ids(1)[0]])
    corners = [(-40, -40), (40, -40), (40, 40), (-40, 40)]
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    for dx, dy in corners[1:]:
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    page.wait_for_function("__together.chosen[0].length > 0")
    first, second = page.evaluate("__together.chosen.map((own) => own.sort((a, b) => a - b))")
    assert first == second and ids(1)[0] in first
    assert page.locator(".pane-says").all_inner_texts() == [
        f"{len(first)} of {len(first)} chosen read as labelled"
    ] * 2  # fmt: skip
    page.wait_for_function("told.some(([, screen]) => screen.chosen.length > 0)")


def test_maps_zoom_together(show: Callable[..., Any]) -> None:
    page = show()
    index = ids(1)[0]
    x, y = page.evaluate(PIXEL, [0, index])
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    page.wait_for_function("__together.together.panes.every(({ map }) => map.camera.zoom > 2)")
    boxes = [page.locator(".map").nth(k).bounding_box() for k in (0, 1)]
    places = [page.evaluate(PIXEL, [k, index]) for k in (0, 1)]
    offsets = [(px - b["x"], py - b["y"]) for (px, py), b in zip(places, boxes, strict=True)]
    assert np.allclose(*offsets, atol=1.5)  # frame 0 of both is the original


def test_one_class_alone_is_alone_in_both(show: Callable[..., Any]) -> None:
    page = show()
    page.get_by_role("button", name="three").click()
    page.wait_for_function("__together.together.panes.every(({ look }) => look.dims(5))")


def test_a_screen_comes_back_as_it_was_left(show: Callable[..., Any]) -> None:
    pins, chosen = ids(2), ids(3)
    left = {"by": "steps", "at": 0.5, "colour": "true", "only": [3], "pins": pins}
    page = show({**left, "chosen": chosen, "camera": [30000, 31000, 2]})
    page.wait_for_function("__together.times[0] === 6")
    assert page.evaluate("__together.marked.map((own) => own.length)") == [2, 2]
    page.locator(".map").first.press("ArrowRight")
    page.wait_for_function("told.length > 0")
    told = page.evaluate("told.at(-1)[1]")
    assert told["camera"] == [30000, 31000, 2] and told["by"] == "steps"
    assert (told["pins"], sorted(told["chosen"]), told["only"]) == (pins, sorted(chosen), [3])
    assert page.evaluate("__together.errors") == []


def test_a_narrow_page_has_one_map_below_the_other(show: Callable[..., Any]) -> None:
    page = show(viewport={"width": 390, "height": 844})
    first, second = (page.locator(".map").nth(k).bounding_box() for k in (0, 1))
    assert second["y"] > first["y"] + first["height"] and first["x"] == second["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_address_holds_what_is_on_the_screen(app: App, tab: Any) -> None:
    app.store.save_catalog(CATALOG)
    both = ",".join(finished(app.store) for _ in range(2))
    tab.goto(f"{app.url}/compare?compare={both}&by=steps&at=0.4&debug=1")
    tab.wait_for_function(READY)
    tab.wait_for_function("__together.times.join() === '2,2'")
    tab.get_by_role("radio", name="True class").check()
    tab.wait_for_function("new URLSearchParams(location.search).get('colour') === 'true'")
    tab.reload()
    tab.wait_for_function(READY)
    tab.wait_for_function(
        "__together.times.join() === '2,2' && __together.together.look.mode === 'true'"
    )


def test_paper_has_both_maps_side_by_side(show: Callable[..., Any]) -> None:
    page = show()
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    kept = page.locator(".over + canvas")
    expect(kept).to_have_count(2)
    left, right = (kept.nth(k).bounding_box() for k in (0, 1))
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    expect(page.locator(".scrub")).to_be_hidden()
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(kept).to_have_count(0)
    expect(page.locator(".scrub")).to_be_visible()


def test_f_leaves_the_maps_alone_and_escape_brings_all_back(
    new_page: Callable[..., Any], tmp_path: Any
) -> None:
    data = together(runs(), [Told("A", "temperature 0.1"), Told("B", "temperature 0.5")], {})
    page = new_page()
    file = write(tmp_path, "two.html", together_html(data, "Two runs", "Their limits"))
    page.goto(f"{file}?debug=1&renderer=canvas&at=0.4")
    page.wait_for_function(READY)
    root = "__together.together.root"
    size = f"parseFloat(getComputedStyle({root}.querySelector('.pane-title')).fontSize)"
    at, before = page.evaluate("__together.times"), page.evaluate(size)
    page.keyboard.press("f")
    page.wait_for_function(f"{root}.matches(':fullscreen, :popover-open')")
    page.wait_for_function(f"{root}.clientHeight === innerHeight")
    assert page.evaluate(size) == 1.5 * before
    for part in (".map >> nth=0", ".map >> nth=1", ".transport", ".letter >> nth=1"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    for part in ("h1", "footer", ".lines", ".tools"):  # lines know how it ends
        expect(page.locator(part)).to_be_hidden()
    page.locator(".point").click()
    expect(page.locator(".disc")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("t => __together.times[0] > t", arg=at[0])
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_contain_text("present")
    assert "notes" not in page.locator(".keys").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_function(f"!{root}.matches('.presents')")
    for part in ("h1", "footer", ".lines", ".tools"):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator(".disc")).to_be_hidden()
    assert page.evaluate(size) == before and page.evaluate("__together.errors") == []
