"""What a person who only watches sees: holds, the loop, outlines and verdict at the end, names on
the clusters, the line that says what moved."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.made_up import FORGET, NAMES, made_up_run
from tests.e2e.screen import comes, expect, picture, ready, seek, shown

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
VERDICT = "Five is forgotten in name"


@pytest.fixture
def show(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``show(meta, parts, **context options)``: the exported page of a run, as it opens."""

    def open_page(
        meta: dict[str, Any] | None = None, parts: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        made = {**made_up_run(N, FRAMES), **(parts or {})}
        made["meta"] = {**made["meta"], "opens": {"view": "map"}, **(meta or {})}
        page = new_page(**options)
        file = write(tmp_path, "run.html", player_html(frames_blob(**made), "run"))
        page.goto(f"{file}?debug=1&renderer=canvas")
        shown(page)
        return page

    return open_page


@pytest.fixture
def still(show: Callable[..., Any]) -> Callable[..., Any]:
    """The same at rest at the first frame, with the pictures of its samples."""

    def open_page(*given: Any, **options: Any) -> Any:
        page = show(*given, **options)
        page.evaluate("() => { __lethe.stage.pause(); __lethe.stage.seekTo(0); }")
        ready(page)
        return page

    return open_page


def test_a_recorded_run_holds_at_an_event_and_begins_anew(show):
    opens = {"view": "map", "captions": [{"step": 24, "text": "Here it turns."}]}
    page = show({"recorded": "today", "opens": opens})
    soon, text, held = page.evaluate(
        """() => new Promise(done => { const { clock, story } = __lethe.stage, seen = [];
            let [time, before] = [0, performance.now()];
            (function look(now) {
              time += Math.min(250, now - before); // as the clock counts
              before = now;
              seen.push([time, clock.t, clock.playing, story.line.textContent]);
              const here = seen.filter(([, t]) => t === 6);
              if (!here.length || (clock.t === 6 && time < here[0][0] + 5000)) {
                return requestAnimationFrame(look);
              }
              const holding = here.filter(([, , playing]) => playing);
              done([seen.find(([, t]) => t > 0.5)[0], here.at(-1)[3],
                holding.at(-1)[0] - here[0][0]]); })(before); })"""
    )
    assert soon < 2500  # it moves soon
    assert text == "Here it turns."
    assert 700 < held < 5000  # holds, does not pause
    page.wait_for_function(f"__lethe.frame === {FRAMES - 1}")
    page.wait_for_function(f"{FRAMES - 1} > __lethe.frame")
    assert page.evaluate("__lethe.moving")


def test_outlines_and_verdict_come_at_the_end_and_not_before(show):
    page = show({"recorded": "today"})
    seen = page.evaluate(
        """() => new Promise(done => { const s = __lethe.stage, seen = [];
            s.clock.speed = 4;
            (function look() {
              seen.push([s.clock.ended, s.look.outlines, s.story.line.textContent]);
              if (s.look.outlines >= 1 || seen.length > 5000) done(seen);
              else requestAnimationFrame(look); })(); })"""
    )
    before = [row for row in seen if not row[0]]
    assert before and all(share == 0 and VERDICT not in text for _, share, text in before)
    fading = [share for ended, share, _ in seen if ended]
    assert fading == sorted(fading) and fading[-1] == 1
    assert any(0 < share < 1 for share in fading)
    page.wait_for_function(f"__lethe.stage.story.line.textContent.startsWith('{VERDICT}')")


def test_paused_before_the_end_there_is_no_verdict_in_the_page(still):
    page = still()
    seek(page, FRAMES - 2)
    assert VERDICT not in page.locator("body").inner_text()
    seek(page, FRAMES - 1)
    expect(page.locator(".line")).to_have_text(re.compile(f"^{VERDICT}"))


def test_an_outline_is_edged_in_the_colour_of_the_retrained_model_s_answer(still):
    made = made_up_run(N, FRAMES)
    forget = made["is_forget"]
    made["ghost_share"][forget] = 0
    made["ghost_share"][forget, 1] = 255  # the retrained model says "one" of all of them
    page = still(parts={"ghost_share": made["ghost_share"]})
    edge = page.evaluate("__lethe.stage.look.palette[1].edge")
    count = """edge => { const c = __lethe.stage.map.renderer.canvas;
        const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height); let n = 0;
        for (let i = 0; i < data.length; i += 4)
          n += edge.every((v, k) => Math.abs(data[i + k] - v) < 8);
        return n; }"""
    page.evaluate("() => { const { look } = __lethe.stage; look.toggle(5); look.ghost = false; }")
    seek(page, FRAMES - 1)
    without = page.evaluate(count, edge)
    page.evaluate("() => { __lethe.stage.look.ghost = null; }")
    seek(page, FRAMES - 1)
    assert page.evaluate(count, edge) > without + 10 * forget.sum()


def test_under_reduced_motion_nothing_plays_and_everything_is_within_reach(show):
    page = show({"recorded": "today"}, reduced_motion="reduce")
    page.wait_for_timeout(400)
    assert page.evaluate("[__lethe.moving, __lethe.frame]") == [False, 0]
    page.keyboard.press("End")
    expect(page.locator(".line")).to_have_text(re.compile(f"^{VERDICT}"))
    comes(page, "__lethe.stage.look.outlines", 1)
    page.keyboard.press("Home")
    page.evaluate("() => { const s = __lethe.stage; s.clock.speed = 4; s.toggle(); }")
    page.wait_for_function(f"__lethe.frame === {FRAMES - 1} && !__lethe.moving")
    page.wait_for_timeout(500)
    assert page.evaluate("[__lethe.moving, __lethe.frame]") == [False, FRAMES - 1]


def test_names_stand_on_the_clusters_and_do_not_overlap(still):
    page = still()
    made = made_up_run(N, FRAMES)
    for view in ("map", "solid"):
        page.evaluate("view => __lethe.stage.chooser.choose(view)", view)
        seek(page, 0)
        tags = page.locator(".name-tag:visible")
        names = tags.all_inner_texts()
        assert len(names) >= 8 and set(names) <= set(NAMES) and NAMES[FORGET] in names
        boxes = [tag.bounding_box() for tag in tags.all()]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                apart_x = max(a["x"], b["x"]) >= min(a["x"] + a["width"], b["x"] + b["width"]) - 1
                assert apart_x or abs(a["y"] - b["y"]) >= a["height"] - 1
        expect(page.locator(".name-tag canvas:visible")).to_have_count(len(names))
        middle = page.evaluate(
            """slots => { const m = __lethe.stage.map, box = m.root.getBoundingClientRect();
                const at = slots.map(s => m.camera.toPixel(...m.view.place(s, 0)));
                return [0, 1].map(k => at.reduce((sum, p) => sum + p[k], 0) / at.length
                  + [box.left, box.top][k]); }""",
            slots_of(made, FORGET),
        )
        own = page.locator(".name-tag", has_text=NAMES[FORGET]).bounding_box()
        away = np.hypot(
            own["x"] + own["width"] / 2 - middle[0], own["y"] + own["height"] / 2 - middle[1]
        )
        assert away < 60  # pixels: on its cluster, which is about twice as wide


def slots_of(made: dict[str, Any], name: int) -> list[int]:
    order = [*np.flatnonzero(~made["is_forget"]), *np.flatnonzero(made["is_forget"])]
    return np.flatnonzero(made["label"][order] == name).tolist()


def test_a_planted_label_is_told_from_the_truth(show, new_page, tmp_path):
    """Three forget samples bear a wrong label: colour, outline and card say both."""
    made = made_up_run(N, FRAMES)
    truth = made["label"].copy()
    wrong = np.flatnonzero(made["is_forget"])[:3]
    truth[wrong] = 8
    made["meta"] = {**made["meta"], "opens": {"view": "map", "colour": "true"}}
    data = frames_blob(**made, true_label=truth)
    page = new_page()
    page.goto(f"{write(tmp_path, 'planted.html', player_html(data, 'run'))}?debug=1")
    shown(page)
    page.evaluate("() => __lethe.stage.pause()")
    seek(page, 0)
    first, other = N - int(made["is_forget"].sum()), N - 1  # slots
    drawn = page.evaluate(
        """slots => { const { look, map: { renderer: { colours } } } = __lethe.stage;
            return [slots.map(s => [[...colours.slice(8 * s, 8 * s + 3)],
              [...colours.slice(8 * s + 4, 8 * s + 7)]]),
              look.palette[8].fill, look.palette[5].edge, look.palette[5].fill,
              look.theme.ink]; }""",
        [first, other],
    )
    colours, eight, label, five, ink = drawn
    assert colours == [[eight, label], [five, ink]]
    page.locator(".map").focus()
    page.keyboard.press("n")
    page.locator(".card").wait_for(state="visible")
    expect(page.locator(".card-term")).to_have_text("Labelled")
    expect(page.locator(".card-true")).to_have_text("five, truly eight")
    page.keyboard.press("p")
    expect(page.locator(".card-true")).to_have_text("five")
    expect(page.locator(".card-term")).to_have_text("True")


def test_names_stay_away_where_nobody_could_read_them(still):
    made = made_up_run(N, FRAMES)
    many = {**made["meta"], "classes": [f"c{i}" for i in range(21)], "opens": {"view": "map"}}
    page = still(many, {"share": None, "ghost_share": None})
    expect(page.locator(".name-tag:visible")).to_have_count(0)


def test_handles_have_the_picture_of_a_kept_sample(still):
    page = still({"opens": {"view": "answers"}})
    seek(page, 3)
    expect(page.locator(".handle canvas")).to_have_count(len(NAMES))
    seen = page.evaluate(
        """() => { const c = __lethe.stage.root.querySelector('.handle canvas');
            return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
    )
    assert max(seen[0::4]) > 150 and min(seen[0::4]) == 0


def test_the_line_says_what_moved_in_the_picture_that_is_shown(still):
    made = made_up_run(N, FRAMES)
    together = np.repeat(made["xy"][:1], FRAMES, 0)  # the class stays so
    page = still(parts={"xy": together})
    between = page.locator(".between")
    seek(page, 0)
    expect(between).to_have_text("")
    seek(page, FRAMES - 1)
    whole = "Class five went from the rim to the middle: it is now about as near to every other"
    expect(between).to_have_text(re.compile(f"^{whole}"))
    page.evaluate("() => __lethe.stage.chooser.choose('answers')")
    seek(page, FRAMES - 1)
    count = int(made["is_forget"].sum())
    expect(between).to_contain_text(f"of {count} samples to forget are answered correctly")
    page.evaluate("() => __lethe.stage.chooser.choose('both')")
    seek(page, FRAMES - 1)
    expect(between).to_contain_text(whole)
    expect(between).to_contain_text(f"of {count} samples")


def test_without_the_measures_nothing_is_said_of_them(still):
    quality = [{"fidelity": 0.98}] * FRAMES
    page = still({"quality": quality})
    seek(page, 9)
    expect(page.locator(".between")).to_have_text("")
    expect(page.locator(".says")).to_have_text(re.compile("^Map faithful: 98 of 100"))


def test_moved_goes_by_the_picture_that_is_shown(still):
    """Answers that change while the map stands still: only there is anything coloured."""
    made = made_up_run(N, FRAMES)
    page = still(parts={"xy": np.repeat(made["xy"][:1], FRAMES, 0)})
    page.locator("input[value=moved]").check(force=True)
    grey = page.evaluate("__lethe.stage.look.theme.grey")
    coloured = """grey => { const { colours } = __lethe.stage.map.renderer, { run } = __lethe.stage;
        let n = 0; for (let s = run.kept; s < run.n; s++)
          n += grey.some((v, k) => colours[8 * s + k] !== v);
        return n; }"""
    seek(page, FRAMES - 1)
    assert page.evaluate(coloured, grey) == 0
    expect(page.get_by_text("half the map")).to_be_visible()
    page.evaluate("() => __lethe.stage.chooser.choose('answers')")
    seek(page, FRAMES - 1)
    assert page.evaluate(coloured, grey) > 0.7 * made["is_forget"].sum()
    expect(page.get_by_text("half the circle")).to_be_visible()


def test_the_last_value_of_a_curve_is_written_at_its_end(still):
    page = still()
    drawn = """() => { const [, probe] = __lethe.stage.curves.open, texts = [];
        const fill = probe.context.fillText;
        probe.context.fillText = function (text, ...at) {
          texts.push(text); fill.call(this, text, ...at); };
        probe.draw(8); delete probe.context.fillText; return texts; }"""
    last = page.evaluate("__lethe.stage.curves.open[1].panel.lines[0].values.at(-1)")
    seek(page, 2)
    assert f"{round(last)} %" in page.evaluate(drawn)


def test_a_page_with_nothing_yet_says_so(show):
    page = show()
    page.evaluate(
        """() => { const s = __lethe.stage; s.run = null; s.notice.hidden = false;
            s._needs(61); }"""
    )
    expect(page.get_by_text("Loading 61 pictures of this run.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_and_outlines_change_the_picture_by_little(still, scheme):
    """Names lie over the points they name, never over most of the picture."""
    page = still(color_scheme=scheme)
    before = picture(page)
    page.evaluate("() => { __lethe.stage.map.names.root.style.visibility = 'hidden'; }")
    after = picture(page)
    assert 300 < changed(before, after) < 0.08 * before.shape[0] * before.shape[1]
