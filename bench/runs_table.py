"""What the table of runs takes on a full home: reading it cold and warm, and drawing its page.

    python -m bench runs_table --runs 500

One run is made up and written through the store, the others are copies of it with a request of
their own. ``cold``: the first look of a process, every record read from its files; ``warm``: the
next one. ``page``: the whole script by Streamlit's own AppTest, no browser.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from bench.runs import ms_of
from cu_core.comparison import differing, rows, table
from cu_core.files import ROOT
from cu_core.spec import MAPPED, Catalog, ModelValues, RunProgress, Summary, UnlearnRequest
from cu_core.store import Store
from cu_core.store.config import Config, read_config, write_config
from cu_core.store.paths import new_id

REPEATS = 5


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m bench runs_table", description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--home", type=Path, help="measure a home that is there, and make none")
    options = parser.parse_args(argv)
    if options.home:
        print(json.dumps(measured(options.home), indent=1))
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _fill(Store(folder), options.runs)
        # A process that has read nothing of it yet.
        command = [sys.executable, "-m", "bench", "runs_table", "--home", folder]
        return subprocess.run(command, check=False).returncode


def measured(home: Path) -> dict[str, float]:
    """Milliseconds by what was done; of what is done again, the least."""
    store = Store(home)

    def read() -> None:
        known = rows.on_record(store, store.runs(*MAPPED))
        made = rows.rows(known, Catalog())
        runs = [(run.record, run.progress) for run in known]
        table.csv(table.table(made, differing.differing(runs, Catalog())))

    os.environ["LETHE_HOME"] = str(home)
    found = {"records, cold": ms_of(lambda: store.runs(*MAPPED))}
    found["labels and rows, cold"] = ms_of(read)
    found["rows and CSV, warm"] = min(ms_of(read) for _ in range(REPEATS))
    app = AppTest.from_file(str(ROOT / "ui/entry.py"), default_timeout=300)
    app.run()
    app.switch_page(str(ROOT / "pages/runs.py"))
    found["page, first"] = ms_of(lambda: app.run())
    found["page, warm"] = min(ms_of(lambda: app.run()) for _ in range(REPEATS))
    return {name: round(value, 1) for name, value in found.items()}


def _fill(store: Store, count: int) -> None:
    """``count`` runs of the same figures, each with a seed and a knob of its own."""
    first = store.enqueue(UnlearnRequest())
    with store.claim_run(first):
        writer = store.writer(first)
        writer.move("starting", "running")
        writer.put(RunProgress(class_names=tuple(map(str, range(10))), total=10, step=10))
        values: ModelValues = {"ua": 3.0, "ra": 99.0, "ta": 96.0, "rho_linear": 0.2}
        writer.finish(Summary(metrics=values, retrained=values, gap={}))
        writer.move("running", "done")
        writer.close()
    source = store.paths.run(first)
    for n in range(1, count):
        folder = store.paths.run(new_id())
        shutil.copytree(source, folder)
        asked = UnlearnRequest(seed=n % 3, hparams={"temperature": 0.1 + n / count})
        known = read_config(source)
        write_config(folder, Config(known.name, time.time(), asked, known.versions))
    store.runs()
