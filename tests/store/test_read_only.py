"""A home that cannot be written: all that is there can be looked at, and nothing is begun."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.store import Store, sql
from cu_core.store.health import findings
from tests.store.samples import REQUEST, ROOT, child, finished
from tests.store.test_layouts import next_version

KILLED = """
import os, sys
from cu_core.store import Store
from tests.store.samples import running
claimed, writer = running(Store(sys.argv[1], bundled=None))
writer.metrics(3, {"ua": 0.5})
print(claimed.run_id, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def runs(home: Path) -> tuple[str, str]:
    """A finished run, and one whose worker was killed, in a home that may still be written."""
    done = finished(Store(home, bundled=None))
    worker = child(KILLED, home)
    assert worker.stdout is not None
    lost = worker.stdout.readline().strip()
    worker.wait()
    return done, lost


@pytest.fixture
def read_only(home: Path, runs: tuple[str, str]) -> Iterator[Path]:
    """The same home, mounted read-only where permissions mean nothing to the one who asks."""
    if os.geteuid():
        home.chmod(0o555)
        yield home
        home.chmod(0o755)
        return
    bound = subprocess.run(["mount", "--bind", str(home), str(home)], capture_output=True)
    if bound.returncode:
        pytest.skip("root can write everywhere, and may mount nothing here")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(home)], check=True)
    yield home
    subprocess.run(["umount", str(home)], check=True)


def test_what_is_there_can_be_looked_at_and_nothing_is_begun(
    read_only: Path, runs: tuple[str, str]
) -> None:
    store, (done, lost) = Store(read_only, bundled=None), runs
    assert [(run.run_id, run.state) for run in store.runs()] == [(lost, "lost"), (done, "done")]
    assert store.reader(done).frames().total == 3
    assert store.reader(lost).metrics()["ua"] == ([3], [0.5])  # which lie in its WAL file alone
    assert store.workers() == [] and store.models() == []
    store.is_ready()  # as every first page says
    for begin in (
        lambda: store.enqueue(REQUEST),
        lambda: store.requeue(lost),
        lambda: store.rename(done, "Another name"),
        lambda: store.delete(done),
        lambda: store.command(lost, "stop"),
    ):
        with pytest.raises(StoreError, match=r"cannot be written|held by a worker|worked on"):
            begin()
    with pytest.raises(StoreError, match=r"can be looked at, .*LETHE_HOME to a folder that can be"):
        store.enqueue(REQUEST)
    assert [one.title for one in findings(store) if "LETHE_HOME" in one.says] == ["Home"]


def test_one_of_an_earlier_layout_is_looked_at_as_it_is(
    read_only: Path, runs: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    next_version(monkeypatch.setattr)
    store = Store(read_only, bundled=None)
    assert {run.run_id for run in store.runs()} == set(runs)
    assert store.reader(runs[0]).frames().total == 3
    assert "LETHE_HOME" in store.db.brought_up
    assert store.db.brought_up in [one.says for one in findings(store) if one.title == "Layout"]


def test_the_command_line_lists_its_runs_and_starts_none(
    read_only: Path, runs: tuple[str, str]
) -> None:
    def lethe(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cu_core", *words, "--home", str(read_only)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    listed = lethe("runs", "--json")
    assert {run["run_id"] for run in json.loads(listed.stdout)} == set(runs)
    refused = lethe("unlearn", "--max-steps", "2")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr and "LETHE_HOME" in refused.stderr


def test_a_home_that_nobody_can_make_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written .*LETHE_HOME"):
        Store(tmp_path / "file" / "home")


def test_an_index_on_a_shared_disk_never_has_a_file_that_only_one_machine_sees(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal of app.db is, by the version of SQLite that can be trusted with WAL."""
    with store.db.read() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    assert mode == ("wal" if sql.WAL_FOR_MANY_WRITERS else "delete")
    mount = type("mount", (), {"mountpoint": "/", "fstype": "nfs4"})
    monkeypatch.setattr("psutil.disk_partitions", lambda all: [mount])
    notes = [one.says for one in findings(store) if one.level == "note"]
    assert any("shared file system (nfs4)" in says for says in notes)
