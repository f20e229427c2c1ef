"""Endurance: many runs through one app with two tabs open, and what is left of each.

    python -m bench soak --runs 100          (needs Chromium and requirements-dev.txt's packages)
    python -m bench soak --runs 3 --no-browser

One app with a home of its own, as a person starts it. Each run is short (digits, few updates, no
retrained reference); one tab stays on the list of runs, the other opens every new run. After each,
once the app has its idle worker again: memory, descriptors and threads of the app, its processes,
and what of the home nobody claims. Growth is a slope by least squares over the last half, with its
standard error. Every new run is opened by its address, so the page before it is a closed tab, which
Streamlit remembers for a while with three descriptors and some memory: the app says five minutes
(``disconnectedSessionTTL``), here it is ``--closed`` seconds, so that it levels off in a few runs.
"""

import argparse
import math
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench import report
from bench.runs import asked, say
from bench.serving import chromium, serving
from cu_core.service import spawn
from cu_core.spec import FINAL
from cu_core.store import Store
from cu_core.store.leftovers import KINDS

WAIT_S = 300.0
LEAST_OF, APART_S = 5, 0.2  # looks at what comes and goes with every poll: the least counts
MB_A_RUN = 0.1  # wanted at most
STEPS = 6
WINDOW = {"width": 1440, "height": 900}
MEMORY = ("app resident", "app its own")
NOBODYS = ("unfinished", "uploads", "moved")  # of the kinds of leftovers
COUNTED = ("descriptors", "threads", "processes", "zombies", "unclaimed")


