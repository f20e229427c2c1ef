"""Lethe as an installed package, in a folder that has a ``cu_core`` and a ``ui`` of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import cu_core

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as site-packages is once the wheel is installed."""
    for module in ("hatchling", "hatch_requirements_txt"):
        pytest.importorskip(module, reason=f"no {module} (pip install -r requirements-dev.txt)")
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


@pytest.fixture
def elsewhere(site: Path, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """(a folder to start from, with decoys in it; the environment of an installed Lethe)."""
    for name in ("cu_core", "ui", "pages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong package')")
    # PYTHONSAFEPATH: the script `lethe` has its own folder, not this one, at the head of the path.
    extra = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1", "LETHE_HOME": str(tmp_path / "home")}
    yield tmp_path, os.environ | extra


def test_one_package_and_its_papers(site: Path) -> None:
    """No ``ui`` and no ``pages`` at the top, and every file that the tree has."""
    tops = {path.name for path in site.iterdir()}
    assert tops == {"cu_core", f"lethe_unlearn-{cu_core.__version__}.dist-info"}
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if kept.returncode == 0:
        inside = ("cu_core/", "ui/", "pages/", "assets/", ".streamlit/", "app.py")
        for name in filter(lambda n: n.startswith(inside), kept.stdout.split()):
            there = site / (name if name.startswith("cu_core/") else f"cu_core/_app/{name}")
            assert (ROOT / name).exists() <= there.is_file(), name
    assert (site / "cu_core/py.typed").is_file()


def test_it_needs_what_the_apps_list_says(site: Path) -> None:
    [info] = site.glob("*.dist-info")
    found = PathDistribution(info)
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = {line.split("#")[0].strip() for line in lines} - {""}

    def parts(lines: Iterable[str]) -> set[tuple[str, SpecifierSet]]:
        made = map(Requirement, lines)
        return {(canonicalize_name(r.name), r.specifier) for r in made}

    needed = [line for line in found.requires or [] if "extra ==" not in line]
    assert parts(needed) == parts(listed)
    assert {entry.name: entry.value for entry in found.entry_points} == {
        "lethe": "cu_core.__main__:run"
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found.metadata["Requires-Python"] == project["requires-python"]
    assert found.metadata["License-Expression"] == "MIT"


def test_it_is_cited_as_what_it_is() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (cited["version"], cited["license"]) == (cu_core.__version__, "MIT")
    papers = {i["value"] for paper in cited["references"] for i in paper["identifiers"]}
    assert papers == {"arXiv:2401.10458", "arXiv:2509.16391"}


def test_it_knows_its_models_from_any_folder(elsewhere: tuple[Path, dict[str, str]]) -> None:
    folder, env = elsewhere
    command = [sys.executable, "-m", "cu_core", "list", "--json"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"small-cnn"' in done.stdout and '"contrastive"' in done.stdout
    assert '"kind": "original"' in done.stdout  # a trained model comes with it


def test_the_app_and_its_worker_start_from_any_folder(
    elsewhere: tuple[Path, dict[str, str]],
) -> None:
    """On this machine alone, and Ctrl-C ends it with exit code 0."""
    folder, env = elsewhere
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cu_core", "app", "--port", str(port)]
    env |= {"STREAMLIT_SERVER_HEADLESS": "true"}
    with (folder / "log").open("wb") as log:
        app: Any = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        _answers(f"http://127.0.0.1:{port}/_stcore/health", app, folder / "log")
        assert f"http://127.0.0.1:{port}" in (folder / "log").read_text()
        code = (
            "from cu_core.service.spawn import ensure_worker; from cu_core.store import Store;"
            f"import sys; store = Store(); ensure_worker(store, {app.pid});"
            "sys.exit(0 if store.idle_workers() else store.home.joinpath('worker.log').read_text())"
        )
        worker = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, text=True)
        assert worker.returncode == 0
    finally:
        app.send_signal(signal.SIGINT)
        assert app.wait(20) == 0, (folder / "log").read_text()


def _answers(url: str, app: Any, log: Path) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and app.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text()}")
