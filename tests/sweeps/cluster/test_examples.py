"""The examples can be read by what they are for, and name verbs that there are."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cu_core.cli import verbs

ROOT = Path(__file__).resolve().parents[3]
BATCH, CLOUD = (ROOT / "examples" / "cluster" / name for name in ("sweep.sbatch", "sweep.sky.yaml"))


def test_the_batch_job_is_a_shell_script() -> None:
    done = subprocess.run(["bash", "-n", str(BATCH)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_cloud_job_is_yaml_with_shell_scripts() -> None:
    job = yaml.safe_load(CLOUD.read_text())
    assert job["num_nodes"] > 1 and job["envs"]["SWEEP"]
    for part in ("setup", "run"):
        done = subprocess.run(["bash", "-n"], input=job[part], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [BATCH, CLOUD], ids=lambda path: path.name)
def test_verbs_of_the_cluster_are_there(path: Path) -> None:
    named = set(re.findall(r"lethe (cluster) (\w+)", path.read_text()))
    assert named and {verb for verb, _ in named} <= set(verbs())
    assert {part for _, part in named} <= {"start", "join", "doctor", "stop"}
