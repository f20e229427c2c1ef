"""A moment of the run as vectors: every mark and word can be picked out and changed."""

from cu_core.spec import RunRecord
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.export._pictures import picture
from cu_core.store import Store

SIZE = (1280, 720)


def drawing(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """The moment that is asked for, else the end. StoreError when the run has no frame."""
    shown = picture(store, record, order, SIZE)
    return shown.svg(shown.asked).encode()


SVG = ExportFormat(
    key="svg",
    title="a drawing",
    noun="drawing",
    ending=".svg",
    mime="image/svg+xml",
    help="The same moment as a vector drawing, for papers and for editing.",
    make=drawing,
    seen=True,
)
