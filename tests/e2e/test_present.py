"""A moment as a link, and the Stage before a room: alone on the screen, no end given away."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from cu_core.stage import frames_blob, gallery, player_html
from tests.e2e.conftest import opened, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import comes, expect, painted, picture, ready, seek, shown
from tests.e2e.serving import App
from tests.pages import fabricate

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
VERDICT = "Five is forgotten in name"
CAPTION, NOTE = "Here it turns.", "Ask who saw it."
COPIES = """Object.defineProperty(navigator, "clipboard",
    { value: { writeText: async (text) => { window.copied = text; } } });"""
NO_FULL_SCREEN = "Element.prototype.requestFullscreen = () => Promise.reject(new Error('no'));"
STANDS = """(() => { const { run, clock, look, chooser } = __lethe.stage;
    return [Math.round(run.stepAt(clock.t)), chooser.choice, look.mode, [...look.isolated],
      look.pins.map(slot => run.index[slot])]; })()"""
ARRIVES = """(function look() {
    const arrived = (window.arrived ??= {});
    if (window.__lethe?.ready && !__lethe.stage.run.header.overview) arrived.first ??= STANDS;
    if (window.__lethe?.ready && JSON.stringify(STANDS) === JSON.stringify(WANTED))
      arrived.there = true;
    if (!arrived.there) requestAnimationFrame(look); })();"""
PRESENTS = "__lethe.stage.root.matches('.presents')"
CHROME = "[data-testid=stHeader], [data-testid=stSidebar], [data-testid=stToolbar], .stMain h1"


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(fragment, script, **context options)``: the exported page of a made-up run."""

    def open_page(fragment: str = "", script: str = COPIES, **options: Any) -> Any:
        made = made_up_run(N, FRAMES)
        told = {"captions": [{"step": 24, "text": CAPTION}], "notes": [{"step": 20, "text": NOTE}]}
        made["meta"] = {**made["meta"], "opens": {"view": "map", **told}}
        page = new_page(**options)
        page.add_init_script(script)
        file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
        page.goto(f"{file}?debug=1&renderer=canvas{fragment}")
        shown(page)
        if not fragment:
            page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(6); }")
        ready(page)
        return page

    return open_page


def presenting(page: Any) -> None:
    page.keyboard.press("f")
    page.wait_for_function(PRESENTS)
    page.wait_for_function("__lethe.stage.root.clientHeight === innerHeight")
    page.wait_for_function("__lethe.stage.root.matches(':fullscreen, :popover-open')")
    painted(page)


# --- links


def test_a_fragment_opens_the_exported_page_and_is_copied_from_it(show):
    index = int(made_up_run(N, FRAMES)["index"][7])
    page = show(f"#step=32&view=answers&colour=moved&only=5&pin={index}")
    comes(page, STANDS, [32, "answers", "moved", [5], [index]])
    assert not page.evaluate("__lethe.moving")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    page.wait_for_function("window.copied")
    said = f"#step=36&view=answers&colour=moved&only=5&pin={index}"
    assert page.evaluate("window.copied").endswith(f"run.html?debug=1&renderer=canvas{said}")
    assert page.evaluate("location.hash") == said
    page.evaluate("() => { location.hash = '#step=8&view=map&colour=soon&hide=roof,curves'; }")
    expect(page.locator(".toast")).to_contain_text("hide=roof means nothing")
    comes(page, "[__lethe.frame, __lethe.stage.chooser.choice]", [2, "map"])
    expect(page.locator(".curves")).to_be_hidden()


def test_a_page_that_may_not_copy_shows_the_link(show):
    page = show(script="Object.defineProperty(navigator, 'clipboard', { value: undefined });")
    page.get_by_role("button", name="Copy a link to this moment").click()
    field = page.get_by_role("textbox", name="Link to this moment")
    expect(field).to_have_value(re.compile("#step=24&view=map&colour=pred$"))


