"""The gallery of a sweep: its bytes in Python, and its painting in headless Chromium, one canvas.

    python -m bench trials               500 trials x 2,000 points, 1440 x 900, software rendering

The pictures are made up; what is measured depends on their number alone. "All maps" draws every
map of the sweep once, though a page draws only those around what is in sight.
"""

import argparse
import base64
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from bench.serving import chromium
from cu_core.spec import SweepProgress, SweepRequest, Trial
from cu_core.stage import source
from cu_core.stage.trials import MARKUP, Sent, blob, packed
from cu_core.store import Store

CLASSES = [str(k) for k in range(10)]
BLOB_MS, PAINT_MS = 300, 1000
PAGE = """<!doctype html><meta charset="utf-8"><style>%s</style><div id="host">%s</div>
<script type="module">%s
window.give = (data) => mount({ parentElement: document.getElementById("host"),
  data, setTriggerValue() {} });
</script>"""
FIRST = """(text) => new Promise((done) => {
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const began = performance.now();
  give(data);
  const wait = () => __trials.draws ? done(performance.now() - began) : requestAnimationFrame(wait);
  wait();
})"""
ALL = """() => {
  const { sheet, grid, trials, colours } = __trials;
  sheet.drop();
  const began = performance.now();
  for (const { number } of trials) sheet.map(number, grid.side, colours);
  return performance.now() - began;
}"""
JUMP = """() => {
  __trials.box.scrollTop = __trials.grid.height / 2;
  __trials.draw();
  return __trials.took;
}"""


def main(argv: list[str]) -> int:
    options = report.Options("trials", __doc__)
    options.add_argument("--quick", action="store_true", help="a small sweep")
    options.sized("--trials", 500, 20, "of the sweep")
    options.sized("--points", 2000, 200, "of a picture")
    options.sized("--rounds", 5, 1, "of each measurement")
    return report.run("trials", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    store = Store(home)
    sweep_id = made(store, options.trials, options.points)
    record, sent = store.sweep(sweep_id), Sent(sweep_id)

    def whole(sent: Sent) -> bytes:
        return blob(record, store.pictures(sweep_id), sent)

    cold, data = timed(lambda: whole(sent))
    again = [timed(lambda: whole(sent))[0] for _ in range(options.rounds)]
    held = [timed(lambda: whole(Sent(sweep_id)))[0] for _ in range(options.rounds)]
    drawn = [painted(home, data) for _ in range(options.rounds)]
    middle = {name: statistics.median(one[name] for one in drawn) for name in drawn[0]}
    targets = [
        report.target("blob, nothing read yet, ms", cold, BLOB_MS),
        report.target("blob, files in memory, ms", statistics.median(held), BLOB_MS),
        report.target("blob, nothing changed, ms", statistics.median(again)),
        report.target("bytes a trial", len(data) / options.trials),
        report.target("mount to first picture, ms", middle["first"], PAINT_MS),
        report.target("all maps, ms", middle["all"], PAINT_MS),
        report.target("another part after a jump, ms", middle["jump"]),
    ]
    return {"targets": targets}


def made(store: Store, trials: int, points: int) -> str:
    """A sweep with so many trials on record, each with a picture."""
    rng, label = np.random.default_rng(0), np.arange(points) % len(CLASSES)
    centres = rng.normal(0, 3, (len(CLASSES), 2))
    first = centres[label] + rng.normal(0, 0.5, (points, 2))
    axes = {"contrast_weight": {"low": 0.1, "high": 10, "log": True}}
    asked = {"base": {}, "axes": axes, "trials": trials}
    sweep_id = store.new_sweep(SweepRequest.model_validate(asked))
    said = []
    for number in range(trials):
        last = first + rng.normal(0, 0.3, (points, 2))
        data = packed(first, last, label, label, label == 0, CLASSES)
        store.save_picture(sweep_id, number, data)
        knobs = {"contrast_weight": float(number)}
        values: dict[str, float | None] = {"avg_gap": float(rng.random())}
        said.append(Trial(number=number, state="done", values=values, knobs=knobs))
    store.publish(sweep_id, SweepProgress(state="done", wanted=trials, trials=tuple(said)))
    return sweep_id


def timed(act: Callable[[], bytes]) -> tuple[float, bytes]:
    """(milliseconds, what it gave)."""
    began = time.perf_counter()
    out = act()
    return 1000 * (time.perf_counter() - began), out


def painted(home: Path, data: bytes) -> dict[str, Any]:
    """Milliseconds in a fresh browser."""
    page = home / "trials.html"
    page.write_text(PAGE % (source.style(), MARKUP, source.script(entry="trials")), "utf-8")
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        tab.goto(f"{page.as_uri()}?debug=1")
        tab.wait_for_function("Boolean(window.give)")
        first = tab.evaluate(FIRST, base64.b64encode(data).decode())
        return {"first": first, "all": tab.evaluate(ALL), "jump": tab.evaluate(JUMP)}


def text(found: report.Row) -> str:
    return "\n".join([*report.target_table(found["targets"]), "", report.circumstances(found)])
