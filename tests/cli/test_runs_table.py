"""``lethe runs --csv`` and ``--parquet``: the rows of the page as files."""

import json
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from cu_core.cli import main
from cu_core.spec import UnlearnRequest
from cu_core.store import Store
from tests.comparison.made_up import CATALOG, ended, many


def test_both_files_have_the_same_rows(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.save_catalog(CATALOG)
    ids = many(store, 4)
    store.label(ids[0], ["paper", "good"], "For the talk, slide 3")
    files = [store.home / "runs.csv", store.home / "runs.parquet"]
    words = ["--csv", str(files[0]), "--parquet", str(files[1]), "--home", str(store.home)]
    assert main(["runs", *words]) == 0
    told = capsys.readouterr().out
    assert f"{files[0]}: 4 runs" in told and f"{files[1]}: 4 runs" in told
    read, whole = pyarrow.csv.read_csv(files[0]), pyarrow.parquet.read_table(files[1])
    assert read.column_names == whole.column_names
    assert whole["Run id"].to_pylist() == ids[::-1]
    assert read["UA (%)"].to_pylist() == whole["UA (%)"].to_pylist() == [3, 2, 1, 0]
    assert whole["Learning rate"].to_pylist() == [1e-4, 1e-3, 1e-2, 1e-1]
    assert whole["Temperature"].to_pylist()[1] is None  # SalUn has none
    assert whole["Tags"].to_pylist()[-1] == "good, paper"
    assert read["Note"].to_pylist()[-1] == "For the talk, slide 3"
    assert "UA gap" in whole["Within the retrained seeds"].to_pylist()[2]
    assert whole["UA gap (points)"].to_pylist() == [3, 2, 1, 0]  # as it was measured
    assert len(set(whole["Run"].to_pylist())) == 4


def test_trials_are_listed_where_their_sweep_is_named(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ended(store, UnlearnRequest())
    trial = ended(store, UnlearnRequest(trial="sweep-0001/3"))
    home = ["--json", "--home", str(store.home)]
    assert main(["runs", *home]) == 0
    assert [run["run_id"] for run in json.loads(capsys.readouterr().out)] == [own]
    assert main(["runs", "--sweep", "sweep-0001", *home]) == 0
    assert [run["run_id"] for run in json.loads(capsys.readouterr().out)] == [trial]


def test_a_home_without_runs_gives_a_file_with_heads_alone(store: Store, tmp_path: Path) -> None:
    store.save_catalog(CATALOG)
    assert main(["runs", "--csv", str(tmp_path / "a.csv"), "--home", str(store.home)]) == 0
    assert (tmp_path / "a.csv").read_text().startswith('"Run","Run id","Data"')
