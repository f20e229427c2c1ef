"""The Python face: the README's lines run as written, and importing or asking changes nothing."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import cu_core as lethe
from cu_core.errors import BadRequest
from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[1]
STATE = """
import sys, torch
def state():
    return torch.get_num_threads(), torch.backends.cudnn.deterministic, torch.get_rng_state().sum()
before = state()
import cu_core as lethe
assert "umap" not in sys.modules and "streamlit" not in sys.modules
lethe.methods(), lethe.datasets(sys.argv[1]), lethe.load("digits", sys.argv[1])
assert state() == before
"""


def readme_lines() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## From Python\n\n((?:    .*\n|\n)+)", text)
    assert found is not None
    return textwrap.dedent(found[1])


def test_the_lines_of_the_readme_run_as_written(tmp_path: Path) -> None:
    lines = readme_lines()
    assert len([line for line in lines.splitlines() if line.strip()]) == 8
    done = subprocess.run(
        [sys.executable, "-c", lines],
        cwd=ROOT,
        env={**os.environ, "LETHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    out = done.stdout.splitlines()
    assert "contrastive" in out[0].split() and "digits" in out[1].split() and out[2] == "(1, 8, 8)"
    (record,) = Store(tmp_path).runs()
    assert record.state == "done" and out[-1] == record.summary.verdict
    assert len(out) == 3 + record.summary.steps + 1


def test_importing_and_asking_change_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-c", STATE, str(tmp_path)]
    assert subprocess.run(words, cwd=ROOT).returncode == 0


def test_a_loop_that_is_left_keeps_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    settings = {"every": 4, "max_steps": 8, "probe_size": 200, "reference": False}
    *_, whole = lethe.unlearn(forget="class:5", home=tmp_path, **settings)
    events = lethe.unlearn(forget="class:5", home=tmp_path, name="left early", **settings)
    for event in events:
        if getattr(event, "step", 0) == 3:
            break
    events.close()
    record = next(r for r in Store(tmp_path).runs() if r.name == "left early")
    assert (record.state, record.step) == ("stopped", 3)
    from cu_core.runs.execute import execute

    store = Store(tmp_path)
    again = execute(store, store.claim_run(record.run_id, ("stopped",)))
    assert again.weights_sha256 == whole.weights_sha256


@pytest.mark.parametrize(
    "settings,sentence",
    [
        ({"seed": -1}, "seed must be an integer in"),
        ({"temperatur": 1}, "has no knob 'temperatur'"),
        ({"forget": "class:eleven"}, "There is no class 'eleven'"),
    ],
)
def test_what_cannot_run_is_refused_at_the_call(
    tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        lethe.unlearn(home=tmp_path, **{"forget": "class:5", **settings})  # type: ignore[arg-type]
    assert Store(tmp_path).runs() == []
