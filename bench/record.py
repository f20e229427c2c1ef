"""Packs a finished run as the recording that the Watch page plays.

python -m cu_core unlearn --dataset digits --forget class:8 --home HOME
python -m bench.record HOME RUN assets/demo.lethe
"""

import platform
import sys
from datetime import date
from pathlib import Path

from cu_core.store import Store
from ui import replay, wording
from ui.stage.wire import pack, unpack

LIMIT = 2_000_000  # bytes: it is part of every clone


def main(home: str, run_id: str, target: str) -> None:
    store = Store(home)
    record, reader, catalog = store.run(run_id), store.reader(run_id), store.catalog() or {}
    blob = replay.blob(record, reader, reader.progress(), catalog, replay.Sent(run_id))
    if record.state != "done" or blob is None:
        sys.exit(f"{run_id} is {record.state}; only a finished run with frames can be recorded.")
    header, arrays = unpack(blob)
    versions = record.summary["versions"]
    header |= {
        "verdict": record.summary["verdict"],
        "command": wording.command(record.request),
        "summary": dict(record.summary),
        "recorded": f"{date.today()}, {platform.machine()}, torch {versions['torch']}",
    }
    data = pack(header, arrays)
    if len(data) > LIMIT:
        sys.exit(f"{len(data):,} bytes is more than {LIMIT:,}; record fewer frames.")
    Path(target).write_bytes(data)
    print(f"{target}: {len(data):,} bytes, {header['total']} frames")


if __name__ == "__main__":
    main(*sys.argv[1:4])
