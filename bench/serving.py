"""The app on a free local port, its workers, and a headless Chromium to look at it."""

import os
import shutil
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

from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[1]
START_S = 120.0
QUIET = ("quic", "background-networking", "component-update", "sync", "dev-shm-usage")
ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", *(f"--disable-{it}" for it in QUIET)]
ARGS += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL in software


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[int, str]]:
    """(process id, address) of the app as soon as it answers; it ends with its workers.
    ``options``: of Streamlit, where the app's own are not meant."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    words += options
    server = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=os.environ | {"LETHE_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + START_S
        while not _healthy(port):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The app did not start.")
            time.sleep(0.02)
        yield server.pid, f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        end_workers(Store(home))


def _healthy(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
    except OSError:
        return False
    return True


def end_workers(store: Store) -> None:
    for worker in store.workers():
        os.kill(worker.pid, signal.SIGKILL)


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()
