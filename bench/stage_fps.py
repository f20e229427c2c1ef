"""Frames a second of the Stage's playback in headless Chromium with software WebGL, 1440 x 900.

    python -m bench.stage_fps            2,000 and 10,000 points x 60 frames, both renderers
    python -m bench.stage_fps --json

Without a graphics card the Stage takes the canvas by itself; WebGL is forced here to time it.
Every figure is a lower bound: a real GPU is faster. Targets: 50 at 2,000 points, 30 at 10,000.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.stage_run import made_up_blob
from cu_core.stage import player_html
from tests.e2e.conftest import ARGS

TARGETS = {2_000: 50, 10_000: 30}
FRAMES = 60
RESTART = "() => { const s = __lethe.stage; s.seekTo(0); s.clock.speed = 1; s.toggle(); }"


def measure(browser: Any, page_file: Path, mode: str, rounds: int) -> dict[str, Any]:
    """Median and least of three seconds in each of ``rounds`` plays of the whole run."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page.goto(f"{page_file.as_uri()}?debug=1&renderer={mode}")
    page.wait_for_function("window.__lethe && window.__lethe.ready", timeout=60_000)
    rates = []
    for _ in range(rounds):
        page.evaluate(RESTART)
        page.wait_for_function("__lethe.frame > 10", timeout=60_000)
        for _ in range(3):
            page.wait_for_timeout(1000)
            rates.append(page.evaluate("() => __lethe.fps()"))
        page.wait_for_function("!__lethe.moving", timeout=120_000)
    drawn = page.evaluate("() => __lethe.mode")
    page.close()
    return {"mode": drawn, "fps": statistics.median(rates), "least": min(rates)}


def run(rounds: int) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=ARGS
        )
        for n, target in TARGETS.items():
            page_file = Path(folder) / f"{n}.html"
            page_file.write_text(player_html(made_up_blob(n, FRAMES), f"{n} points"))
            for mode in ("webgl", "canvas"):
                row = measure(browser, page_file, mode, rounds)
                rows.append({"points": n, "frames": FRAMES, "target": target, **row})
        browser.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=2, help="plays of each run (default 2)")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    rows = run(options.rounds)
    load = {"before": before, "after": os.getloadavg()[0], "cores": os.cpu_count()}
    if options.json:
        print(json.dumps({"rows": rows, "load": load}))
        return
    print("points  frames  renderer  fps (median)  least  target")
    for row in rows:
        print(
            f"{row['points']:>6}  {row['frames']:>6}  {row['mode']:<8}  {row['fps']:>12.1f}"
            f"  {row['least']:>5.1f}  {row['target']:>6}"
        )
    print(f"load average {load['before']:.1f} -> {load['after']:.1f} on {load['cores']} cores")


if __name__ == "__main__":
    main()
