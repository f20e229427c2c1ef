"""What a person waits for: server start to painted page, click on Run to the first live frame.

    python -m bench app          (needs Chromium and the packages of requirements-dev.txt)

Each figure is the median of three, from a monotonic clock, in headless Chromium on this machine.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from bench import report
from bench.serving import chromium, end_workers, serving
from cu_core.store import Store

WAIT_MS = 240_000
WINDOW = {"width": 1440, "height": 900}


def main(argv: list[str]) -> int:
    return report.run("app", argv, report.Options("app", __doc__).read(argv), measure, text)


def measure(_options: argparse.Namespace, home: Path) -> report.Found:
    with chromium() as browser:
        loads = [painted(browser, home) for _ in range(3)]
        waits = {name: statistics.median(one[name] for one in loads) for name in loads[0]}
        for name in ("warm", "cold"):
            each = [clicked(browser, home, name == "warm") for _ in range(3)]
            waits[f"Run to first frame, {name}"] = statistics.median(each)
    return {"waits_s": {name: round(seconds, 2) for name, seconds in waits.items()}}


def painted(browser: Any, home: Path) -> dict[str, float]:
    """Seconds from starting the server to the verdict, and to the moving map, on screen."""
    tab = browser.new_page(viewport=WINDOW)
    began = time.monotonic()
    with serving(home) as (_, address):
        tab.goto(f"http://{address}/?debug=1")
        tab.locator(".lethe-verdict").wait_for()
        page = time.monotonic() - began
        tab.wait_for_function("() => window.__lethe && __lethe.ready")
        stage = time.monotonic() - began
        tab.close()
    return {"start to page": page, "start to map": stage}


def clicked(browser: Any, home: Path, warm: bool) -> float:
    """Seconds from the click on Run to the first live frame; cold: without an idle worker."""
    with serving(home) as (_, address):
        tab = browser.new_page(viewport=WINDOW)
        tab.goto(f"http://{address}/unlearn?debug=1")
        run = tab.locator(".st-key-dock button:enabled")
        run.wait_for(timeout=WAIT_MS)
        tab.get_by_text("60 steps. First picture in").wait_for(timeout=WAIT_MS)
        time.sleep(15)  # the idle worker has compiled umap by then, and nothing else goes on
        if not warm:
            end_workers(Store(home))
            time.sleep(0.5)
        began = time.monotonic()
        run.click()
        tab.wait_for_function("() => window.__lethe && __lethe.frames >= 1", timeout=WAIT_MS)
        seconds = time.monotonic() - began
        tab.close()
    return seconds


def text(found: report.Row) -> str:
    rows = [["", "s"], *([name, f"{s:.2f}"] for name, s in found["waits_s"].items())]
    return "\n".join([*report.table(rows), "", report.circumstances(found)])
