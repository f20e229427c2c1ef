"""What another installed package declares by entry points is there, like a file of the tree."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = {
    "lethe.methods": (
        "stand_still",
        """
from cu_core.spec import Method, knob

class StandStill(Method, label="Stand still", paper="none", idea="Nothing.", loss="0"):
    epochs: int = knob(1, 1, 9, help="Passes")
""",
    ),
    "lethe.metrics": (
        "outside_metric",
        """
from cu_core.spec import metric

@metric(title="Half", unit="", range=(0.0, 1.0), better="retrained")
def outside_half(scene):
    return 0.5
""",
    ),
    "lethe.datasets": (
        "outside_data",
        """
from cu_core.data.source import Source
SOURCES = (Source("outside", "Outside", "From elsewhere.", load=lambda argument, home: None),)
""",
    ),
    "lethe.models": (
        "outside_network",
        """
from dataclasses import replace
from cu_core.models.architectures.mlp import ARCHITECTURES as MLP
ARCHITECTURES = (replace(MLP[0], key="outside-mlp"),)
""",
    ),
}
SHOWN = """
from cu_core import data, methods, metrics, models
assert methods.get("stand-still").label == "Stand still"
assert metrics.all_metrics()["outside_half"].title == "Half"
assert "outside" in [source.key for source in data.sources()]
assert "outside-mlp" in models.names()
"""


def installed(folder: Path, modules: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Makes the distribution "beside", and gives the environment that has it."""
    info = folder / "beside-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: beside\nVersion: 1.0\n")
    lines = [f"[{group}]\n{name} = {name}\n" for group, (name, _) in modules.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    for name, text in modules.values():
        (folder / f"{name}.py").write_text(text)
    return os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parents[1]}"}


def run(code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


def test_each_kind_of_extension_is_found(tmp_path: Path) -> None:
    done = run(SHOWN, installed(tmp_path, MODULES))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("taken", ["digits"])
def test_a_name_that_is_taken_is_loud(tmp_path: Path, taken: str) -> None:
    name, text = MODULES["lethe.datasets"]
    clash = {"lethe.datasets": (name, text.replace('"outside"', f'"{taken}"'))}
    done = run("from cu_core import data; data.sources()", installed(tmp_path, clash))
    assert "outside_data.py declares the data source 'digits' a second time" in done.stderr
