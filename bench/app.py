"""What a person waits for: server start to painted page, click on Run to the first live frame.

    python -m bench.app          (needs Chromium and the packages of requirements-dev.txt)

Each figure is the median of three, from a monotonic clock, in headless Chromium on this machine.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from cu_core.store import Store
from tests.e2e.conftest import ARGS

ROOT = Path(__file__).resolve().parents[1]

WAIT_MS = 240_000


def serve(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    server = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"LETHE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return server, f"http://127.0.0.1:{port}"


def healthy(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.02)


def close(server: subprocess.Popen[bytes], store: Store) -> None:
    server.terminate()
    server.wait()
    for worker in store.workers():
        os.kill(worker.pid, signal.SIGKILL)


def painted(browser: Any, home: Path) -> dict[str, float]:
    """Seconds from starting the server to the verdict, and to the moving map, on screen."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.monotonic()
    server, url = serve(home)
    healthy(url)
    tab.goto(f"{url}/?debug=1")
    tab.locator(".lethe-verdict").wait_for()
    page = time.monotonic() - began
    tab.wait_for_function("() => window.__lethe && __lethe.ready")
    stage = time.monotonic() - began
    tab.close()
    close(server, Store(home))
    return {"start to page": page, "start to map": stage}


def clicked(browser: Any, home: Path, warm: bool) -> float:
    """Seconds from the click on Run to the first live frame; cold: without an idle worker."""
    store = Store(home)
    server, url = serve(home)
    healthy(url)
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{url}/unlearn?debug=1")
    run = tab.locator(".st-key-dock button:enabled")
    run.wait_for(timeout=WAIT_MS)
    tab.get_by_text("60 steps, about").wait_for(timeout=WAIT_MS)
    time.sleep(15)  # the idle worker has compiled umap by then, and nothing else goes on
    if not warm:
        for worker in store.workers():
            os.kill(worker.pid, signal.SIGKILL)
        time.sleep(0.5)
    began = time.monotonic()
    run.click()
    tab.wait_for_function("() => window.__lethe && __lethe.frames >= 1", timeout=WAIT_MS)
    seconds = time.monotonic() - began
    tab.close()
    close(server, store)
    return seconds


def main() -> None:
    from playwright.sync_api import sync_playwright

    home = Path(tempfile.mkdtemp())
    chromium = shutil.which("chromium") or shutil.which("chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        loads = [painted(browser, home) for _ in range(3)]
        table = {key: statistics.median(load[key] for load in loads) for key in loads[0]}
        table["Run to first frame, warm"] = statistics.median(
            clicked(browser, home, warm=True) for _ in range(3)
        )
        table["Run to first frame, cold"] = statistics.median(
            clicked(browser, home, warm=False) for _ in range(3)
        )
        browser.close()
    table = {key: round(seconds, 2) for key, seconds in table.items()}
    print(json.dumps(table | {"load": os.getloadavg()[0]}, indent=1))


if __name__ == "__main__":
    main()
