"""The bench of a cluster runs through, small, in a process of its own: Ray is one a process."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
@pytest.mark.cluster
@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `cluster`")
def test_places_are_at_work_for_a_share_of_the_time() -> None:
    command = [sys.executable, "-m", "bench", "cluster", "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=850)
    assert done.returncode == 0, done.stderr
    busy, *seconds = json.loads(done.stdout)["rows"]
    assert 0 < busy["value"] <= 1 and all(row["value"] > 0 for row in seconds)
