"""A run as a GIF and as a film: the pictures that are asked for, told one by one, whole or none."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cu_core.errors import LetheError
from cu_core.spec import RunRecord
from cu_core.stage import export
from cu_core.stage.drawing import Picture, palette
from cu_core.stage.drawing.film import FADE, Shot, film, frames_a_second
from cu_core.stage.export import gif, mp4
from cu_core.store import Store
from tests.pages import fabricate
from tests.stage.drawings import run

av = pytest.importorskip("av")
SIZE = (320, 180)


def picture(size: tuple[int, int] = SIZE, **given: Any) -> Picture:
    return Picture(*run(**given), *size)


@pytest.fixture
def record(store: Store) -> RunRecord:
    return store.run(fabricate.finished(store))


@pytest.fixture
def made(store: Store, record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """``made(key, order)``: the run of a store, drawn small: what is asserted holds at any size."""
    monkeypatch.setattr(gif, "SIZE", SIZE)

    def make(key: str, order: export.Order = export.PLAIN) -> bytes:
        if key == "gif":
            return gif.animation(store, record, order)
        return mp4.video(store, record, order, size=SIZE)

    return make


def count(shots: list[Shot]) -> int:
    return sum(shot.count for shot in shots)


def test_a_film_goes_as_the_stage_does_and_holds_where_it_does() -> None:
    shown = picture(frames=25)
    shots = film(shown, 24.0)
    times = [shot.t for shot in shots]
    assert times == sorted(times) and (times[0], times[-1]) == (0, 24)
    assert {float(i) for i in range(25)} <= set(times)
    holds = {one.t: one.seconds for one in shown.captions}
    assert len(holds) > 2
    for t, seconds in holds.items():
        assert count([s for s in shots if s.t == t]) == pytest.approx(24 * seconds, abs=1)
    moving = [shot for shot in shots if shot.t not in holds]
    assert len(moving) == pytest.approx(24 / frames_a_second() * 24, abs=2 * len(holds))


def test_the_outlines_come_in_at_the_end() -> None:
    shares = [shot.outlines for shot in film(picture(), 30.0)]
    rising = [share for share in shares if 0 < share < 1]
    assert rising == sorted(rising) and len(rising) == pytest.approx(FADE * 30, abs=1)
    assert shares[0] == 0 and shares[-1] == 1
    assert {shot.outlines for shot in film(picture(ghost=False), 30.0)[:-1]} == {0}


def test_a_long_run_goes_by_faster_and_a_single_frame_stands_still() -> None:
    shots = film(picture(frames=1000, each=2), 30.0, most=5.0)
    assert len(shots) < 5 * 30 + 60 and (shots[0].t, shots[-1].t) == (0, 999)
    (only,) = film(picture(frames=1), 30.0)
    assert only.t == 0 and only.count >= 60


def test_a_film_has_its_pictures_its_size_and_its_title(
    made: Callable[..., bytes], store: Store, record: RunRecord
) -> None:
    ticks: list[tuple[int, int]] = []
    order = export.Order(tick=lambda done, total: ticks.append((done, total)))
    data = made("mp4", order)
    shots = film(shown_of(store, record), mp4.RATE)
    with av.open(io.BytesIO(data)) as file:
        (stream,) = file.streams.video
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(stream)]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == mp4.RATE
        assert file.metadata["title"] == shown_of(store, record).run.header["title"]
        assert "does not attest" in file.metadata["comment"]
    assert len(frames) == count(shots)
    assert frames[0].shape == (SIZE[1], SIZE[0], 3)
    assert ticks == [(k, len(shots)) for k in range(len(shots) + 1)]
    end = shown_of(store, record).pixels(shots[-1].t, shots[-1].outlines)
    assert np.abs(frames[-1].astype(int) - end).mean() < 4
    assert data.index(b"moov") < data.index(b"mdat")  # plays before it has arrived whole


def test_a_gif_has_its_pictures_and_goes_round(
    made: Callable[..., bytes], store: Store, record: RunRecord
) -> None:
    ticks: list[tuple[int, int]] = []
    order = export.Order(tick=lambda done, total: ticks.append((done, total)))
    data = made("gif", order)
    shown = shown_of(store, record)
    shots = film(shown, gif.RATE, gif.MOST_SECONDS)
    with Image.open(io.BytesIO(data)) as opened:
        lasts, end = [], None
        for k in range(opened.n_frames):
            opened.seek(k)
            lasts.append(opened.info["duration"])
            end = np.asarray(opened.convert("RGB")).astype(int)
        assert opened.info["loop"] == 0 and opened.size == SIZE
    assert sum(lasts) == 10 * gif.HUNDREDTHS * count(shots)
    assert len(lasts) == len(shots)
    assert ticks == [(k, len(shots)) for k in range(len(shots) + 1)]
    assert end is not None
    assert np.abs(end - shown.pixels(shots[-1].t, shots[-1].outlines)).mean() < 2


def shown_of(store: Store, record: RunRecord) -> Picture:
    from cu_core.stage import unpack

    header, sections = unpack(export.whole(store, record))
    return Picture({**header, "opens": {}}, sections, *SIZE)


def test_colours_of_classes_are_the_same_in_every_picture_of_a_gif() -> None:
    shown = picture()
    colours = {tuple(int(v) for v in row) for row in gif.palette(shown)}
    wanted = {colour for pair in palette.classes(4) for colour in (pair.fill, pair.edge)}
    assert wanted <= colours and shown.look.theme.ground in colours and len(colours) <= 255


@pytest.mark.parametrize("key", ["gif", "mp4"])
def test_the_same_run_gives_the_same_bytes_and_another_look_others(
    made: Callable[..., bytes], key: str
) -> None:
    plain = made(key)
    assert made(key) == plain
    assert made(key, export.Order({"colour": "moved"})) != plain


@pytest.mark.parametrize("key", ["gif", "mp4"])
def test_a_tick_that_raises_ends_it(made: Callable[..., bytes], key: str) -> None:
    class Enough(LetheError):
        pass

    told: list[int] = []

    def tick(done: int, total: int) -> None:
        told.append(done)
        if done == 3:
            raise Enough("stopped")

    with pytest.raises(Enough):
        made(key, export.Order(tick=tick))
    assert told == [0, 1, 2, 3]


def test_the_formats_say_that_they_take_long_and_show_the_screen() -> None:
    known = export.formats()
    assert {key for key, one in known.items() if one.slow} >= {"gif", "mp4", "mp4-1080"}
    assert all(known[key].seen for key in ("gif", "mp4", "mp4-1080", "png", "svg"))
