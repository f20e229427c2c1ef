"""What is printed is the picture on the screen, made for a sheet of paper."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.screen import expect, picture, ready, seek, shown
from tests.e2e.test_stage import run

pytestmark = pytest.mark.e2e

WIDTH, HEIGHT = 704, 960  # of 1/96 inch: what A4 and US Letter both hold, below a line of title
PRINTS = "when => dispatchEvent(new Event(when))"
SIZE = "() => [__lethe.stage.root.clientWidth, __lethe.stage.root.clientHeight]"
KEPT = ".over + canvas"  # the map's layers as one


def printed(page: Any) -> np.ndarray:
    """The map as paper has it, int16 (H, W, 3)."""
    data = page.locator(KEPT).evaluate("one => one.toDataURL()").partition(",")[2]
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    return np.asarray(image.convert("RGB")).astype(np.int16)


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_paper_has_the_moment_on_white_without_controls_and_then_all_is_as_it_was(
    new_page: Callable[..., Any], tmp_path: Any, renderer: str
) -> None:
    file = write(tmp_path, "run.html", player_html(frames_blob(**run()), "run"))
    papers = []
    for scheme in ("light", "dark"):
        page = new_page(color_scheme=scheme)
        page.goto(f"{file}?debug=1&renderer={renderer}")
        shown(page)
        page.evaluate("() => __lethe.stage.pause()")
        ready(page)
        for t in (0, 8):
            seek(page, t)
            screen = picture(page)
            page.evaluate(PRINTS, "beforeprint")
            papers.append(printed(page))
            width, height = page.evaluate(SIZE)
            assert width == WIDTH and height < HEIGHT
            expect(page.locator(".step")).to_be_visible()
            for control in (".play", ".scrub", ".tools .segments", ".speed", ".help"):
                expect(page.locator(control).first).to_be_hidden()
            page.evaluate(PRINTS, "afterprint")
            expect(page.locator(KEPT)).to_have_count(0)
            expect(page.locator(".play")).to_be_visible()
            seek(page, t)
            assert changed(screen, picture(page)) == 0
        assert page.evaluate("__lethe.errors") == []
    light, dark = papers[:2], papers[2:]
    for a, b in zip(light, dark, strict=True):
        assert a[4, 4].min() > 240 and changed(a, b) == 0  # whatever the screen's colours are
    assert changed(*light) > 1000  # where the points are, at two moments
