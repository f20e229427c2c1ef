"""A picture drawn without a browser beside the Stage's: the same marks at the same places."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cu_core.stage import fixed_box, frames_blob, player_html, unpack
from cu_core.stage.drawing import Picture
from cu_core.stage.drawing.camera import Camera
from cu_core.stage.drawing.marks import Marks
from cu_core.stage.drawing.raster import Raster
from tests.e2e.conftest import changed, pixels, write
from tests.e2e.made_up import made_up_run
from tests.e2e.screen import ready, seek

pytestmark = pytest.mark.e2e

N, FRAMES = 300, 16
WITHIN = 2.0  # pixels
PLACES = """t => { const { map, run } = __lethe.stage; const { camera } = map.view;
    return { width: camera.width, height: camera.height, inset: camera.inset,
      sizes: map.size(false),
      places: Array.from({ length: run.n }, (_, slot) =>
        camera.toPixel(...map.view.place(slot, t))) }; }"""
CANVAS = "() => __lethe.stage.map.renderer.canvas.toDataURL().split(',')[1]"


@pytest.fixture
def both(new_page: Callable[..., Any], tmp_path: Any) -> tuple[Any, Picture]:
    """The exported page of a made-up run, and what draws it here."""
    made = made_up_run(N, FRAMES)
    made["meta"] |= {"box": fixed_box(made["xy"][0]), "opens": {"view": "map"}}
    data = frames_blob(**made)
    page = new_page(color_scheme="light")
    page.goto(f"{write(tmp_path, 'run.html', player_html(data, 'run'))}?debug=1&renderer=canvas")
    ready(page)
    page.evaluate("() => __lethe.stage.pause()")
    return page, Picture(*unpack(data), 1280, 720)


def alike(shown: Picture, found: dict[str, Any]) -> Marks:
    """What draws the run on a map of the Stage's size."""
    camera = Camera(shown.camera.bounds, found["width"], found["height"], found["inset"])
    return Marks(shown.run, shown.look, camera)


@pytest.mark.parametrize("t", [0, 7.35, FRAMES - 1])
def test_marks_lie_where_the_stage_has_them(both: tuple[Any, Picture], t: float) -> None:
    page, shown = both
    found = page.evaluate(PLACES, t)
    marks = alike(shown, found)
    away = np.abs(marks.places(t) - np.array(found["places"]))
    assert len(away) == N and away[shown.run.kept :].size > 0
    assert away.max() < WITHIN
    sizes = found["sizes"]
    assert (marks.size.keep, marks.size.forget, marks.size.outline) == pytest.approx(
        (sizes["keep"], sizes["forget"], sizes["outline"])
    )
    assert marks.size.strength == pytest.approx(sizes["trail"]["strength"])


@pytest.mark.parametrize("t", [7.35, FRAMES - 1])
def test_the_picture_is_the_stage_s(both: tuple[Any, Picture], t: float) -> None:
    """As its canvas has it: a screenshot would lie between two pixels of the page."""
    page, shown = both
    seek(page, t)
    page.wait_for_function("__lethe.stage.look.outlines === Number(__lethe.stage.clock.ended)")
    stage = pixels(base64.b64decode(page.evaluate(CANVAS)))
    marks = alike(shown, page.evaluate(PLACES, t))
    high, wide = stage.shape[:2]
    sheet = Raster.sheet(wide, high, shown.look.theme.panel)
    marks.draw(sheet, t, shown.outlines(t))
    mine = sheet.pixels.astype(np.int16)
    drawn = changed(stage, np.broadcast_to(stage[-3, -3], stage.shape))
    assert drawn > 2000
    assert changed(stage, mine) < 0.1 * drawn
    assert np.abs(stage - mine).mean() < 0.5
    middles = marks.places(t)[shown.run.kept :].astype(int)
    same = [np.abs(stage[y, x] - mine[y, x]).max() < 24 for x, y in middles]
    assert np.mean(same) > 0.95


def test_the_theme_is_the_page_s(both: tuple[Any, Picture]) -> None:
    page, shown = both
    theme = page.evaluate("() => { const { theme } = __lethe.stage.look; return theme; }")
    for name, own in (("bg", "ground"), ("ink", "ink"), ("accent", "accent"), ("soft", "soft"),
                      ("grey", "grey"), ("line", "line"), ("panel", "panel")):  # fmt: skip
        assert np.abs(np.array(theme[name]) - getattr(shown.look.theme, own)).max() <= 1, name
