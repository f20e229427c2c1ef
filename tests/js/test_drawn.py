"""Pictures drawn without a browser and the Stage: the same colours, words, places and names."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core.stage import pack
from cu_core.stage.drawing import Picture, palette
from cu_core.stage.drawing.run import Run
from tests.js.test_node import HERE, node
from tests.stage.drawings import run

STAGE = """
import { readFileSync } from "node:fs";
import { parseBlob } from "./cu_core/stage/js/blob.js";
import { Camera, grown } from "./cu_core/stage/js/camera.js";
import { captions } from "./cu_core/stage/js/captions.js";
import { FRAMES_PER_SECOND } from "./cu_core/stage/js/clock.js";
import { HIGHLIGHTS } from "./cu_core/stage/js/highlight.js";
import { densest, members } from "./cu_core/stage/js/names.js";
import { Look } from "./cu_core/stage/js/paint.js";
import { classPalette, movedRamp } from "./cu_core/stage/js/palette.js";
import { Run } from "./cu_core/stage/js/run.js";
import { shortName } from "./cu_core/stage/js/series.js";

const { header, sections } = parseBlob(readFileSync(process.argv[1]));
const { theme, times, mode, only } = JSON.parse(process.argv[2]);
const run = new Run(header, sections);
const camera = new Camera();
camera.home(grown(run.bounds, 0.05));
camera.reset();
camera.resize(776, 534, 165, [20, 4]);
const look = new Look();
look.mode = mode;
look.isolated = new Set(only);
look.dress(classPalette(run.classes.length, theme), movedRamp(theme), theme);
const view = { run, strayed: (slot, t) => run.moved(slot, t) * run.unit > run.floorTo(t),
  way: (slot, t) => run.moved(slot, t) / run.reach };
const slots = Array.from({ length: run.n }, (_, slot) => slot);
const places = members(run).map((own) => own.flatMap((s) => [run.xy[2 * s], run.xy[2 * s + 1]]));
console.log(JSON.stringify({
  palette: classPalette(40, theme).map(({ fill, edge }) => [fill, edge]), ramp: movedRamp(theme),
  captions: captions(run).map(({ t, text, seconds }) => [t, text, seconds]),
  pace: FRAMES_PER_SECOND,
  places: times.map((t) => slots.map((slot) => camera.toPixel(...run.place(slot, t)))),
  fills: times.map((t) => slots.map((slot) => look.colour(view, slot, t).fill)),
  dims: times.map((t) => slots.map((slot) => look.dimsSample(run, slot, Math.round(t)))),
  held: Object.fromEntries(HIGHLIGHTS.map((one) =>
    [one.key, slots.map((slot) => one.holds(run, slot, run.last))])),
  spots: places.map((own) => densest(own, run.reach / 12)),
  steps: times.map((t) => run.stepAt(t)), shorts: header.curves.map(shortName),
}));
"""
TIMES = (0.0, 2.5, 3.25, 5.0)
CASES: dict[str, dict[str, Any]] = {
    "a class": {},
    "several classes": {"forget": (1, 2), "each": 30},
    "single samples": {"forget_classes": []},
    "without a verdict": {"headline": None},
    "without retrained": {"headline": None, "ghost": False},
    "a long run": {"frames": 40},
    "nothing to forget": {"forget": (), "ghost": False},
    "no curves": {"frames": 20, "curves": False},
}


def told(tmp_path: Path, bytes_: Any, dark: bool = False, **look: Any) -> dict[str, Any]:
    """What the Stage's own modules make of a run."""
    own = palette.theme(dark)
    given = {"mode": "pred", "only": [], "times": TIMES, **look}
    given["theme"] = {"dark": dark, "bg": own.ground, "ink": own.ink, "grey": own.grey}
    file = tmp_path / "run.blob"
    file.write_bytes(pack(*bytes_))
    command = [node(), "--input-type=module", "-e", STAGE, "--", str(file), json.dumps(given)]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", CASES)
def test_both_say_the_same_for_as_long(case: str, tmp_path: Path) -> None:
    bytes_ = run(**CASES[case])
    stage = told(tmp_path, bytes_)
    mine = Picture(*bytes_, 640, 400).captions
    assert [[one.t, one.text] for one in mine] == [one[:2] for one in stage["captions"]]
    assert [one.seconds for one in mine] == pytest.approx([one[2] for one in stage["captions"]])


@pytest.mark.parametrize("dark", [False, True])
def test_both_have_the_same_colours(dark: bool, tmp_path: Path) -> None:
    stage = told(tmp_path, run(), dark)
    mine = palette.classes(40, dark)
    assert [[list(pair.fill), list(pair.edge)] for pair in mine] == stage["palette"]
    assert [list(colour) for colour in palette.moved(dark)] == stage["ramp"]


@pytest.mark.parametrize("mode", ["pred", "true", "moved"])
def test_both_paint_each_sample_alike(mode: str, tmp_path: Path) -> None:
    bytes_ = run(scale=20.0, quality=[{"noise_floor": 0.01 * i} for i in range(6)])
    stage = told(tmp_path, bytes_, mode=mode, only=[0, 2])
    header, sections = bytes_
    shown = Picture({**header, "opens": {"colour": mode, "only": [0, 2]}}, sections, 640, 400)
    for k, t in enumerate(TIMES):
        assert shown.look.colours(shown.run, t)[0].tolist() == stage["fills"][k], t
        frame = shown.run.frame(t)
        assert shown.look.dimmed(shown.run, frame).tolist() == stage["dims"][k], t
    if mode == "moved":
        assert len({tuple(fill) for fill in stage["fills"][-1]}) > 2


def test_both_have_marks_and_names_at_the_same_places(tmp_path: Path) -> None:
    bytes_ = run(each=30)
    stage, mine = told(tmp_path, bytes_), Run(*bytes_)
    shown = Picture(*bytes_, 640, 400)
    camera = type(shown.camera)(shown.camera.bounds, 776, 534, 165)
    for k, t in enumerate(TIMES):
        assert np.allclose(camera.pixels(mine.places(t)), stage["places"][k])
        assert mine.step_at(t) == pytest.approx(stage["steps"][k])
    spots = [shown.names._still(k, 0) for k in range(4)]
    assert np.allclose(np.array(spots, float), stage["spots"])


def test_both_highlight_and_call_the_same(tmp_path: Path) -> None:
    from cu_core.stage.drawing.chart import short
    from cu_core.stage.drawing.film import frames_a_second
    from cu_core.stage.drawing.look import HIGHLIGHTS

    bytes_ = run()
    stage, mine = told(tmp_path, bytes_), Run(*bytes_)
    held = {key: holds(mine, mine.last).tolist() for key, holds in HIGHLIGHTS.items()}
    assert held == stage["held"] and frames_a_second() == stage["pace"]
    assert [short(curve) for curve in mine.header["curves"]] == stage["shorts"]
