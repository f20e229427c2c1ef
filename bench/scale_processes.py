"""Memory of the processes that a person has running: the app, an idle worker, a worker on a run.

The app is asked for its page as a browser asks: over its web socket.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bench.runs import asked
from bench.serving import ROOT, START_S, end_workers, serving
from cu_core.store import Store

MB = 1e6


def app(home: Path, settle_s: float) -> list[dict[str, Any]]:
    """The app before and after a page was opened, and the idle worker that this starts.

    ``settle_s``: how long the worker is watched; it compiles umap after some seconds of quiet.
    """
    with serving(home) as (server, address):
        time.sleep(1.0)
        rows = [_row("app, no page opened", _mb(server))]
        _open_page(address)
        time.sleep(1.0)
        rows.append(_row("app, a page opened, no run", _mb(server)))
        idle, until = _idle(Store(home)), time.monotonic() + settle_s
        rows.append(_row("idle worker", _watched(idle, lambda: time.monotonic() < until)))
    return rows


def worker(home: Path, source: str, model: str, device: str) -> dict[str, Any]:
    """The peak of a worker from its start to the end of a short run, its model trained first."""
    store = Store(home)
    short = {"train_epochs": 1, "max_steps": 20, "reference": False}
    run_id = store.enqueue(asked(dataset=source, model=model, device=device, **short))
    words = ["-m", "cu_core.service.worker", "--home", str(home), "--app", str(os.getpid())]
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL)
    peak = _watched(process.pid, lambda: process.poll() is None)
    end_workers(store)  # the one that follows it
    record = store.run(run_id)
    if record.state != "done":
        raise RuntimeError(f"The run ended as {record.state}: {record.message}")
    return _row(f"worker on CIFAR-10, {model}, {record.step} steps", peak)


def _row(what: str, peak: float) -> dict[str, Any]:
    return {"process": what, "MB": peak}


def _open_page(address: str) -> None:
    """Has the first page's script run to its end."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    url, protocols = f"ws://{address}/_stcore/stream", ["streamlit"]
    with connect(url, subprotocols=protocols, max_size=None) as tab:  # type: ignore[arg-type]
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        tab.send(ask.SerializeToString())
        told = ForwardMsg()
        while told.WhichOneof("type") != "script_finished":
            told.ParseFromString(tab.recv(timeout=START_S))


def _idle(store: Store) -> int:
    """The process id of the worker that the page has started."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        for found in store.workers():
            if found.role == "idle":
                return found.pid
        time.sleep(0.1)
    raise RuntimeError("No idle worker appeared after a page was opened.")


def _watched(pid: int, on: Callable[[], bool]) -> float:
    """The most that a process held in the meantime."""
    peak = 0.0
    while on():
        peak = max(peak, _mb(pid))
        time.sleep(0.1)
    return peak


def _mb(pid: int) -> float:
    """Of a process now; 0 when it has just gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / MB
    except psutil.NoSuchProcess:
        return 0.0