@pytest.mark.timeout(300)
def test_a_copied_link_shows_the_same_in_a_fresh_browser(app, browser):
    app.store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(app.store, points=400, frames=90)  # it comes as an overview first
    name = gallery.names()[-1]
    for address in (f"unlearn?run={run}", f"?show={name}"):
        first = opened(browser, viewport={"width": 1440, "height": 900})
        first.add_init_script(COPIES)
        page = first.new_page()
        page.goto(f"{app.url}/{address}&debug=1")
        ready(page)
        page.wait_for_function("!__lethe.stage.run.header.overview")
        page.evaluate(
            """() => { const { stage } = __lethe;
                stage.pause(); stage.chooser.choose("map"); stage.seekTo(stage.clock.last - 3);
                stage.look.toggle(3); stage.look.pinned = 11; stage.chosen(); }"""
        )
        page.get_by_role("button", name="Copy a link to this moment").click()
        page.wait_for_function("window.copied")
        link, stands = page.evaluate("window.copied"), page.evaluate(STANDS)
        first.close()
        assert link.startswith(f"{app.url}/{address}&step=") and "debug" not in link

        fresh = opened(browser, viewport={"width": 1440, "height": 900})
        page = fresh.new_page()
        page.add_init_script(
            ARRIVES.replace("STANDS", STANDS).replace("WANTED", json.dumps(stands))
        )
        page.goto(f"{link}&debug=1")
        shown(page)
        comes(page, STANDS, stands)
        page.wait_for_function("window.arrived.there")
        bar, arrived = page.url, page.evaluate("window.arrived")
        at = page.evaluate("__lethe.frame")  # three before the last, where it comes to rest
        page.evaluate("() => __lethe.stage.toggle()")
        page.wait_for_function("t => __lethe.frame !== t", arg=at)
        assert page.url == bar  # which does not flicker
        fresh.close()
        assert arrived["first"] == stands  # no other moment is seen on the way to it


# --- before a room


@pytest.mark.parametrize("script", ["", NO_FULL_SCREEN], ids=["full screen", "the page covered"])
def test_f_leaves_the_stage_alone_and_escape_brings_all_back(app: App, tab: Any, script: str):
    tab.add_init_script(script)
    tab.goto(f"{app.url}/?debug=1&step=20")
    ready(tab)
    sizes = """[".line", ".step", ".legend", ".kind"].map(name => parseFloat(
        getComputedStyle(__lethe.stage.root.querySelector(name)).fontSize))"""
    seen = f"""[...document.querySelectorAll("{CHROME}")].map(
        part => getComputedStyle(part).visibility)"""
    box = """(({ x, y, width, height }) => [x, y, width, height])(
        __lethe.stage.root.getBoundingClientRect())"""
    before = {what: tab.evaluate(what) for what in (sizes, seen, box, STANDS)}
    assert len(before[seen]) > 2 and set(before[seen]) == {"visible"}
    tab.evaluate("() => document.activeElement.blur()")  # of nobody, the key is heard too
    presenting(tab)
    assert tab.evaluate("__lethe.stage.root.matches(':fullscreen')") is (not script)
    comes(tab, box, [0, 0, 1440, 900])
    assert set(tab.evaluate(seen)) == {"hidden"}
    assert tab.evaluate(sizes) == [1.5 * size for size in before[sizes]]
    expect(tab.locator(".transport")).to_be_in_viewport()
    tab.keyboard.press("Escape")
    tab.wait_for_function(f"!{PRESENTS}")
    for what, was in before.items():
        comes(tab, what, was)


