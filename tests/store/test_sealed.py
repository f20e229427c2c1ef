"""A record that leaves this machine: whole, the same each time, and silent about this machine."""

import sqlite3
from pathlib import Path

import pytest

from cu_core.spec import RunProgress, UnlearnRequest
from cu_core.store import Store
from cu_core.store.config import read_config
from cu_core.store.sealed import arriving, leaving, renamed, sealed
from tests.pages.fabricate import finished

ADA = "ada-of-lovelace"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    person = tmp_path / ADA
    person.mkdir()
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.setenv("USERPROFILE", str(person))
    return person


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home / "lethe", bundled=None)


@pytest.fixture
def run_id(store: Store, home: Path) -> str:
    """A run whose request and record speak of folders of this machine, also of former ones."""
    wanted = home / "list.csv"
    wanted.write_text("index\n3\n4\n")
    asked = {"dataset": f"folder:{home}/photos", "forget": f"indices:{wanted}", "probe_size": 60}
    made = finished(store, request=UnlearnRequest(**asked, model=f"python:{home}/nets.py:small"))
    with store.ended(made):
        writer = store.writer(made)
        for at in ("photos", "other"):
            writer.put(RunProgress(message=f"Read {home / at} and {store.home / 'data'}"))
        writer.event(3, "pause", f"{home} was full")
        writer.close()
    weights = b'{"__metadata__":{"lethe":"{\\"architecture\\":\\"python:%s/nets.py\\"}"}}'
    head = weights % str(home).encode()
    raw = len(head).to_bytes(8, "little") + head + b"tensors"
    (store.paths.run(made) / "unlearned.safetensors").write_bytes(raw)
    return made


def test_nothing_of_this_machine_is_in_it(store: Store, run_id: str) -> None:
    files, weights = sealed(store, run_id)
    assert weights is not None and weights.endswith(b"tensors") and b"python:~/nets.py" in weights
    for name, data in {**files, "weights": weights}.items():
        assert ADA.encode() not in data, name
    assert b"forget: indices:<record>/forget/list.csv" in files["config.yaml"]
    assert files["forget/list.csv"] == b"index\n3\n4\n"
    names = {"config.yaml", "run.db", "probe.safetensors", "forget/list.csv"}
    assert names < files.keys() and sum("snapshots/" in name for name in files) == 6


def test_the_record_is_whole_and_the_same_each_time(
    store: Store, run_id: str, tmp_path: Path
) -> None:
    files, _ = sealed(store, run_id)
    assert sealed(store, run_id)[0] == files
    copy = tmp_path / "run.db"
    copy.write_bytes(files["run.db"])
    with sqlite3.connect(copy) as there, sqlite3.connect(store.paths.run(run_id) / "run.db") as own:
        for table in ("metric", "snapshot"):
            rows = [one.execute(f"SELECT * FROM {table}").fetchall() for one in (there, own)]
            assert rows[0] == rows[1] and rows[0]
        assert there.execute("SELECT text FROM event").fetchall()[-1] == ("~ was full",)


def test_a_request_comes_back_as_it_was_asked(
    store: Store, run_id: str, home: Path, tmp_path: Path
) -> None:
    files, _ = sealed(store, run_id)
    (tmp_path / "config.yaml").write_bytes(files["config.yaml"])
    here = renamed(read_config(tmp_path).request.model_dump(), arriving(tmp_path))
    assert here["dataset"] == f"folder:{home}/photos"
    assert here["model"] == f"python:{home}/nets.py:small"
    assert here["forget"] == f"indices:{tmp_path}/forget/list.csv"


def test_a_folder_is_no_part_of_a_longer_one(store: Store, run_id: str, home: Path) -> None:
    rename = leaving(store, run_id)
    assert rename(f"{home}2/x and {home}") == f"{home}2/x and ~"
    assert rename(f"folder:/mnt{home}/x, folder:{home}/x") == f"folder:/mnt{home}/x, folder:~/x"
    assert rename(f"/mnt/.{home}, {home}:{home}") == f"/mnt/.{home}, ~:~"
