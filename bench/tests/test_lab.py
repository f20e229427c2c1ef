"""The page's waits: a small made-up run in a real browser, and the arithmetic of a row."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import lab
from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.e2e
def test_a_small_home_is_timed() -> None:
    pytest.importorskip("playwright.sync_api")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "chrome"))):
        pytest.skip("no Chromium on PATH")
    # A process of its own: another test of this one may have a browser already.
    words = [sys.executable, "-m", "bench", "lab", "--quick", "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = {row["name"]: row["value"] for row in found["rows"]}
    assert rows["a run of 20 pictures opened: first picture, s"] > 0 and rows["the load"] > 0.5


def test_a_run_is_made_as_a_worker_would(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run_id = lab.made_up(store, 120, 5)
    frames = store.reader(run_id).frames()
    assert frames.xy.shape == (5, 120, 2) and frames.share is not None and not frames.damaged
    (copy,) = lab.copies(store, run_id, 1)
    assert store.reader(copy).frames().total == 5


def test_a_row_stands_beside_what_is_left_without_the_load() -> None:
    waits = [lab.Waited(1.0, 4.0, 2.0), lab.Waited(3.0, 6.0, 2.0), lab.Waited(2.0, 9.0, 4.0)]
    made = lab.row("opened, s", waits, 1.5)
    assert made["value"] == 2.0 and made["met"] is False
    assert made["note"] == "n = 3, 1.00 to 3.00; over the load 0.50"
    assert lab.row("all, s", waits, 7.0, whole=True)["value"] == 6.0
