"""The examples of docs/WATCH.md and the notebook beside it run as they are printed."""

import re
from pathlib import Path

import pytest

from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = re.findall(r"```python\n(.*?)```", (DOCS / "WATCH.md").read_text("utf-8"), re.DOTALL)
NEEDS = ("torch", "pytorch_lightning", "transformers")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LETHE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "code"), zip(NEEDS, EXAMPLES, strict=True), ids=NEEDS)
def test_an_example_runs_as_it_is_printed(library, code, home, capsys):
    pytest.importorskip(library)
    exec(compile(code, f"WATCH.md, {library}", "exec"), {"__name__": "__example__"})
    (record,) = Store(home).runs()
    assert record.state == "done" and record.is_watched
    assert record.summary.verdict in capsys.readouterr().out


def test_the_notebook_shows_the_player(home, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(DOCS / "watch.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = next(cell for cell in notebook.cells if cell.source == "w.show()")
    (output,) = shown.outputs
    page = output["data"]["text/html"]
    assert page.startswith("<iframe srcdoc=") and len(page) > 100_000
    assert not re.search(r"(src|href)=(&quot;|&#x27;)https?:", page)
    (record,) = Store(home).runs()
    assert record.state == "done"
    assert record.run_id in notebook.cells[-1].outputs[-1]["data"]["text/plain"]
