"""What may go goes, and nothing else."""

import os
import time
from pathlib import Path

from cu_core.store import Store
from cu_core.store.leftovers import leftovers, remove
from tests.store.samples import REQUEST, finished


def put(path: Path, days: float, n: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * n)
    then = time.time() - days * 86_400
    for each in (path, path.parent):
        os.utime(each, (then, then))
    return path


def test_only_what_is_old_and_can_be_spared_goes(store: Store) -> None:
    run_id, paths = finished(store), store.paths
    old = {
        "uploads": put(paths.incoming / "a1b2" / "x.npz", 2),
        "unfinished": put(paths.runs / ".gone-1" / "run.db", 2),
        "moved": put(paths.home / "app.db.damaged-1", 2),
        "decoded": put(paths.data / "1-2" / "about.json", 2),
        "overviews": put(paths.overviews / "o.safetensors", 2),
    }
    half_made = paths.run(run_id)  # by a process that was killed
    for half in (half_made / ".making-run.db", half_made / "ckpt" / ".last.pt.00.tmp"):
        put(half, 2)
    held = store.claim_new(REQUEST)
    waits = put(paths.run(held.run_id) / ".making-run.db", 2)
    young = put(paths.incoming / "c3d4" / "y.npz", 0.5)
    downloaded = put(paths.data / "cifar10" / "data_batch_1", 30)
    found = {one.key: one for one in leftovers(paths)}
    assert found.keys() == old.keys()
    assert all(one.bytes == 100 + 200 * (key == "unfinished") for key, one in found.items())
    assert sum(remove(one) for one in found.values()) == 700
    assert not any(path.exists() for path in old.values())
    assert not any(half_made.rglob(".*")) and waits.exists()
    held.release()
    waits.unlink()
    assert young.exists() and downloaded.exists() and store.run(run_id).state == "done"
    assert leftovers(paths) == []
