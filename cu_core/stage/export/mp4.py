"""The run as a film in H.264, which slides, chats and every player show, in two sizes."""

from __future__ import annotations

import functools
import tempfile
from fractions import Fraction
from pathlib import Path

from cu_core.spec import RunRecord
from cu_core.stage.drawing.film import film
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.export._pictures import drawn, picture
from cu_core.store import Store

RATE = 30  # pictures a second
CODEC = {"crf": "18", "preset": "veryfast", "tune": "animation"}
BT709 = 1  # the colours of HD, said in the file so that no player has to guess
CONTAINER = {"movflags": "+faststart"}  # plays before it has arrived whole


def video(store: Store, record: RunRecord, order: Order = PLAIN, *, size: tuple[int, int]) -> bytes:
    """An MP4 of ``size`` pixels, even on both sides. StoreError when the run has no frame."""
    import av

    shown = picture(store, record, order, size)
    shots = film(shown, RATE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w", format="mp4", options=CONTAINER) as file:
            file.metadata["title"] = str(shown.run.header["title"])
            file.metadata["comment"] = shown.small_print
            stream = file.add_stream("libx264", rate=RATE, options=CODEC)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.time_base = Fraction(1, RATE)
            how = stream.codec_context
            how.colorspace = how.color_primaries = how.color_trc = BT709
            at = 0
            for pixels, count in drawn(shown, shots, order):
                image = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame = image.reformat(format="yuv420p", dst_colorspace="ITU709")
                for _ in range(count):
                    frame.pts, at = at, at + 1
                    file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path.read_bytes()


MP4 = ExportFormat(
    key="mp4",
    title="a film",
    noun="film",
    ending=".mp4",
    mime="video/mp4",
    help="A film of the run in H.264, 1280 by 720, for slides and messages.",
    make=functools.partial(video, size=(1280, 720)),
    seen=True,
    slow=True,
)
LARGE = ExportFormat(
    key="mp4-1080",
    title="a large film",
    noun="large film",
    ending=".1080.mp4",
    mime="video/mp4",
    help="A film of the run in H.264, 1920 by 1080, for a projector.",
    make=functools.partial(video, size=(1920, 1080)),
    seen=True,
    slow=True,
)
