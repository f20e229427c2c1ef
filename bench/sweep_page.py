"""How long the page of a sweep takes to open: from the address to gallery and front on screen.

    python -m bench sweep_page [--trials 500]   (needs Chromium and requirements-dev.txt's packages)

Seconds from a monotonic clock, in headless Chromium, of a sweep that nobody ran: its numbers are
made up, and as many as a large one has. A new browser each time; the server has started before.
The other figures and the table are drawn once a person asks: from the press to the picture.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from bench.serving import chromium, serving
from cu_core.figures.sweeps import figures
from cu_core.spec import SweepProgress, SweepRequest, Trial, fronts
from cu_core.store import Store

MOST = 2.0  # s
WAIT_MS = 240_000
WINDOW = {"width": 1440, "height": 900}
KNOBS = {
    "contrast_weight": {"low": 0.1, "high": 10, "log": True},
    "temperature": {"low": 0.05, "high": 1, "log": True},
}
FIGURES = {key: figure.title for key, figure in figures().items()}
GALLERY = """() => document.querySelector(".lethe-best") && window.__trials && __trials.draws > 0"""
PLOT = """() => document.querySelector(".st-key-sweep-{} .js-plotly-plot .main-svg")"""
TABLE = """() => document.querySelector("[data-testid=stDataFrame] canvas")"""


def main(argv: list[str]) -> int:
    options = report.Options("sweep_page", __doc__)
    options.add_argument("--quick", action="store_true", help="once, of few trials")
    options.sized("--repeats", 5, 1, "opened so often")
    options.sized("--trials", 500, 40, "of the sweep")
    return report.run("sweep_page", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    sweep_id = made_up(Store(home), options.trials)
    with chromium() as browser, serving(home) as (_, address):
        opened(browser, f"http://{address}/")  # the first page of a server imports everything
        where = f"http://{address}/sweep?sweep={sweep_id}&debug=1"
        rounds = [parts(browser, where) for _ in range(options.repeats)]
    took = {name: [one[name] for one in rounds] for name in rounds[0]}
    opened_s = {name: statistics.median(took[name]) for name in ("gallery", "front")}
    return {
        "trials": options.trials,
        "took": took,
        "sizes": [report.target(f"{name}, s", it, most=MOST) for name, it in opened_s.items()],
    }


def opened(browser: Any, address: str) -> None:
    tab = browser.new_page(viewport=WINDOW)
    tab.goto(address)
    tab.locator(".lethe-verdict").wait_for(timeout=WAIT_MS)
    tab.close()


def parts(browser: Any, address: str) -> dict[str, float]:
    """Seconds from the address to sentence, best settings and gallery, and to the front; then from
    a press to each other figure, and to the table."""
    tab = browser.new_page(viewport=WINDOW)
    took, began = {}, time.monotonic()
    tab.goto(address)
    for name, drawn in (("gallery", GALLERY), ("front", PLOT.format("front"))):
        tab.wait_for_function(drawn, timeout=WAIT_MS)
        took[name] = time.monotonic() - began
    asked = {key: (title, PLOT.format(key)) for key, title in FIGURES.items() if key != "front"}
    for name, (words, drawn) in {**asked, "table": ("Table of", TABLE)}.items():
        began = time.monotonic()
        tab.get_by_text(words, exact=name != "table").click()
        tab.wait_for_function(drawn, timeout=WAIT_MS)
        took[name] = time.monotonic() - began
    tab.close()
    return took


def made_up(store: Store, trials: int) -> str:
    """A sweep on record with so many trials that are done, of two knobs and two objectives."""
    asked = SweepRequest.model_validate(
        {"base": {}, "axes": KNOBS, "objectives": ("forget_gap", "ta_gap"), "trials": trials}
    )
    found = [trial(number) for number in range(trials)]
    best = fronts(found, asked.objectives)
    found = [one.model_copy(update={"front": one.number in best}) for one in found]
    sweep_id = store.new_sweep(asked)
    band = dict.fromkeys(asked.objectives, 0.5)
    store.publish(
        sweep_id, SweepProgress(state="done", wanted=trials, trials=tuple(found), band=band)
    )
    return sweep_id


def trial(number: int) -> Trial:
    u, v = (float(x) for x in np.random.default_rng(number).random(2))
    values: dict[str, float | None] = {"forget_gap": 20 * (1 - u) + v, "ta_gap": 5 * u + 2 * v}
    return Trial(
        number=number,
        state="done",
        knobs={"contrast_weight": 10 ** (2 * u - 1), "temperature": 0.05 * 20**v},
        values=values,
        reported=values,
        seconds=2.5,
    )


def text(found: report.Row) -> str:
    rows = [["of a sweep of so many trials", "what", "median s", "lowest", "highest", "n"]]
    for name, took in found["took"].items():
        shown = [f"{it:.2f}" for it in (statistics.median(took), min(took), max(took))]
        rows.append([str(found["trials"]), name, *shown, str(len(took))])
    lines = [*report.table(rows), "", *report.target_table(found["sizes"])]
    return "\n".join([*lines, "", report.circumstances(found)])
