"""The Stage's JavaScript that needs no page, by node's own test runner: tests/js/*.test.mjs."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cu_core.stage import pack
from cu_core.stage.moment import PARTS

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.mjs"))
NEEDED = 20  # node's version: the first in which its test runner is no experiment


def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on PATH (Debian, Ubuntu: apt-get install nodejs)")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.strip().removeprefix("v").split(".")[0]) < NEEDED:
        pytest.skip(f"node {version.stdout.strip()} is older than {NEEDED}")
    return found


@pytest.fixture(scope="module")
def blob(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bytes that Python packs, and beside them what they hold."""
    rng = np.random.default_rng(0)
    title = 'Größe "机" </script>'
    sections = {
        "odd": rng.integers(0, 255, 5).astype("<u1"),
        "xy": rng.integers(0, 65535, (3, 2)).astype("<u2"),
        "index": rng.integers(0, 2**32 - 1, 3).astype("<u4"),
        "none": np.zeros(0, "<u2"),
        "value": rng.normal(size=4).astype("<f4"),
    }
    path = tmp_path_factory.mktemp("node") / "made.blob"
    path.write_bytes(pack({"title": title}, sections))
    held = {name: array.ravel().tolist() for name, array in sections.items()}
    Path(f"{path}.json").write_text(json.dumps({"title": title, "sections": held}))
    return path


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name.split(".")[0])
def test_in_node(file: Path, blob: Path) -> None:
    command = [node(), "--test", "--test-reporter=tap", str(file)]
    environment = {**os.environ, "LETHE_BLOB": str(blob), "LETHE_PARTS": ",".join(PARTS)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^# (pass|fail|skipped) (\d+)$", done.stdout, re.MULTILINE))
    assert int(counts["pass"]) > 0 and counts["fail"] == counts["skipped"] == "0", done.stdout
