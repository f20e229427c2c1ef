"""The bytes that the Watch page plays: everything to see of a run, with its summary and its date.

Prepared by the command line, the 3-D map and the exact map of the last frame are in it too: there
it has to be seen whether what the animation ends in is so.
"""

import platform
from datetime import date

from cu_core.errors import StoreError
from cu_core.spec import ExactMap, Map3D, RunRecord
from cu_core.stage import pack, unpack
from cu_core.stage.export import _whole
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.store import Store


def recording(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """StoreError for a run that has not come to its end: a recording ends with a verdict."""
    if record.state != "done":
        raise StoreError(
            f"Run {record.run_id} is {record.state}; only a run that is done can be recorded."
        )
    header, arrays = unpack(_whole.whole(store, record))
    torch = record.summary.versions.get("torch")
    made_with = [str(date.today()), platform.machine(), *([f"torch {torch}"] if torch else [])]
    header |= {
        "summary": record.summary.written,
        "recorded": ", ".join(made_with),
    }
    return pack(header, arrays)


def look_back(store: Store, record: RunRecord) -> None:
    """Makes the maps that a recording holds, with the worker's own functions."""
    from cu_core.service import extra_maps  # torch, which a page must not load

    snapshots = store.reader(record.run_id).snapshots()
    if not snapshots:
        raise StoreError(f"Run {record.run_id} has no frame, so there is nothing to record.")
    extra_maps.exact_map(store, ExactMap(run=record.run_id, step=snapshots[-1].step))
    laid_out = extra_maps.map_3d(store, Map3D(run=record.run_id))
    while laid_out.done < laid_out.total:
        laid_out = extra_maps.map_3d(store, Map3D(run=record.run_id))


RECORDING = ExportFormat(
    key="recording",
    title="a recording",
    noun="recording",
    ending=".lethe",
    mime="application/octet-stream",
    help="The bytes that the Watch page plays: for assets/gallery, with a NAME.toml beside it.",
    make=recording,
    prepare=look_back,
)