def main(argv: list[str]) -> int:
    options = report.Options("soak", __doc__)
    options.add_argument("--runs", type=int, default=100, help="one after the other (100)")
    options.add_argument("--no-browser", action="store_true", help="nobody looks")
    options.add_argument("--closed", type=int, default=20, help="seconds a closed tab is kept (20)")
    return report.run("soak", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    store, rows = Store(home), []
    kept = f"--server.disconnectedSessionTTL={options.closed}"
    with serving(home, kept) as (server, address), watched(options, address) as tabs:
        app = App(server, store)
        spawn.ensure_worker(store, server)
        app.at_rest()
        rows.append({"run": 0, **app.read()})
        for k in range(1, options.runs + 1):
            one_run(store, server, tabs, address, k)
            app.at_rest()
            rows.append({"run": k, **app.read()})
            say(" ".join(f"{name} {value:.4g}" for name, value in rows[-1].items()))
        left = left_behind(store)
    return {"rows": rows, "left": left, "targets": targets(rows)}


@contextmanager
def watched(options: argparse.Namespace, address: str) -> Iterator[list[Any]]:
    """Two tabs: one on the list, one for the runs. None at all where nobody looks."""
    with ExitStack() as stack:
        if options.no_browser:
            yield []
            return
        browser = stack.enter_context(chromium())
        tabs = [browser.new_page(viewport=WINDOW) for _ in range(2)]
        for tab, page in zip(tabs, ("runs", "unlearn"), strict=True):
            tab.set_default_timeout(1000 * WAIT_S)
            tab.goto(f"http://{address}/{page}?debug=1")
            tab.locator(".lethe-verdict").first.wait_for()
        yield tabs


def one_run(store: Store, server: int, tabs: Sequence[Any], address: str, seed: int) -> None:
    """From the queue to its end, and to its last picture where somebody looks."""
    run_id = store.enqueue(asked(max_steps=STEPS, seed=seed, reference=False), f"soak {seed}")
    spawn.see_to_runs(store, server)
    if tabs:
        tabs[1].goto(f"http://{address}/unlearn?debug=1&run={run_id}")
    until(lambda: store.run(run_id).state in FINAL, f"run {run_id} has not ended")
    record = store.run(run_id)
    if record.state != "done":
        raise RuntimeError(f"Run {run_id} is {record.state}: {record.message}")
    if tabs:
        tabs[1].wait_for_function(
            "() => window.__lethe && __lethe.stage.run && __lethe.stage.run.header.verdict"
        )


def until(holds: Any, what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"After {WAIT_S:.0f} s {what}.")
        time.sleep(APART_S)


class App:
    """The server and every process that it or a worker of its home has started."""

    def __init__(self, server: int, store: Store) -> None:
        self.server, self.store = psutil.Process(server), store
        self.known: dict[int, psutil.Process] = {}  # by process id, also those that have ended

    def at_rest(self) -> None:
        """Nothing goes on: one idle worker waits, whose start is over."""

        def idle() -> bool:
            self._meet()
            return [worker.role for worker in self.store.workers()] == ["idle"]

        until(lambda: idle() and len(self._ours()) == 2, "the app is not at rest")

    def _meet(self) -> None:
        for process in [self.server, *self.server.children(recursive=True)]:
            self.known.setdefault(process.pid, process)
        for worker in self.store.workers():
            try:
                self.known.setdefault(worker.pid, psutil.Process(worker.pid))
            except psutil.NoSuchProcess:
                continue

    def _ours(self) -> list[psutil.Process]:
        """Those that live or are zombies; of one whose number another has now, nothing."""
        return [process for process in self.known.values() if process.is_running()]

    def read(self) -> report.Found:
        looks = [self._look() for _ in range(LEAST_OF)]
        return {name: min(look[name] for look in looks) for name in looks[0]}

    def _look(self) -> dict[str, float]:
        time.sleep(APART_S)
        self._meet()
        memory, ours = self.server.memory_full_info(), self._ours()
        states = [process.status() for process in ours if process.is_running()]
        (worker,) = [p for p in ours if p.pid != self.server.pid][:1] or [self.server]
        return {
            "app resident": memory.rss / 2**20,
            "app its own": memory.uss / 2**20,
            "idle worker": worker.memory_info().rss / 2**20,
            "descriptors": self.server.num_fds(),
            "threads": self.server.num_threads(),
            "processes": len(ours),
            "zombies": states.count(psutil.STATUS_ZOMBIE),
            "unclaimed": len(unclaimed(self.store)),
        }


def unclaimed(store: Store) -> list[Path]:
    """What of the home nobody answers for, however young: nothing is being made at rest."""
    paths = store.paths
    found = [path for key in NOBODYS for path in KINDS[key][1](paths)]
    known = {record.run_id for record in store.runs()}
    alive = {str(worker.pid) for worker in store.workers()}
    found += [paths.run(run_id) for run_id in paths.run_ids() if run_id not in known]
    found += [path for path in paths.workers.iterdir() if path.name.split("-")[0] not in alive]
    for folder in (*paths.runs.iterdir(), paths.handouts, paths.incoming):
        found += [path for path in folder.rglob("*") if path.name.startswith(".")]
    return sorted(set(found))


def left_behind(store: Store) -> list[str]:
    """What every one of several looks finds: a file on its way into its place is there for one."""
    looks = []
    for _ in range(LEAST_OF):
        looks.append(set(unclaimed(store)))
        time.sleep(APART_S)
    return sorted(map(str, set.intersection(*looks)))


def slope(values: Sequence[float]) -> tuple[float, float]:
    """(of a straight line through them by least squares, its standard error), a run."""
    n = len(values)
    if n < 3:
        return math.nan, math.nan
    line = statistics.linear_regression(range(n), values)
    off = [value - line.intercept - line.slope * k for k, value in enumerate(values)]
    spread = sum((k - (n - 1) / 2) ** 2 for k in range(n))
    return line.slope, math.sqrt(sum(each * each for each in off) / (n - 2) / spread)


def targets(rows: Sequence[report.Row]) -> list[report.Found]:
    """Slopes over the last half, and the most of what is to be constant beside its first half."""
    half, found = len(rows) // 2, []
    for name in MEMORY:
        grown, error = slope([row[name] for row in rows[half:]])
        note = f"± {error:.3f}; {rows[0][name]:.0f} MB at first, {rows[-1][name]:.0f} at the end"
        wanted = None if math.isnan(grown) else MB_A_RUN
        found.append(report.target(f"{name}, MB a run", grown, most=wanted, note=note))
    for name in COUNTED:
        first, last = ([row[name] for row in part] for part in (rows[:half], rows[half:]))
        most = 0 if name in ("zombies", "unclaimed") else max(first, default=max(last))
        note = f"last half {min(last)} to {max(last)}"
        found.append(
            report.target(f"{name}, the most in the last half", max(last), most, note=note)
        )
    return found


def text(found: report.Row) -> str:
    names = [name for name in found["rows"][0] if name != "run"]
    every = max(1, len(found["rows"]) // 10)
    shown = [row for row in found["rows"] if row["run"] % every == 0]
    lines = [["run", *names]]
    lines += [[str(row["run"]), *(f"{row[name]:,.4g}" for name in names)] for row in shown]
    left = [f"Left behind: {', '.join(found['left']) or 'nothing'}."]
    tables = [*report.table(lines), "", *report.target_table(found["targets"])]
    return "\n".join([*tables, "", *left, "", report.circumstances(found)])
