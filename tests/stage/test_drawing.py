"""Moments of a run drawn without a browser: right colours at right places, whatever the run."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from cu_core.stage.drawing import Picture, captions, palette
from cu_core.stage.drawing.chart import spread
from cu_core.stage.drawing.layout import Box, layout
from cu_core.stage.drawing.names import densest
from cu_core.stage.drawing.pen import Shape
from cu_core.stage.drawing.raster import Raster
from tests.stage.drawings import Bytes, run

LARGE, SMALL = (1280, 720), (640, 400)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
LONG = "Überlange Straßenbahnhaltestelle 机器遗忘 <b>&amp;</b> "
ODD: dict[str, Bytes] = {
    "one frame": run(frames=1),
    "none to forget": run(forget=(), ghost=False),
    "all to forget": run(forget=(0, 1, 2, 3)),
    "25 classes of long names": run(classes=25, names=[f"{k} {LONG}" for k in range(25)]),
    "long words": run(title=LONG * 9, headline=LONG * 4),
    "no curves and no retrained model": run(curves=False, ghost=False),
    "still at work": run(live=True, headline=None),
    "a part of a long run": run(every=4, on_record=24),
    "two samples": run(classes=2, each=1),
}


def drawn(
    bytes_: Bytes, size: tuple[int, int] = LARGE, dark: bool = False, **opens: Any
) -> Picture:
    header, sections = bytes_
    return Picture({**header, "opens": opens}, sections, *size, dark=dark)


def on_map(picture: Picture, at: np.ndarray) -> np.ndarray:
    """Places on the map as pixels of the whole picture, x and y."""
    area = picture.layout.map
    return np.floor(at + np.array([area.x, area.y])).astype(int)


def inside(a: Box, width: float, height: float) -> bool:
    return a.x >= 0 and a.y >= 0 and a.right <= width and a.end <= height


@pytest.mark.parametrize("size", [LARGE, (1920, 1080), SMALL, (480, 320), (1000, 1000)])
@pytest.mark.parametrize("curves", [True, False])
def test_everything_has_a_place_of_its_own_at_any_size(size: tuple[int, int], curves: bool) -> None:
    made = layout(*size, curves)
    boxes = [made.told, made.map, made.track, *([made.charts] if made.charts else [])]
    assert all(inside(box, *size) and box.w > 0 and box.h > 0 for box in boxes)
    assert made.head < made.told.y < made.told.end <= made.map.y
    assert made.map.end < made.track.y < made.track.end < made.foot - made.small
    assert made.charts is None or made.map.right < made.charts.x
    assert (made.charts is not None) == (curves and size[0] >= 900)


def test_a_mark_lies_where_it_should_to_a_part_of_a_pixel() -> None:
    for diamond in (False, True):
        sheet = Raster.sheet(60, 60, WHITE)
        at, colour = np.array([[20.3, 31.8]]), np.array([BLACK], np.uint8)
        sheet.marks(at, colour, colour, np.array([255]), Shape(4.0, 1.0, diamond))
        ink = 255.0 - sheet.pixels[..., 0]
        y, x = np.mgrid[:60, :60] + 0.5
        middle = np.array([(ink * x).sum(), (ink * y).sum()]) / ink.sum()
        assert np.abs(middle - at[0]).max() < 0.1
        area = 2 * 16.0 * 2 if diamond else np.pi * 16.0
        assert ink.sum() / 255 == pytest.approx(area, rel=0.05)


def test_a_line_covers_its_width_and_none_of_it_twice() -> None:
    sheet = Raster.sheet(60, 40, WHITE)
    ends = np.array([[5.0, 10.2, 30.0, 10.2], [30.0, 10.2, 55.0, 10.2]])
    colour, strength = np.zeros((2, 3), np.uint8), np.full(2, 0.5)
    sheet.trails(ends, 1.5, colour, strength)
    covered = (255.0 - sheet.pixels[..., 0]).sum(0) / 255
    assert np.allclose(covered[5:55], 1.5 * 0.5, atol=0.02) and not covered[:5].any()


@pytest.mark.parametrize("mode", ["pred", "true"])
@pytest.mark.parametrize("dark", [False, True])
def test_marks_have_the_colours_of_their_classes(mode: str, dark: bool) -> None:
    picture = drawn(run(each=1, ghost=False), dark=dark, colour=mode)
    pairs = palette.classes(4, dark)
    for t in (0, 5):
        shown = picture.pixels(t)
        for slot, (x, y) in enumerate(on_map(picture, picture.marks.places(t))):
            own = picture.run.label[slot]
            told = picture.run.pred[t][slot] if mode == "pred" else own
            assert tuple(shown[y, x]) == pairs[told].fill, (t, own)


def test_what_is_not_shown_stands_back_and_pins_have_a_ring() -> None:
    bytes_ = run(each=1, ghost=False, forget=(3,))
    plain, alone = drawn(bytes_).pixels(0), drawn(bytes_, only=[2]).pixels(0)
    picture = drawn(bytes_)
    for slot, (x, y) in enumerate(on_map(picture, picture.marks.places(0))):
        same = (plain[y, x] == alone[y, x]).all()
        assert same == (picture.run.label[slot] == 2)
    pinned = drawn(bytes_, pin=[102])
    (slot,) = pinned.look.pins
    assert pinned.run.index[slot] == 102
    x, y = on_map(pinned, pinned.marks.places(0))[slot]
    near = pinned.pixels(0)[y - 20 : y + 21, x - 20 : x + 21].reshape(-1, 3)
    assert (near == pinned.look.theme.accent).all(1).sum() > 40


def test_in_between_marks_lie_in_between() -> None:
    marks = drawn(run()).marks
    a, half, b = (marks.places(t) for t in (2, 2.5, 3))
    assert np.allclose(half, (a + b) / 2) and np.abs(a - b).max() > 3


def test_forget_samples_can_stand_where_the_retrained_model_has_them() -> None:
    usual, moved = drawn(run()), drawn(run(), morph=True)
    kept = usual.run.kept
    assert np.array_equal(usual.marks.places(5)[:kept], moved.marks.places(5)[:kept])
    ghost = usual.camera.pixels(usual.run.ghost)
    assert np.array_equal(moved.marks.places(5)[kept:], ghost)


def test_the_moment_that_is_asked_for_is_the_nearest_frame_else_the_end() -> None:
    asked = [
        drawn(run(), **opens).asked for opens in ({}, {"step": 11}, {"frame": 1}, {"step": 99})
    ]
    assert asked == [5, 2, 1, 5]


def test_the_verdict_and_the_outlines_come_at_the_end_alone() -> None:
    picture = drawn(run())
    early, end = picture.svg(4), picture.svg(5)
    words = "It stopped saying 1"
    assert words not in early and words in end
    assert 'class="retrained"' not in early and 'class="retrained"' in end
    assert 'class="retrained"' in drawn(run(), ghost=True).svg(0)
    assert drawn(run(), ghost=False).svg(5).count('class="retrained"') == 0


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("size", [LARGE, SMALL])
def test_any_run_is_drawn(name: str, size: tuple[int, int]) -> None:
    for mode in ("pred", "moved"):
        picture = drawn(ODD[name], size, colour=mode)
        for t in (0, picture.run.last / 2, picture.run.last):
            shown = picture.pixels(t)
            assert shown.shape == (size[1], size[0], 3)
            assert len(np.unique(shown @ np.array([1, 256, 65536]))) > 50
            ElementTree.fromstring(picture.svg(t))


def test_a_drawing_has_every_mark_and_says_what_it_shows() -> None:
    picture = drawn(run())
    tree = ElementTree.fromstring(picture.svg(0))
    space = {"s": "http://www.w3.org/2000/svg"}
    groups = {"keep": "circle", "forget": "path"}
    found = {
        kind: max(
            len(group.findall(f"s:{shape}", space))
            for group in tree.iterfind(f".//s:g[@class='{kind}']", space)
        )
        for kind, shape in groups.items()
    }
    assert found == {"keep": 36, "forget": 12}
    title, about = (tree.findtext(f"s:{name}", "", space) for name in ("title", "desc"))
    assert title == "Forgetting one"
    assert about.startswith("Step 0 of 25. Each mark") and about.endswith("attest deletion.")


def test_a_letter_that_no_drawing_may_have_is_left_out() -> None:
    """XML has no control characters, not even in a name."""
    odd = drawn(run(names=["a\x01\x0b", "b\x1f", "c\uffff", "d\x00"], title="\x08T<"))
    tree = ElementTree.fromstring(odd.svg(0))
    words = {text.strip() for text in tree.itertext()}
    assert {"a", "b", "c", "d", "T<"} <= words


def test_the_same_moment_gives_the_same_picture() -> None:
    one, other = drawn(run()), drawn(run())
    one.pixels(3)  # what was drawn before changes nothing
    assert np.array_equal(one.pixels(5), other.pixels(5)) and one.svg(5) == other.svg(5)


def test_a_long_run_says_that_it_is_not_shown_whole() -> None:
    assert "Shows 6 of 24 pictures on record." in drawn(ODD["a part of a long run"]).small_print
    assert "Shows" not in drawn(run()).small_print


def test_captions_of_one_s_own_stand_in_place_of_those_in_between() -> None:
    own = [{"step": 0, "text": "Look at the left."}, {"step": 10, "text": "There they go."}]
    told = drawn(run(), captions=own).captions
    assert [(one.t, one.text) for one in told[:2]] == [
        (0, "Look at the left."),
        (2, "There they go."),
    ]
    assert (
        told[-1].text == run()[0]["headline"] and captions.caption_at(told, 4) == "There they go."
    )


def test_names_stand_where_most_of_a_class_lies() -> None:
    crowd = np.concatenate([np.full((9, 2), 5.0), np.full((3, 2), 90.0)])
    spot = densest(crowd, 10.0)
    assert spot is not None and tuple(spot[:2]) == (5, 5)
    assert densest(crowd[:2], 10.0) is None


def test_labels_are_pushed_apart_within_their_room() -> None:
    assert spread([10.0, 12.0], 20.0, 0.0, 100.0) == [10, 30]
    assert spread([99.0, 98.0], 20.0, 0.0, 100.0) == [100, 80]
