"""Frames a second of several runs on one clock, and how soon they are open, at 1440 x 900.

    python -m bench compare              2, 4 and 6 runs of 60 frames x 2,000 points

Headless Chromium with software WebGL; the page draws on canvases then, as it does by itself where
there is no graphics card. Targets: 30 with four runs, 20 with six; open within 2 s of a page that
is known to the browser. The runs are one real run on digits, whose points are shown several times,
as the runs of as many methods.
"""

import argparse
import os
import statistics
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from bench import report
from bench.runs import asked, executed
from bench.serving import chromium, serving
from bench.stage_fps import stretched
from cu_core.comparison.together import Told, together
from cu_core.stage import source
from cu_core.stage.export import whole
from cu_core.store import Store

TARGETS = {2: 30, 4: 30, 6: 20}
POINTS, FRAMES, OPEN_S = 2_000, 60, 2.0
LETTERS = "ABCDEF"
COLUMNS = ("runs", "points", "frames", "renderer", "fps (median)", "least", "target")
RESTART = "() => { const t = __together.together; t.seekTo(0); t.clock.speed = 1; t.toggle(); }"
READY = "window.__together && window.__together.ready"


def main(argv: list[str]) -> int:
    options = report.Options("compare", __doc__)
    options.add_argument("--rounds", type=int, default=2, help="plays of each page (default 2)")
    return report.run("compare", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    store, before, rows = Store(home), os.getloadavg()[0], []
    request = asked(every=1, max_steps=FRAMES - 1)
    with executed(store, request) as record:
        run = stretched(whole(store, record), POINTS)
        with chromium() as browser:
            for count, target in TARGETS.items():
                page = home / f"{count}.html"
                page.write_text(standing(run, count), "utf-8")
                row = {"runs": count, "points": POINTS, "frames": FRAMES, "target": target}
                rows.append(row | played(browser, page, options.rounds))
    opened = opening(store, home)
    return {"rows": rows, "open": opened, "load": {"before": before, "after": os.getloadavg()[0]}}


def standing(run: bytes, count: int) -> str:
    """A page that plays the run so many times side by side, without the app."""
    data = together([run] * count, [Told(letter, "a run") for letter in LETTERS[:count]])
    script = source.script(entry="together").replace("export default mount;", "")
    return f"""<!doctype html><meta charset="utf-8"><style>{source.style()}</style>
<div id="here">{source.markup("together")}</div><script type="module">{script}
const data = Uint8Array.from(atob("{b64encode(data).decode()}"), (c) => c.charCodeAt(0));
const parentElement = document.getElementById("here");
mount({{ parentElement, data, setStateValue() {{}} }});</script>"""


def played(browser: Any, page_file: Path, rounds: int) -> dict[str, Any]:
    """Median and least of three seconds in each of ``rounds`` plays of the whole."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    tab.goto(f"{page_file.as_uri()}?debug=1")
    tab.wait_for_function(READY, timeout=60_000)
    rates = []
    for _ in range(rounds):
        tab.evaluate(RESTART)
        tab.wait_for_function("__together.times[0] > 8", timeout=60_000)
        for _ in range(3):
            tab.wait_for_timeout(1000)
            rates.append(tab.evaluate("() => __together.fps()"))
        tab.wait_for_function("!__together.moving", timeout=120_000)
    drawn = tab.evaluate("() => __together.modes[0]")
    tab.close()
    return {"mode": drawn, "fps": statistics.median(rates), "least": min(rates)}


def opening(store: Store, home: Path) -> dict[str, list[float]]:
    """Seconds from the address to the maps, of four runs in a browser that has been there."""
    made: list[str] = []
    for seed in range(4):
        with executed(store, asked(every=1, max_steps=FRAMES - 1, seed=seed), keep=True) as record:
            made.append(record.run_id)
    found = []
    with serving(home) as (_, address), chromium() as browser:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        for _ in range(4):
            began = time.monotonic()
            tab.goto(f"http://{address}/compare?compare={','.join(made)}&debug=1")
            tab.wait_for_function(READY, timeout=120_000)
            found.append(time.monotonic() - began)
    return {"first, s": found[:1], "again, s": found[1:]}


def text(found: report.Row) -> str:
    rows, load = [list(COLUMNS)], found["load"]
    for one in found["rows"]:
        facts = [str(one[name]) for name in ("runs", "points", "frames", "mode")]
        rows.append([*facts, f"{one['fps']:.1f}", f"{one['least']:.1f}", str(one["target"])])
    opened = [
        f"open, {name}: {statistics.median(values):.2f} (goal {OPEN_S:.0f})"
        for name, values in found["open"].items()
    ]
    told = f"load average {load['before']:.1f} -> {load['after']:.1f}"
    return "\n".join([*report.table(rows), "", *opened, told, report.circumstances(found)])
