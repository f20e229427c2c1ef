"""Packs a finished run as the recording that the Watch page plays.

python -m cu_core unlearn --dataset digits --forget class:8 --home HOME
python -m bench.record HOME RUN assets/demo.lethe

With it go the retrained model's places, the 3-D map, and the exact map of the last frame: there it
has to be seen whether what the animation ends in is so.
"""

import platform
import sys
from datetime import date
from pathlib import Path

from cu_core.service import extra_maps
from cu_core.service.catalog import catalog
from cu_core.stage import export, pack, unpack
from cu_core.store import Store

LIMIT = 2_000_000  # bytes: it is part of every clone


def main(home: str, run_id: str, target: str) -> None:
    store = Store(home)
    record, reader = store.run(run_id), store.reader(run_id)
    if record.state != "done" or not reader.snapshots():
        sys.exit(f"{run_id} is {record.state}; only a finished run with frames can be recorded.")
    store.save_catalog(catalog(store.home))  # curves are named by it; a command line leaves none
    look_back(store, run_id, reader.snapshots()[-1].step)
    header, arrays = unpack(export.whole(store, record))
    versions = record.summary["versions"]
    header |= {
        "summary": dict(record.summary),
        "view": "answers",  # the Stage opens on it: on digits the answers move, the features hardly
        "recorded": f"{date.today()}, {platform.machine()}, torch {versions['torch']}",
    }
    data = pack(header, arrays)
    if len(data) > LIMIT:
        sys.exit(f"{len(data):,} bytes is more than {LIMIT:,}; record fewer frames.")
    Path(target).write_bytes(data)
    print(f"{target}: {len(data):,} bytes, {header['total']} frames")


def look_back(store: Store, run_id: str, last: int) -> None:
    """Makes the views that a recording holds, with the worker's own functions."""
    extra_maps.exact(store, {"run": run_id, "step": last})
    done, total = 0, 1
    while done < total:
        answer = extra_maps.solid(store, {"run": run_id})
        done, total = answer["done"], answer["total"]


if __name__ == "__main__":
    main(*sys.argv[1:4])
