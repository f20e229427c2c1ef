"""Memory of the processes that a person has running: the app, an idle worker, a worker on a run.

The app is asked for its page as a browser asks: over its web socket, on a free local port.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from cu_core.spec import UnlearnRequest
from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[1]
MB = 1e6
START_S = 120.0


def app(home: Path, settle_s: float) -> list[dict[str, Any]]:
    """The app before and after a page was opened, and the idle worker that this starts.

    ``settle_s``: how long the worker is watched; it compiles umap after some seconds of quiet.
    """
    with _serving(home) as (server, address):
        rows = [_row("app, no page opened", _mb(server.pid))]
        _open_page(address)
        time.sleep(1.0)
        rows.append(_row("app, a page opened, no run", _mb(server.pid)))
        store = Store(home)
        rows.append(_row("idle worker", _watched(_idle(store), settle_s)))
        for worker in store.workers():
            os.kill(worker.pid, signal.SIGKILL)
    return rows


def worker(home: Path, source: str, model: str, device: str) -> dict[str, Any]:
    """The peak of a worker from its start to the end of a short run, its model trained first."""
    store = Store(home)
    request = UnlearnRequest(
        dataset=source, model=model, forget="class:5", train_epochs=1, max_steps=20,
        reference=False, device=device,
    )  # fmt: skip
    run_id = store.enqueue(request)
    words = ["-m", "cu_core.service.worker", "--home", str(home), "--app", str(os.getpid())]
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _mb(process.pid))
        time.sleep(0.1)
    for successor in store.workers():
        os.kill(successor.pid, signal.SIGKILL)
    record = store.run(run_id)
    if record.state != "done":
        raise RuntimeError(f"The run ended as {record.state}: {record.message}")
    return _row(f"worker on CIFAR-10, {model}, {record.step} steps", peak)


def _row(what: str, peak: float) -> dict[str, Any]:
    return {"process": what, "MB": peak}


@contextmanager
def _serving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = ["-m", "streamlit", "run", "app.py", "--server.headless=true"]
    server = subprocess.Popen(
        [sys.executable, *words, f"--server.port={address.partition(':')[2]}"],
        cwd=ROOT,
        env=os.environ | {"LETHE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + START_S
        while not _healthy(address):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The app did not start.")
            time.sleep(0.1)
        time.sleep(1.0)
        yield server, address
    finally:
        server.terminate()
        server.wait()


def _healthy(address: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=1)
    except OSError:
        return False
    return True


def _open_page(address: str) -> None:
    """Has the first page's script run to its end."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    url = f"ws://{address}/_stcore/stream"
    with connect(url, subprotocols=["streamlit"], max_size=None) as tab:  # type: ignore[list-item]
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


def _watched(pid: int, seconds: float) -> float:
    """The most that a process held in this time."""
    peak, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        peak = max(peak, _mb(pid))
        time.sleep(0.1)
    return peak


def _mb(pid: int) -> float:
    """Of a process now; 0 when it has just gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / MB
    except psutil.NoSuchProcess:
        return 0.0
