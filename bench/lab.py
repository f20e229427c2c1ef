"""What the pages take on a full home: a change of page, an ended run of 200 pictures opened,
samples chosen, a sample pinned.

    python -m bench lab                      (needs Chromium and requirements-dev.txt's packages)

The run is made up and written through the store: 2,000 points with their chances, 10 classes, 200
pictures. A page switch is from the click on the bar until all of the new page and nothing of the
old one is there; an opening is from the click on "Open" to the first picture that is drawn, and
until the page has all 200. A choice is from the end of the lasso to its count in the tray, a pin
to the neighbours in its sheet. Medians with the least and the most of ``--repeats``, each of a run
that nobody has looked at; the first of a server stands apart. Headless Chromium draws on the same
cores. What else runs on them tells in ``the load``: seconds for a second of computing, before and
after each wait; beside every median is what is left of it when each wait is divided by its load.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench import report
from bench.app import WAIT_MS, WINDOW
from bench.report import Found
from bench.serving import chromium, serving
from cu_core.spec import (
    AtlasFacts,
    ForgetFacts,
    Origin,
    Probe,
    RunProgress,
    StepLog,
    Summary,
    UnlearnRequest,
)
from cu_core.store import Store
from cu_core.store.names import name_arrays
from cu_core.store.paths import new_id

CLASSES, EVERY, SIDE = 10, 4, 32
SPUN_S = 0.05
PAGES = {
    "Watch": ".st-key-gallery",
    "Unlearn": ".st-key-dock",
    "Models & data": ".st-key-train-go",
    "Methods": ".st-key-method-contrastive",
}  # by what is on no other page
UNTIL = """
  const until = async (done) => {
    const limit = performance.now() + 60000;
    while (!done()) {
      if (performance.now() > limit) {
        const { stage, draws, frames } = window.__lethe || {};
        const seen = [stage?.run?.id, draws, frames, location.href, document.body.innerText];
        throw new Error(`It never came. On the page: ${seen.join(" | ").slice(0, 3000)}`);
      }
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
  };
"""
OPEN = f"""async ([button, id, frames]) => {{
  const began = performance.now(); {UNTIL}
  document.querySelector(button).click();
  const run = () => window.__lethe?.stage.run?.id === id && __lethe.draws > 0 && __lethe.frames;
  return [await until(run), await until(() => run() >= frames)];
}}"""
SWITCH = f"""async ([title, there, gone]) => {{
  const has = (what) => document.querySelector(what);
  const began = performance.now(); {UNTIL}
  [...document.querySelectorAll("a")].find((one) => one.textContent.trim() === title).click();
  return [await until(() => has(there) && !has(gone))];
}}"""

CHOSEN = f"""async ([count]) => {{
  const said = `${{count.toLocaleString("en")}} images chosen by hand`;
  const began = performance.now(); {UNTIL}
  __lethe.stage.select(Array.from({{ length: count }}, (_, slot) => slot));
  const tray = () => document.querySelector(".st-key-tray")?.textContent || "";
  return [await until(() => tray().includes(said))];
}}"""
PINNED = f"""async ([slot]) => {{
  const {{ stage }} = __lethe;
  const index = stage.run.index[slot];
  const began = performance.now(); {UNTIL}
  stage.map.look.pins = [slot];
  stage.request();
  return [await until(() => index in (stage.run.header.sheets?.of || {{}}))];
}}"""


def main(argv: list[str]) -> int:
    options = report.Options("lab", __doc__)
    options.add_argument("--quick", action="store_true", help="a small run, twice")
    options.sized("--points", 2000, 200, "on the map")
    options.sized("--frames", 200, 20, "of the run")
    options.sized("--repeats", 7, 2, "of each")
    return report.run("lab", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> Found:
    store, rounds = Store(home), options.repeats
    runs = copies(store, made_up(store, options.points, options.frames), rounds + 1)
    with serving(home) as (_, address), chromium() as browser:
        tab = browser.new_page(viewport=WINDOW)
        tab.goto(f"http://{address}/unlearn?debug=1")
        tab.locator(".st-key-dock button:enabled").wait_for(timeout=WAIT_MS)
        tab.wait_for_timeout(5000)  # whatever the engine still does when it has answered
        waits = [opened(tab, run_id, options.frames) for run_id in runs]
        chosen = [_timed(tab, CHOSEN, [100 + k]) for k in range(rounds)]
        tab.wait_for_timeout(5000)  # while a worker tells of the last choice
        pinned = [_timed(tab, PINNED, [k]) for k in range(rounds)]
        tour = ["Unlearn", *(list(PAGES) * (rounds + 1))]
        there = [(new, switched(tab, old, new)) for old, new in pairwise(tour) if old != new]
    seen = there[len(PAGES) :]  # of pages that this tab has had before
    pictures = f"a run of {options.frames} pictures"
    hands = [*waits, *chosen, *pinned]
    loads = [wait.load for wait in hands] + [wait.load for _, wait in there]
    return {
        "rows": [
            row("page switch, s", [wait for _, wait in seen], 0.4),
            *(
                row(f"... to {page}, s", [w for to, w in seen if to == page], None)
                for page in PAGES
            ),
            row(
                "... of a page not seen before, s", [wait for _, wait in there[: len(PAGES)]], None
            ),
            row(f"{pictures} opened: first picture, s", waits[1:], 0.5),
            row("... all of them, s", waits[1:], 1.5, whole=True),
            row("lasso to tray, s", chosen, 0.3),
            row("pin to sheet, s", pinned[1:], 0.2),
            row("... the first of a run, s", pinned[:1], None),
            row("the first run of a server: first picture, s", waits[:1], None),
            row("... all of them, s", waits[:1], None, whole=True),
            report.target("the load", statistics.median(loads)),
        ]
    }


# --- a made-up run ------------------------------------------------------------------------------


def made_up(store: Store, points: int, frames: int) -> str:
    """An ended run of clusters, one of which dissolves, as a worker would have written it."""
    request = UnlearnRequest(probe_size=points, reference=False)
    run_id = store.enqueue(request)
    with store.claim_run(run_id) as claimed:
        writer = store.writer(claimed.run_id)
        store.move(run_id, "starting", "running")
        _write(writer, points, frames)
        writer.finish(Summary(headline="Made up", verdict="A made-up run.", steps=EVERY * frames))
        store.move(run_id, "running", "done")
        writer.close()
    return run_id


def _write(writer: Any, points: int, frames: int) -> None:
    rng = np.random.default_rng(0)
    label = np.sort(rng.integers(0, CLASSES, points))
    centre = 10 * rng.normal(size=(CLASSES, 2))
    home = centre[label] + rng.normal(size=(points, 2))
    goal = np.where((label == 5)[:, None], centre[0] + rng.normal(size=(points, 2)), home)
    index = np.arange(points)
    probe = Probe(index, label, label == 5, index[:20], label[:20])
    writer.probe(probe, atlas=_sheet(rng, points), **name_arrays(Origin(index)))
    forgotten = ForgetFacts(
        rule="class:5", kind="class", classes=(5,), n_forget=int(sum(label == 5))
    )
    names, sheet = (
        tuple(map(str, range(CLASSES))),
        AtlasFacts(mime="image/png", tile=SIDE, columns=50),
    )
    writer.put(
        RunProgress(class_names=names, forget=forgotten, atlas=sheet, total=EVERY * (frames - 1),
                    every=EVERY, scale=float(home.std(0).mean()))
    )  # fmt: skip
    for t in range(frames):
        share = t / max(frames - 1, 1)
        xy = home + share * (goal - home) + rng.normal(scale=0.02, size=home.shape)
        pred = np.where((label == 5) & (rng.random(points) < share), 0, label)
        logits = (8 * np.eye(CLASSES)[pred] + rng.normal(size=(points, CLASSES))).astype(np.float32)
        z = rng.normal(size=(points, 64)).astype(np.float32)
        writer.snapshot(EVERY * t, z=z, logits=logits, test_logits=logits[:20], xy=xy, quality={})
        writer.metrics(EVERY * t, {"forget_acc_train": 100 * (1 - share), "ra": 99.0})
        writer.steps([StepLog(EVERY * t + k, 0.0, {"push": 1 - share}) for k in range(EVERY)])
    writer.put(RunProgress(step=EVERY * (frames - 1)))


def _sheet(rng: Any, points: int) -> Any:
    """The images of the points as a PNG, smooth enough to be as large as photos' is."""
    rows = -(-points // 50)
    rough = Image.fromarray(rng.integers(0, 256, (rows * 8, 50 * 8, 3), dtype=np.uint8))
    out = BytesIO()
    rough.resize((50 * SIDE, rows * SIDE), Image.Resampling.BICUBIC).save(out, "PNG")
    return np.frombuffer(out.getvalue(), np.uint8)


def copies(store: Store, run_id: str, count: int) -> list[str]:
    """So many runs like this one, each of which nobody has looked at yet."""
    made = [new_id() for _ in range(count)]
    for other in made:
        shutil.copytree(store.paths.run(run_id), store.paths.run(other))
    return made


# --- what is timed ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waited:
    """Seconds to a first picture, or to a page, and to the whole; ``load``: of the machine."""

    first: float
    whole: float
    load: float


def opened(tab: Any, run_id: str, frames: int) -> Waited:
    """From the click on a run's "Open" to its first picture, and to all of them."""
    return _timed(tab, OPEN, [f".st-key-open-{run_id} button", run_id, frames])


def switched(tab: Any, old: str, new: str) -> Waited:
    """From the click on a page's name to all of it, and nothing of the other one."""
    return _timed(tab, SWITCH, [new, PAGES[new], PAGES[old]])


def _timed(tab: Any, script: str, words: Sequence[Any]) -> Waited:
    before = _load()
    spent = tab.evaluate(script, words)
    return Waited(spent[0] / 1000, spent[-1] / 1000, (before + _load()) / 2)


def _load() -> float:
    """Seconds that computing for one second takes now."""
    began, spent = time.perf_counter(), time.thread_time()
    while time.thread_time() - spent < SPUN_S:
        pass
    return (time.perf_counter() - began) / SPUN_S


def row(name: str, waits: Sequence[Waited], most: float | None, whole: bool = False) -> Found:
    """The median, beside it the least and the most, and the median without the load."""
    values = [wait.whole if whole else wait.first for wait in waits]
    quiet = statistics.median(v / wait.load for v, wait in zip(values, waits, strict=True))
    said = f"n = {len(values)}, {min(values):.2f} to {max(values):.2f}; over the load {quiet:.2f}"
    return report.target(name, statistics.median(values), most=most, note=said)


def text(found: report.Row) -> str:
    return "\n".join([*report.target_table(found["rows"]), "", report.circumstances(found)])
