"""Frames a second of the Stage's playback in headless Chromium with software WebGL, 1440 x 900.

    python -m bench stage_fps            2,000 and 10,000 points x 60 frames, both renderers

Without a graphics card the Stage takes the canvas by itself; WebGL is forced here to time it.
Every figure is a lower bound: a real GPU is faster. Targets: 50 at 2,000 points, 30 at 10,000. The
runs are made-up numbers, written and exported as any run is.
"""

import argparse
import os
import statistics
from pathlib import Path
from typing import Any

from bench import report
from bench.scale_cells import written
from bench.serving import chromium
from cu_core.stage.export.html import page
from cu_core.store import Store

TARGETS = {2_000: 50, 10_000: 30}
FRAMES = 60
COLUMNS = ("points", "frames", "renderer", "fps (median)", "least", "target")
RESTART = "() => { const s = __lethe.stage; s.seekTo(0); s.clock.speed = 1; s.toggle(); }"


def main(argv: list[str]) -> int:
    options = report.Options("stage_fps", __doc__)
    options.add_argument("--rounds", type=int, default=2, help="plays of each run (default 2)")
    return report.run("stage_fps", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    before, rows = os.getloadavg()[0], []
    with chromium() as browser:
        for n, target in TARGETS.items():
            run = written(str(home), FRAMES, n, classes=10, width=2)["run"]
            store, page_file = Store(home), home / f"{n}.html"
            page_file.write_bytes(page(store, store.run(run)))
            for mode in ("webgl", "canvas"):
                row = {"points": n, "frames": FRAMES, "target": target}
                rows.append(row | played(browser, page_file, mode, options.rounds))
    return {"rows": rows, "load": {"before": before, "after": os.getloadavg()[0]}}


def played(browser: Any, page_file: Path, mode: str, rounds: int) -> dict[str, Any]:
    """Median and least of three seconds in each of ``rounds`` plays of the whole run."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    tab.goto(f"{page_file.as_uri()}?debug=1&renderer={mode}")
    tab.wait_for_function("window.__lethe && window.__lethe.ready", timeout=60_000)
    rates = []
    for _ in range(rounds):
        tab.evaluate(RESTART)
        tab.wait_for_function("__lethe.frame > 10", timeout=60_000)
        for _ in range(3):
            tab.wait_for_timeout(1000)
            rates.append(tab.evaluate("() => __lethe.fps()"))
        tab.wait_for_function("!__lethe.moving", timeout=120_000)
    drawn = tab.evaluate("() => __lethe.mode")
    tab.close()
    return {"mode": drawn, "fps": statistics.median(rates), "least": min(rates)}


def text(found: report.Row) -> str:
    rows, load = [list(COLUMNS)], found["load"]
    for one in found["rows"]:
        rates = [f"{one['fps']:.1f}", f"{one['least']:.1f}"]
        rows.append(
            [str(one["points"]), str(one["frames"]), one["mode"], *rates, str(one["target"])]
        )
    told = f"load average {load['before']:.1f} -> {load['after']:.1f}"
    return "\n".join([*report.table(rows), "", told, report.circumstances(found)])
