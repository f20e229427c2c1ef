"""What a person waits for, and what the page costs: painted, click to first frame and to verdict.

    python -m bench app [--runs 100]         (needs Chromium and requirements-dev.txt's packages)

Seconds from a monotonic clock, in headless Chromium, which draws WebGL in software on the same
cores; CPU seconds (user + system) of browser, server and worker from the click to the verdict;
megabytes resident of the idle worker, and of the app after looks at some of the runs in its list.
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import psutil

from bench import report, scale_cells
from bench.serving import chromium, end_workers, serving
from cu_core.store import Store
from cu_core.store.paths import new_id

WAIT_MS = 240_000
WINDOW = {"width": 1440, "height": 900}
LOOK_S = 0.1  # between two looks at a run that is live
DRAWS = "() => (window.__lethe && __lethe.draws) || 0"  # pictures drawn so far
ENDED = "() => window.__lethe && __lethe.stage.run && __lethe.stage.run.header.verdict"
SHOW_EACH = """for (let t = 0; t < __lethe.frames; t++) {
    __lethe.stage.seekTo(t); await new Promise(requestAnimationFrame); }"""
FRAME = "() => window.__lethe && __lethe.frames >= 1"


def main(argv: list[str]) -> int:
    options = report.Options("app", __doc__)
    options.add_argument("--quick", action="store_true", help="one of each")
    options.sized("--repeats", 3, 1, "of each wait")
    options.sized("--runs", 100, 20, "in the list of the app whose memory is read")
    options.sized("--looks", 20, 5, "at different ones of them")
    options.sized("--frames", 1000, 300, "of a run whose opening is timed")
    return report.run("app", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    with chromium() as browser:
        loads = [painted(browser, home) for _ in range(options.repeats)]
        warm = [clicked(browser, home, True) for _ in range(options.repeats)]
        cold = [clicked(browser, home, False) for _ in range(options.repeats)]
        memory = looked_at(browser, home, options.runs, options.looks)
        memory |= opened(browser, home, options.frames)
    sides = {"": loads, "idle worker: ": warm, "no worker: ": cold}
    return {
        "measured": {
            f"{side}{name}": [one[name] for one in found]
            for side, found in sides.items()
            for name in found[0]
        }
        | memory
    }


def painted(browser: Any, home: Path) -> report.Found:
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
    return {"start to page, s": page, "start to map, s": stage}


def clicked(browser: Any, home: Path, warm: bool) -> report.Found:
    """From the click on Run, on digits; cold: without an idle worker."""
    store, found = Store(home), {}
    with serving(home) as (server, address):
        tab = browser.new_page(viewport=WINDOW)
        tab.goto(f"http://{address}/unlearn?debug=1")
        run = tab.locator(".st-key-dock button:enabled")
        run.wait_for(timeout=WAIT_MS)
        tab.get_by_text("60 steps. First picture in").wait_for(timeout=WAIT_MS)
        time.sleep(5)  # whatever still goes on when the estimate is there
        idle = [psutil.Process(worker.pid) for worker in store.workers()]
        if warm:
            found = {"workers": len(idle), "idle worker, MB": megabytes(idle[0])}
        else:
            end_workers(store)
            time.sleep(0.5)
        costs = Costs(server, store)
        began = time.monotonic()
        run.click()
        tab.wait_for_function(FRAME, timeout=WAIT_MS)
        found["click to first frame, s"] = time.monotonic() - began
        while not tab.evaluate(ENDED):
            costs.read()
            time.sleep(LOOK_S)
        found["click to verdict, s"] = time.monotonic() - began
        found |= costs.read()
        found["pictures drawn"] = tab.evaluate(DRAWS)
        tab.close()
    return found


class Costs:
    """CPU seconds of browser, server and workers since this was made. ``read`` now and then: a
    process that has ended no longer says what it took."""

    def __init__(self, server: int, store: Store) -> None:
        self.server, self.store = psutil.Process(server), store
        self.began: dict[int, float] = {}
        self.spent: dict[str, dict[int, float]] = {}
        self._look(self.began.setdefault)

    def _look(self, note: Any) -> None:
        browsers = psutil.Process().children(recursive=True)
        shared = {self.server.pid, *(worker.pid for worker in self.store.workers())}
        sides = {
            "browser": [it for it in browsers if it.pid not in shared and "chrom" in name(it)],
            "server": [self.server],
            "workers": [psutil.Process(it.pid) for it in self.store.workers()],
        }
        for side, processes in sides.items():
            for process in processes:
                spent = cpu(process)
                self.spent.setdefault(side, {})[process.pid] = spent
                note(process.pid, spent)

    def read(self) -> dict[str, float]:
        self._look(lambda pid, spent: None)
        return {
            f"CPU of {side}, s": sum(spent - self.began.get(pid, 0.0) for pid, spent in all.items())
            for side, all in self.spent.items()
        }


def name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)


def looked_at(browser: Any, home: Path, runs: int, looks: int) -> report.Found:
    """Megabytes of the app before and after looks at ``looks`` of ``runs`` runs, copies of one."""
    store = Store(home)
    (first, *_) = [one.run_id for one in store.runs() if one.state == "done"]
    copies: list[str] = []
    while len(copies) < runs:
        copies.append(new_id())
        shutil.copytree(store.paths.run(first), store.paths.run(copies[-1]))
    with serving(home) as (server, address):
        tab = browser.new_page(viewport=WINDOW)
        tab.goto(f"http://{address}/unlearn?debug=1")
        tab.locator(".lethe-verdict").wait_for()
        time.sleep(8)
        before = megabytes(psutil.Process(server))
        for run_id in copies[:looks]:
            tab.goto(f"http://{address}/unlearn?debug=1&run={run_id}")
            tab.wait_for_function(ENDED, timeout=WAIT_MS)
        after = megabytes(psutil.Process(server))
        tab.close()
    return {f"app, {runs} runs, MB": [before], f"app after {looks} looks, MB": [after]}


def opened(browser: Any, home: Path, frames: int) -> report.Found:
    """Of a run of 500 points: seconds from its address to its picture, and the page's memory then
    and once every picture has been shown."""
    run_id = scale_cells.written(str(home), frames, 500, 10, 128)["run"]
    heap, named = [], f"{frames} pictures: "
    with serving(home) as (_, address):
        tab = browser.new_page(viewport=WINDOW)
        tab.goto(f"http://{address}/runs")  # what any first page costs is told above
        tab.locator(".lethe-verdict").wait_for(timeout=WAIT_MS)
        began = time.monotonic()
        tab.goto(f"http://{address}/unlearn?debug=1&run={run_id}")
        tab.wait_for_function("() => window.__lethe && __lethe.ready", timeout=WAIT_MS)
        waited = time.monotonic() - began
        session = tab.context.new_cdp_session(tab)
        for show in ("", SHOW_EACH):
            tab.evaluate(f"async () => {{ {show} }}")
            session.send("HeapProfiler.collectGarbage")
            heap.append(session.send("Runtime.getHeapUsage")["usedSize"] / 2**20)
        held = tab.evaluate("__lethe.frames")
        tab.close()
    return {
        f"{named}address to picture, s": [waited],
        f"{named}held": [held],
        f"{named}page's heap, MB": heap[:1],
        f"{named}after all were shown, MB": heap[1:],
    }


def text(found: report.Row) -> str:
    rows = [["", "median", "lowest", "highest", "n"]]
    for title, values in found["measured"].items():
        shown = [f"{it:.2f}" for it in (statistics.median(values), min(values), max(values))]
        rows.append([title, *shown, str(len(values))])
    return "\n".join([*report.table(rows), "", report.circumstances(found)])
