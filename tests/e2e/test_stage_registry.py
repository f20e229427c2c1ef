"""A view that is not Lethe's own, in a real browser: one file beside the others, and no edit."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core.stage import frames_blob, player_html, source
from tests.e2e.conftest import changed, write
from tests.e2e.screen import expect, picture, ready, shown
from tests.e2e.test_stage import N, run
from tests.stage.test_source import VIEW

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_a_view_is_one_file(
    new_page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renderer: str
) -> None:
    js = tmp_path / "js"
    shutil.copytree(source.JS, js)
    shutil.copy(VIEW, js / "views")
    joined = source.script(js)
    monkeypatch.setattr(source, "script", lambda: joined)
    made = run()
    page = new_page()
    html = player_html(frames_blob(**made), "run")
    page.goto(f"{write(tmp_path, 'run.html', html)}?debug=1&renderer={renderer}")
    shown(page)
    page.evaluate("() => __lethe.stage.pause()")
    ready(page)
    labels = page.locator(".views label:visible")
    for place, title in enumerate(("Map and answers", "Map", "Answers", "3-D")):
        expect(labels.nth(place)).to_have_text(title)
    on_the_map = picture(page, ".points")
    labels.filter(has_text="Confidence").click()
    page.evaluate("() => __lethe.stage.seekTo(8)")
    page.get_by_text("Left to right: the predicted class.").wait_for()
    words = re.compile(f"^{N} samples by how sure the model is of its answers, ")
    expect(page.locator(".points")).to_have_attribute("aria-label", words)
    surest = np.asarray(made["share"])[8].max(1)
    order = [*np.flatnonzero(~made["is_forget"]), *np.flatnonzero(made["is_forget"])]
    drawn = page.evaluate(
        "n => [...Array(n).keys()].map(s => __lethe.stage.map.view.place(s, 8)[1])", N
    )
    np.testing.assert_allclose(drawn, 257.0 * surest[order])
    assert changed(on_the_map, picture(page, ".points")) > 1000
    state = "[__lethe.stage.map.view.kind, __lethe.errors.length]"
    assert page.evaluate(state) == ["confidence", 0]
