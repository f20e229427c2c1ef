"""Frames a second of the Stage's playback in headless Chromium with software WebGL, 1440 x 900.

    python -m bench stage_fps            2,000 and 10,000 points x 60 frames, both renderers

Without a graphics card the Stage takes the canvas by itself; WebGL is forced here to time it.
Every figure is a lower bound: a real GPU is faster. Targets: 50 at 2,000 points, 30 at 10,000. The
run is a real one, forgetting class 5 of digits, whose points are shown several times.
"""

import argparse
import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from bench.runs import asked, executed
from bench.serving import chromium
from cu_core.stage import pack, player_html, unpack
from cu_core.stage.export import whole
from cu_core.store import Store

TARGETS = {2_000: 50, 10_000: 30}
FRAMES = 60
ASIDE = 1000  # at most, of the 65,535 that the map is wide
COLUMNS = ("points", "frames", "renderer", "fps (median)", "least", "target")
RESTART = "() => { const s = __lethe.stage; s.seekTo(0); s.clock.speed = 1; s.toggle(); }"


def main(argv: list[str]) -> int:
    options = report.Options("stage_fps", __doc__)
    options.add_argument("--rounds", type=int, default=2, help="plays of each run (default 2)")
    return report.run("stage_fps", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    store, before, rows = Store(home), os.getloadavg()[0], []
    with executed(store, asked(every=1, max_steps=FRAMES - 1)) as record:
        run = whole(store, record)
    with chromium() as browser:
        for n, target in TARGETS.items():
            page = home / f"{n}.html"
            page.write_text(player_html(stretched(run, n), f"{n} points"), "utf-8")
            for mode in ("webgl", "canvas"):
                row = {"points": n, "frames": FRAMES, "target": target}
                rows.append(row | played(browser, page, mode, options.rounds))
    return {"rows": rows, "load": {"before": before, "after": os.getloadavg()[0]}}


def stretched(run: bytes, n: int) -> bytes:
    """The run's blob with ``n`` points: its own again and again, each copy aside of the others by
    the same way in every frame."""
    header, parts = unpack(run)
    own, index = header["n"], np.arange(n) % header["n"]
    wide = {
        name: part.take(index, part.shape.index(own)) if own in part.shape else part
        for name, part in parts.items()
    }
    aside = np.random.default_rng(0).integers(-ASIDE, ASIDE, (n, 2))
    wide["xy"] = np.clip(wide["xy"] + aside, 0, 2**16 - 1).astype(np.uint16)
    return pack({**header, "n": n}, wide)


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
