"""Rows of numbers from an .npz file, by the command line: trained, a class unlearned, measured."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cu_core.store import Store

pytestmark = pytest.mark.long  # beside it, `make test-anywhere` runs it

ROOT = Path(__file__).resolve().parents[2]


def test_rows_are_trained_unlearned_and_measured(tmp_path: Path) -> None:
    g = np.random.default_rng(0)
    y = np.arange(600) % 4
    x = 3 * np.eye(4, 12)[y] + g.normal(size=(600, 12))
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    command = [sys.executable, "-m", "cu_core", "unlearn", "--json", "--home", str(tmp_path / "h")]
    command += ["--dataset", f"npz:{tmp_path / 'rows.npz'}", "--model", "mlp"]
    command += ["--method", "contrastive", "--forget", "class:2", "--every", "8"]
    command += ["--set", "epochs=6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["state"] == "done" and found["steps"] > 0
    unlearned, original, retrained = (found[k] for k in ("metrics", "original", "retrained"))
    assert original["ra"] > 90 and original["forget_acc_test"] > 80
    assert unlearned["forget_acc_test"] == retrained["forget_acc_test"] == 0.0
    assert abs(unlearned["ta"] - retrained["ta"]) <= 5
    assert unlearned["knn_probe_forget"] is not None
    frames = Store(tmp_path / "h").reader(found["run_id"]).frames()
    assert frames.steps[0] == 0 and frames.steps[-1] == found["steps"]
    assert np.isfinite(frames.xy).all()
