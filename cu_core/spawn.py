"""Starts worker processes without importing anything heavy: pages and workers both call it."""

import subprocess
import sys
from pathlib import Path

from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[1]


def ensure_worker(store: Store, app: int | None = None) -> bool:
    """One idle worker waits, so that a click starts at once. True when one had to be started.

    A session of its own: closing the app or its terminal does not reach a run. An idle worker
    goes when the process ``app`` does; a running one stays to the end of its run.
    """
    if store.idle_workers():
        return False
    watched = ["--app", str(app)] if app else []
    with (store.home / "worker.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "cu_core.worker", "--home", str(store.home), *watched],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return True
