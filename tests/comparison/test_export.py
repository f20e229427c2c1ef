"""Runs beside one another as files: a page that plays them, their table, their curves."""

import base64
import csv
import io
import re
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet
import pytest

from cu_core.cli import main
from cu_core.comparison.export import Beside, beside, formats
from cu_core.comparison.together import ELSEWHERE
from cu_core.errors import StoreError
from cu_core.spec import UnlearnRequest
from cu_core.stage import unpack
from cu_core.stage.export import Order
from cu_core.store import Store
from tests.pages.fabricate import CATALOG, HOSTILE, finished

Out = pytest.CaptureFixture[str]
FORMATS = formats()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "home", bundled=None)
    made.save_catalog(CATALOG)
    return made


@pytest.fixture
def runs(store: Store) -> Sequence[Beside]:
    turned = UnlearnRequest(hparams={"temperature": 0.5}, probe_size=60)
    ids = finished(store), finished(store, request=turned)
    return beside(store, [store.run(run_id) for run_id in ids])


@pytest.mark.parametrize("key", FORMATS)
def test_a_format_is_declared_whole_and_makes_its_file(
    store: Store, runs: Sequence[Beside], key: str
) -> None:
    kind = FORMATS[key]
    assert kind.key == key and kind.title and kind.noun and kind.help.endswith(".")
    assert kind.ending.startswith(".") and "/" in kind.mime
    assert len(kind.make(store, runs)) > 100


def test_no_two_end_alike_and_none_needs_torch() -> None:
    assert len({kind.ending for kind in FORMATS.values()}) == len(FORMATS)
    assert next(iter(FORMATS.values())).purpose == "watch"
    code = "import sys; from cu_core.comparison import export; export.formats()"
    code += "; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_runs_are_called_by_what_sets_them_apart(store: Store, runs: Sequence[Beside]) -> None:
    assert [(run.told.letter, run.told.title) for run in runs] == [
        ("A", "Temperature 0.7"),
        ("B", "Temperature 0.5"),
    ]
    twice = beside(store, [runs[0].record, store.run(finished(store, name=HOSTILE))])
    assert len({run.told.title for run in twice}) == 2


def test_the_page_holds_every_run_and_opens_as_the_screen_was(
    store: Store, runs: Sequence[Beside]
) -> None:
    page = FORMATS["html"].make(store, runs, Order({"by": "steps", "at": 8})).decode()
    found = re.search(r'id="run">([^<]+)<', page)
    assert found is not None
    header, sections = unpack(zlib.decompress(base64.b64decode(found[1])))
    assert [one["title"] for one in header["panes"]] == ["Temperature 0.7", "Temperature 0.5"]
    assert header["screen"] == {"by": "steps", "at": 8} and set(sections) == {"run0", "run1"}
    assert "default-src 'none'" in page and ELSEWHERE not in page
    assert all(run.record.command in page for run in runs)
    assert "does not attest" in page


def test_no_name_can_end_the_page(store: Store) -> None:
    ids = [finished(store, name=f"{HOSTILE} {k}") for k in (1, 2)]
    page = FORMATS["html"].make(store, beside(store, [store.run(one) for one in ids])).decode()
    assert HOSTILE not in page and "&lt;img" in page


def test_the_table_has_a_row_a_run_and_what_was_asked_otherwise(
    store: Store, runs: Sequence[Beside]
) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].make(store, runs).decode())))
    assert [row["Temperature"] for row in rows] == ["0.7", "0.5"]
    typed = pyarrow.parquet.read_table(io.BytesIO(FORMATS["parquet"].make(store, runs)))
    assert typed.column("Temperature").to_pylist() == [0.7, 0.5]
    assert typed.column_names == list(rows[0])


def test_the_curves_have_every_value_of_every_run(store: Store, runs: Sequence[Beside]) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["curves-csv"].make(store, runs).decode())))
    typed = pyarrow.parquet.read_table(io.BytesIO(FORMATS["curves-parquet"].make(store, runs)))
    assert len(rows) == typed.num_rows and list(rows[0]) == typed.column_names
    for run in runs:
        steps, values = store.reader(run.record.run_id).metrics()["ra"]
        own = [row for row in rows if (row["run"], row["metric"]) == (run.told.letter, "ra")]
        course = [(int(row["step"]), float(row["value"])) for row in own if row["step"]]
        assert course == list(zip(steps, values, strict=True))
        assert {row["of"] for row in own if not row["step"]} == {
            "unlearned", "original", "retrained",
        }  # fmt: skip


def test_a_run_without_a_frame_is_a_sentence(store: Store, runs: Sequence[Beside]) -> None:
    waits = store.run(store.enqueue(UnlearnRequest()))
    with pytest.raises(StoreError, match="has no frame"):
        FORMATS["html"].make(store, beside(store, [runs[0].record, waits]))


def test_the_command_line_writes_a_comparison(
    store: Store, runs: Sequence[Beside], tmp_path: Path, capsys: Out
) -> None:
    ids, home = [run.record.run_id for run in runs], ["--home", str(store.home)]
    page, table = tmp_path / "two.html", tmp_path / "two.csv"
    assert main(["export", *ids, "--html", str(page), "--csv", str(table), *home]) == 0
    assert page.read_bytes() == FORMATS["html"].make(store, runs)
    assert table.read_bytes() == FORMATS["csv"].make(store, runs)
    capsys.readouterr()
    nowhere = str(tmp_path / "nowhere")
    for words, sentence in (
        ([*ids, "--zip", nowhere], "--zip is not made of several runs; name one."),
        (
            [ids[0], "--curves-csv", nowhere],
            "--curves-csv is not made of one run; name two to six",
        ),
        ([ids[0], ids[0], "--html", nowhere], "Two to 6 different runs stand beside one another."),
        ([*ids, "20260101-000000-000-abcdef", "--html", nowhere], "There is no run"),
        (ids, "Say what to write the run to: --html FILE"),
    ):
        assert main(["export", *words, *home]) == 2
        assert sentence in capsys.readouterr().err
    assert not Path(nowhere).exists()
