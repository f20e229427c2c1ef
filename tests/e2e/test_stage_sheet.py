"""Pins and their sheets: in the app, with the run's embeddings behind it, and in a page without."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from cu_core.spec import GhostFacts, RunProgress
from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import expect, ready
from tests.e2e.serving import LONG_MS, App
from tests.pages import fabricate

pytestmark = pytest.mark.e2e

POINTS, FRAMES, STEP = 120, 6, 12
BOXES = "all => all.map((one) => one.getBoundingClientRect().toJSON())"  # at one moment


@pytest.fixture(scope="module")
def run(app: App) -> str:
    """A made-up run that has ended, with a retrained model of other embeddings."""
    app.store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(app.store, points=POINTS, frames=FRAMES)
    writer = app.store.writer(run_id)
    rng = np.random.default_rng(1)
    writer.probe_extras(
        ghost=np.full((POINTS, 2), np.nan, np.float32),
        ghost_share=rng.integers(0, 25, (POINTS, 10)).astype(np.uint8),
        ghost_z=rng.normal(size=(POINTS, 4)).astype(np.float16),
    )
    writer.put(RunProgress(ghost=GhostFacts(fidelity=0.9)))
    writer.close()
    return run_id


@pytest.fixture
def opened(app: App, tab: Any, run: str) -> Any:
    """The run in the app, paused at STEP, one picture, the map alone."""
    tab.goto(f"{app.url}/unlearn?debug=1&run={run}")
    ready = f"() => window.__lethe && __lethe.ready && __lethe.frames === {FRAMES}"
    tab.wait_for_function(ready, timeout=LONG_MS)
    tab.evaluate("() => { const s = __lethe.stage; s.pause(); s.seekTo(s.run.steps.indexOf(12)); }")
    return tab


def click(page: Any, slot: int) -> int:
    """Clicks where a slot is drawn; returns the slot that is the newest pin now."""
    spot = """slot => { const { map, clock } = __lethe.stage;
        map.root.scrollIntoView({ block: "center" });
        const box = map.root.getBoundingClientRect();
        const [x, y] = map.camera.toPixel(...map.view.place(slot, clock.t));
        return [box.left + x, box.top + y]; }"""
    page.mouse.click(*page.evaluate(spot, slot))
    return int(page.evaluate("__lethe.stage.look.pinned"))


def pins(page: Any) -> list[int]:
    return list(page.evaluate("[...__lethe.stage.look.pins]"))


def told(page: Any, sheet: int, row: str) -> list[int]:
    """The indices in the data of the neighbours that a sheet shows."""
    tiles = page.locator(".leaf").nth(sheet).locator(f".{row} .tile")
    tiles.nth(14).wait_for()
    return list(
        tiles.evaluate_all("all => all.map((tile) => __lethe.stage.run.index[tile.dataset.slot])")
    )


def wanted(z: Any, index: list[int], own: int) -> set[int]:
    row = index.index(own)
    model = NearestNeighbors(n_neighbors=16, metric="cosine").fit(z.astype(np.float64))
    (found,) = model.kneighbors(z[row : row + 1].astype(np.float64), return_distance=False)
    return {index[other] for other in found} - {own}


@pytest.mark.timeout(300)
def test_a_pin_shows_the_neighbours_on_record_and_another_stands_beside_it(
    app: App,
    opened: Any,
    run: str,
) -> None:
    slot = click(opened, 100)
    leaves = opened.locator(".leaf")
    leaves.first.wait_for()
    reader = app.store.reader(run)
    probe = reader.probe() or {}
    index = [int(i) for i in probe["index"]]
    own = int(opened.evaluate("slot => __lethe.stage.run.index[slot]", slot))
    models = {"start": reader.frame(0)["z"], "now": reader.frame(STEP)["z"]}
    for row, z in (models | {"retrained": probe["ghost_z"]}).items():
        assert set(told(opened, 0, row)) == wanted(z, index, own)
    label = probe["label"]
    alike = sum(label[index.index(i)] == label[index.index(own)] for i in told(opened, 0, "now"))
    said = re.compile(f"^At step {STEP}, {alike} of its 15 nearest carr")
    expect(opened.locator(".leaf .words")).to_have_text(said)

    second = click(opened, 3)
    assert pins(opened) == [slot, second]
    expect(opened.locator(".leaf")).to_have_count(2)
    told(opened, 1, "now")
    boxes = leaves.evaluate_all(BOXES)
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]

    opened.evaluate("() => __lethe.stage.seekTo(0)")  # at rest at another step: asked anew
    opened.locator(".leaf .words", has_text="At step 0,").first.wait_for()
    assert told(opened, 0, "now") == told(opened, 0, "start")

    leaves.first.get_by_role("button", name="Unpin 1").click()
    assert pins(opened) == [second]
    expect(leaves.locator(".number")).to_have_text(["1"])
    opened.locator(".map").first.focus()
    opened.keyboard.press("Escape")
    assert pins(opened) == []
    opened.locator(".part.sheet").wait_for(state="hidden")
    assert opened.evaluate("__lethe.errors") == []


@pytest.mark.timeout(300)
def test_of_another_recording_with_the_same_pins_the_page_is_asked_again(opened: Any) -> None:
    click(opened, 100)
    told(opened, 0, "now")
    opened.evaluate("""() => {
        const s = __lethe.stage;
        window.panel = s.panels.find((p) => p.constructor.kind === "sheet");
        panel.load(s.run, true);
        s.request();
    }""")
    opened.wait_for_function("() => panel.asked")


@pytest.mark.timeout(300)
def test_sheets_are_reached_and_left_by_keys(opened: Any) -> None:
    opened.locator(".map").first.focus()
    opened.keyboard.press("n")
    first = pins(opened)
    told(opened, 0, "retrained")
    stops = opened.locator(".leaf .tile").evaluate_all("all => all.filter(t => !t.tabIndex).length")
    assert stops == 1  # of 45
    tile = opened.locator(".leaf .tile").first
    tile.focus()
    opened.keyboard.press("ArrowRight")
    focused = "__lethe.stage.root.getRootNode().activeElement.className"
    beside = opened.locator(".leaf .tile").nth(1)
    assert beside.evaluate("(tile, at) => tile === tile.getRootNode().activeElement")
    slot = int(beside.get_attribute("data-slot"))
    assert opened.evaluate("__lethe.stage.look.hover") == slot  # and it is ringed in the map
    opened.keyboard.press("Enter")
    assert pins(opened) == [*first, slot]
    expect(opened.locator(".leaf")).to_have_count(2)
    expect(beside).to_have_attribute("aria-pressed", "true")
    assert "tile" in opened.evaluate(focused)
    opened.keyboard.press("n")  # the newest pin walks on, the other stays
    assert pins(opened)[0] == first[0] and pins(opened)[1] != slot
    expect(opened.locator(".leaf")).to_have_count(2)


@pytest.fixture
def alone(new_page: Callable[..., Any], tmp_path: Any) -> Callable[..., Any]:
    """``alone(**context options)``: the exported page of a made-up run, paused at frame 8."""

    def open_page(**options: Any) -> Any:
        page = new_page(**options)
        made = made_up_run(300, 16)
        made["meta"] |= {"opens": {"view": "map", "frame": 8}}
        page.goto(f"{write(tmp_path, 'run.html', player_html(frames_blob(**made), 'run'))}?debug=1")
        ready(page)
        return page

    return open_page


def test_a_page_without_embeddings_shows_what_it_has_and_says_what_it_lacks(alone: Any) -> None:
    page = alone(viewport={"width": 390, "height": 844})
    slots = page.evaluate("[280, 5].map((s) => (__lethe.stage.look.pins.push(s), s))")
    page.evaluate("() => __lethe.stage.draw()")
    leaves = page.locator(".leaf")
    expect(page.locator(".leaf")).to_have_count(2)
    assert pins(page) == slots
    boxes = leaves.evaluate_all(BOXES)
    assert boxes[0]["x"] == boxes[1]["x"] and boxes[0]["y"] < boxes[1]["y"]  # stacked
    assert all(box["x"] + box["width"] <= 390 for box in boxes)
    expect(page.locator(".sheet .how")).to_contain_text("which this page does not carry")
    expect(page.locator(".tile")).to_have_count(0)
    expect(page.locator(".leaf .picture")).to_have_count(2)
    now = page.evaluate("__lethe.stage.run.classes[__lethe.stage.run.pred[8 * 300 + 280]]")
    for fact in (f"{now}, ", "% sure", "To forget"):
        expect(leaves.first.locator("dl")).to_contain_text(fact)
    drawn = leaves.first.locator(".charts canvas").first
    expect(drawn).to_have_attribute("aria-label", re.compile("^What the model answers: five from"))
    width = leaves.first.locator(".picture").evaluate("it => it.getBoundingClientRect().width")
    assert width == 112  # 16 pixels, seven times


def test_pins_are_found_again_after_a_reload(alone: Any) -> None:
    page = alone()
    page.evaluate("() => { __lethe.stage.look.pins = [280, 5]; __lethe.stage.draw(); }")
    page.reload()
    ready(page)
    assert pins(page) == [280, 5]
    expect(page.locator(".leaf")).to_have_count(2)


def test_each_pin_is_ringed_and_numbered_in_every_picture(alone: Any) -> None:
    page = alone(viewport={"width": 1440, "height": 900})
    page.evaluate("() => __lethe.stage.chooser.choose('both')")
    inked = """([slots, pins, hover]) => { const { map, beside, look } = __lethe.stage;
        Object.assign(look, { pins, hover });
        __lethe.stage.draw();
        beside.draw(8, false, false);
        return [map, beside.map].map((view) => slots.map((slot) => {
          const { canvas } = view.overlay, ratio = canvas.width / view.root.clientWidth;
          const at = view.camera.toPixel(...view.view.place(slot, 8)).map((v) => v * ratio);
          const side = Math.ceil(60 * ratio);
          const { data } = canvas.getContext("2d")
            .getImageData(at[0] - side / 2, at[1] - side / 2, side, side);
          let seen = 0;
          for (let i = 0; i < data.length; i += 4) {
            seen += look.theme.ink.every((v, c) => Math.abs(data[i + c] - v) < 3);
          }
          return seen; })); }"""
    slots = [280, 5]
    pinned = np.array(page.evaluate(inked, [slots, slots, -1]))
    hovered = [page.evaluate(inked, [[slot], [], slot]) for slot in slots]
    plain = np.hstack(hovered)
    assert pinned.shape == plain.shape == (2, 2)
    assert (pinned > plain + 80).all()  # a disc, with its number
