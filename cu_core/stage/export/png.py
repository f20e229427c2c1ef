"""A moment of the run as a picture of pixels."""

import io

from PIL import Image, PngImagePlugin

from cu_core.spec import RunRecord
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.export._pictures import picture
from cu_core.store import Store

SIZE = (2560, 1440)  # the film's shape, twice as fine as a screen


def still(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """The moment that is asked for, else the end. StoreError when the run has no frame."""
    shown = picture(store, record, order, SIZE)
    said = PngImagePlugin.PngInfo()
    said.add_itxt("Title", str(shown.run.header["title"]))
    said.add_itxt("Description", shown.told(shown.asked))
    out = io.BytesIO()
    Image.fromarray(shown.pixels(shown.asked)).save(out, "PNG", pnginfo=said, compress_level=7)
    return out.getvalue()


PNG = ExportFormat(
    key="png",
    title="a picture",
    noun="picture",
    ending=".png",
    mime="image/png",
    help="A picture of one moment, else of the end, for slides: map, curves and what is said.",
    make=still,
    seen=True,
)