def test_nothing_gives_the_end_away_before_it_is_played(show):
    page = show()
    whole = picture(page, ".plots")
    presenting(page)
    page.keyboard.press("Home")
    comes(page, "__lethe.frame", 0)
    text = page.evaluate("__lethe.stage.root.innerText")
    assert VERDICT not in text and "ends at" not in text
    titles = "[...__lethe.stage.root.querySelectorAll('canvas')].map(c => c.title).join()"
    assert "Forget" in page.evaluate(titles) and "ends at" not in page.evaluate(titles)
    assert not page.locator(".mark:visible, .stretch:visible, .parts:visible").count()
    ink = """() => { const { panels: [{ canvas, toX, ratio }] } = __lethe.stage.curves;
        const [from, to] = [toX(12) * ratio, toX(56) * ratio];
        const { data } = canvas.getContext("2d").getImageData(from, 0, to - from, canvas.height);
        const columns = new Set();
        const wide = Math.round(to - from);
        for (let x = 0; x < wide; x++) { let sum = 0;
          for (let y = 0; y < canvas.height; y++) sum = sum * 31 + data[4 * (y * wide + x) + 3] | 0;
          columns.add(sum); }
        return columns.size; }"""  # of lines that lie flat every column is one of a few
    early = page.evaluate(ink)
    page.keyboard.press("End")
    expect(page.locator(".line")).to_contain_text(VERDICT)
    assert page.evaluate(ink) > 2 * early
    page.keyboard.press("Escape")
    page.wait_for_function(f"!{PRESENTS}")
    page.evaluate("() => __lethe.stage.seekTo(6)")
    seek(page, 6)
    assert picture(page, ".plots").shape == whole.shape


def test_pointer_and_black(show):
    page = show()
    presenting(page)
    page.mouse.move(400, 300)
    page.keyboard.press("d")
    box = page.locator(".disc").bounding_box()
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == (400, 300)
    page.keyboard.press("d")
    expect(page.locator(".disc")).to_be_hidden()
    page.keyboard.down("d")
    page.wait_for_timeout(500)  # a key that is held
    expect(page.locator(".disc")).to_be_visible()
    page.keyboard.up("d")
    expect(page.locator(".disc")).to_be_hidden()
    page.keyboard.press("b")
    expect(page.locator(".blackout")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator(".blackout")).to_be_hidden()


def test_notes_go_with_the_stage_in_a_window_of_their_own(show):
    page = show()
    with page.expect_popup() as window:
        page.keyboard.press("w")
    notes = window.value
    expect(notes.locator(".now")).to_have_text(CAPTION)
    expect(notes.locator("p.note")).to_have_text(NOTE)
    expect(notes.locator(".end")).to_contain_text(VERDICT)  # only here
    expect(notes.locator(".clock")).to_have_text(re.compile(r"\d\d:\d\d"))
    assert VERDICT not in page.evaluate("__lethe.stage.root.innerText")
    page.evaluate("() => __lethe.stage.seekTo(2)")
    expect(notes.locator(".step")).to_have_text("Step 8 of 60")
    expect(notes.locator(".next")).to_have_text(f"Step 24: {CAPTION}")
    notes.keyboard.press("ArrowRight")  # and steps it
    comes(page, "__lethe.frame", 3)
    page.evaluate("() => __lethe.stage.presenter.notes.close()")
    notes.wait_for_event("close") if not notes.is_closed() else None


def test_under_reduced_motion_a_room_sees_steps_and_arrows(show):
    page = show(reduced_motion="reduce")
    presenting(page)
    page.keyboard.press("Space")
    page.wait_for_function("__lethe.frame > 7")
    assert page.evaluate("__lethe.stage.clock.calm") and page.evaluate("__lethe.frame") % 1 == 0
    assert page.evaluate("__lethe.stage.map.size(true).trail.strength") == 0


def test_picture_and_play_are_on_one_screen(app, browser):
    context = opened(browser, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{app.url}/?debug=1")
    ready(page)
    for width, height in ((390, 844), (720, 450)):  # a telephone; 1440 x 900 at 200 %
        page.set_viewport_size({"width": width, "height": height})
        for part in (".map", ".play"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_reader_of_the_screen_hears_captions_and_no_frames(show):
    page = show()
    expect(page.locator(".line")).to_have_attribute("role", "status")
    heard = page.evaluate(
        """() => new Promise(done => { const { stage } = __lethe, line = stage.root.querySelector(
            ".line"); let heard = 0;
            const watch = new MutationObserver(all => (heard += all.length));
            watch.observe(line, { childList: true, characterData: true, subtree: true });
            for (let t = 0; t <= stage.clock.last; t += 0.25) { stage.clock.seek(t); stage.draw(); }
            setTimeout(() => done([heard, stage.story.captions.length])); })"""
    )
    assert 0 < heard[0] <= heard[1]


def test_the_list_of_keys(show):
    page = show()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("copy a link to this moment")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
