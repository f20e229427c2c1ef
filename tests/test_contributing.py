"""The recipes of CONTRIBUTING.md, each put where it says and used, in a copy of the tree."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(?:python|js)\n(?:#|//) (?P<path>\S+)\n(?P<text>.*?)^```$", re.M | re.S)
RECIPES = {m["path"]: m["text"] for m in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text())}
ROOMS = (
    "cu_core/methods",
    "cu_core/metrics",
    "cu_core/data",
    "cu_core/models/architectures",
    "cu_core/forget",
    "cu_core/stage/js/views",
    "cu_core/figures",
    "pages",
    "cu_core/stage/export",
    "cu_core/cli",
    "cu_core/events",
    "cu_core/stage/js/panels",
    "cu_core/stories/questions",
)
EXPORTED = """
import numpy as np
from cu_core.cli import main
from cu_core.store import Store
from tests.pages import fabricate

store = Store("kept")
run = fabricate.finished(store)
assert main(["export", run, "--npz", "run.npz", "--home", "kept"]) == 0
kept, frames = np.load("run.npz"), store.reader(run).frames()
assert kept["steps"].tolist() == frames.steps
assert (kept["xy"] == frames.xy).all() and (kept["pred"] == frames.pred).all()
"""
DRAWN = """
from cu_core.figures import figures
from cu_core.figures.gaps import Gaps
from tests.figures.test_figures import values

figure = figures()["gaps"]
told = figure.info(values(metrics={"unlearned": {"ua": 96.0}, "retrained": {"ua": 98.5}}))
assert told == Gaps(("ua",), (2.5,))
assert tuple(figure.draw(told).data[0].y) == (2.5,)
assert figure.info(values(metrics={"unlearned": {"ua": 96.0}})) is None
"""
HAPPENED = """
from pathlib import Path

from cu_core.events import Course, happened
from cu_core.service.catalog import catalog

series = {"knn_probe_forget": ([0, 4, 8, 12], [98.0, 70.0, 60.0, 55.0])}
course = Course(series, retrained={"knn_probe_forget": 61.0})
assert [(one.step, one.key) for one in happened(course, ["probe-falls"])] == [(8, "probe-falls")]
assert happened(Course(series), ["probe-falls"]) == []
assert "probe-falls" in {card.key for card in catalog(Path("home")).events}
"""
ASKED = """
import numpy as np
from cu_core.stories.questions import kinds
from cu_core.stories.story import parse

head = "---\\ntitle: T\\nwords: W\\nruns: [a]\\n---\\n"
(stop,) = parse(head + "## Line\\n\\n? changed: Of how many?").stops
run = {}, {"forget": np.array([1, 1, 0]), "pred": np.array([[1, 2, 3], [1, 1, 1]])}
kind = kinds()[stop.question.kind]
truth = kind.answer(stop.question, [run])
assert truth.sentence == "1 of 2 are answered otherwise." and kind.score(1, truth) == 1.0
assert "1" not in str(kind.form(stop.question, [run])["high"])
"""
OPENED = """
import os
from pathlib import Path

os.environ["LETHE_HOME"] = str(Path("home-without-runs").resolve())
from streamlit.testing.v1 import AppTest
from cu_core.service import spawn
from tests.pages.test_pages import words
from ui import navigation

spawn.ensure_worker = lambda *_: False
assert [page.title for page in navigation.pages()][-1] == "States"
app = AppTest.from_file("ui/entry.py", default_timeout=60).run()
app.switch_page(str(Path("pages/states.py").resolve())).run()
assert not app.exception, app.exception
assert "No run is kept yet" in words(app)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the new files in it."""
    copy = tmp_path_factory.mktemp("house")
    for part in ("cu_core", "ui", "pages", "bench", "tests", "assets", ".streamlit"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("app.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / file, copy)
    for path, text in RECIPES.items():
        assert not (copy / path).exists(), path
        (copy / path).write_text(text, encoding="utf-8")
    return copy


def run(house: Path, *words: str) -> str:
    """What ``python words`` prints in the house; it has to end with exit code 0."""
    env = os.environ | {"LETHE_HOME": str(house / "home"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=house, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_there_is_one_for_each_kind() -> None:
    assert sorted(Path(path).parent.as_posix() for path in RECIPES) == sorted(ROOMS)


def test_they_are_as_tidy_as_the_rest(house: Path) -> None:
    pytest.importorskip("ruff", reason="no ruff (pip install -r requirements-dev.txt)")
    files = [path for path in RECIPES if path.endswith(".py")]
    run(house, "-m", "ruff", "check", "--no-cache", *files)
    run(house, "-m", "ruff", "format", "--no-cache", "--check", *files)
    new = [path.removesuffix(".py").replace("/", ".") for path in files]
    run(house, "-m", "pytest", "-q", "tests/test_architecture.py", "-k", " or ".join(new))


def test_method_metric_and_network_keep_their_contracts(house: Path) -> None:
    new = "to-uniform or forget_confidence or one-layer"
    out = run(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", new)
    assert int(re.findall(r"(\d+) passed", out)[0]) > 10


def test_five_of_them_make_a_run_together(house: Path) -> None:
    """Method, metric, data source, network and rule, by the command line."""
    words = ["--method", "to-uniform", "--dataset", "wine", "--model", "one-layer"]
    told = run(house, "-m", "cu_core", "unlearn", *words, "--forget", "first:20", "--json")
    result = json.loads(told)
    assert result["state"] == "done"
    assert 0 < result["metrics"]["forget_confidence"] <= 100
    listed = run(house, "-m", "cu_core", "list")
    for word in ("to-uniform", "wine", "one-layer", "forget_confidence"):
        assert word in listed, word


def test_view_and_part_are_in_the_stage(house: Path) -> None:
    code = "from cu_core.stage import source; print(source.script())"
    script = run(house, "-c", code)
    assert '"Rows"' in script and '"counted"' in script
    if shutil.which("node"):
        run(house, "-m", "pytest", "-q", "tests/js", "-k", "views")


@pytest.mark.parametrize(
    "code",
    [EXPORTED, DRAWN, HAPPENED, OPENED, ASKED],
    ids=["format", "figure", "event", "page", "question"],
)
def test_it_is_there_and_works(house: Path, code: str) -> None:
    run(house, "-c", code)


def test_the_verb_is_one(house: Path) -> None:
    assert "home" in run(house, "-m", "cu_core", "--help")
    assert run(house, "-m", "cu_core", "home", "--home", "there").strip() == str(house / "there")
