"""A home of an earlier layout: it opens, plays, and what is changed in it is kept as it was."""

import hashlib
import json
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from cu_core.errors import RunBusy
from cu_core.spec import SCHEMA_VERSION
from cu_core.store import Store, appdb, layouts, runtables, sql
from cu_core.store.health import findings
from cu_core.store.paths import ALIVE, hold
from tests.store.samples import arrays, child, finished

# As the first Lethe made them, and every one since. A table that is changed fails the test below:
# then the number goes up in ``SCHEMA_VERSION`` and ``layouts.LAYOUTS`` says how to get there.
FIRST = {
    "app.db": """
        CREATE TABLE run (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            kind TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL,
            created FLOAT NOT NULL, UNIQUE (run_id));
        CREATE TABLE command (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL, verb TEXT NOT NULL, value TEXT NOT NULL, note TEXT);
        CREATE INDEX command_of_run ON command (run_id, id);
        CREATE TABLE question (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
            payload TEXT NOT NULL, state TEXT NOT NULL, holder TEXT, answer TEXT,
            error TEXT NOT NULL, created FLOAT NOT NULL)""",
    "run.db": """
        CREATE TABLE state (k TEXT NOT NULL, v TEXT NOT NULL, PRIMARY KEY (k)) WITHOUT ROWID;
        CREATE TABLE metric (step INTEGER NOT NULL, name TEXT NOT NULL, value FLOAT,
            kind TEXT NOT NULL, PRIMARY KEY (step, name)) WITHOUT ROWID;
        CREATE TABLE snapshot (step INTEGER NOT NULL, sha256 TEXT NOT NULL,
            view_sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, quality TEXT NOT NULL,
            PRIMARY KEY (step));
        CREATE TABLE event (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL,
            kind TEXT NOT NULL, text TEXT NOT NULL)""",
}
OLD_RUN = "20261121-111111-111-aaaaaa"
OLD_REQUEST = """schema_version: 1
name: contrastive, class:3, digits
created: 1795989119.1739385
request: {dataset: digits, model: small-cnn, head: plain, model_seed: 0, train_epochs: null,
  device: auto, kind: unlearn, original: null, forget: 'class:3', method: contrastive, preset: null,
  hparams: {}, seed: 0, every: null, max_steps: 20, stop_rule: none, probe_size: 2000,
  reference: true}
versions: {lethe: 0.1.0, python: 3.11.7, torch: 2.14.1, system: Linux x86_64}
"""
# One number more for a run, one index more for the index: what a next version might do.
MADE_UP = {
    SCHEMA_VERSION + 1: layouts.Layout(
        index=("ALTER TABLE run ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",),
        run=(
            "ALTER TABLE metric ADD COLUMN note TEXT",
            "INSERT INTO event (step, kind, text) VALUES (0, 'layout', 'brought up')",
        ),
    )
}


def made(tables: str) -> list[tuple[str, list[Any]]]:
    """Its tables and indexes with their columns, as SQLite understands them."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables)
    names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
    return [(name, connection.execute(f"PRAGMA table_xinfo({name})").fetchall()) for name in names]


def dumped(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return ";".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("name", "tables"), [("app.db", appdb.TABLES), ("run.db", runtables.TABLES)]
)
def test_a_table_that_changes_has_a_layout_of_its_own(
    tmp_path: Path, name: str, tables: Any
) -> None:
    assert set(layouts.LAYOUTS) == set(range(2, SCHEMA_VERSION + 1))
    sql.create_whole(tmp_path / name, tables)
    steps = [it.index if name == "app.db" else it.run for it in layouts.LAYOUTS.values()]
    brought = ";".join([FIRST[name], *sum(steps, ())])
    assert made(dumped(tmp_path / name)) == made(brought)


def first_home(home: Path) -> None:
    """A run of one picture in the first layout, whose snapshots had no shares of classes yet."""
    run = home / "runs" / OLD_RUN
    (run / "snapshots").mkdir(parents=True)
    (run / "config.yaml").write_text(OLD_REQUEST)
    picture = {name: arrays(0)[name] for name in ("z", "logits", "test_logits", "xy")}
    picture["pred"] = picture["logits"].argmax(1).astype(np.uint16)
    save_file(picture, run / "snapshots/000000.safetensors")
    drawn = picture["xy"].tobytes() + picture["pred"].tobytes()
    digests = [
        hashlib.sha256(data).hexdigest()
        for data in ((run / "snapshots/000000.safetensors").read_bytes(), drawn)
    ]
    for path in (home / "app.db", run / "run.db"):
        with sqlite3.connect(path) as connection:
            connection.executescript(f"{FIRST[path.name]}; PRAGMA user_version=1")
    with sqlite3.connect(run / "run.db") as connection:
        facts = {"state": "done", "step": 0, "total": 0, "summary": {"metrics": {"ua": 100.0}}}
        rows = [(key, json.dumps(value)) for key, value in facts.items()]
        connection.executemany("INSERT INTO state VALUES (?, ?)", rows)
        connection.execute("INSERT INTO metric VALUES (0, 'ua', 100.0, 'finite')")
        connection.execute("INSERT INTO snapshot VALUES (0, ?, ?, 1, '{}')", digests)
    with sqlite3.connect(home / "app.db") as connection:
        row = (OLD_RUN, "unlearn", "an old run", "done", "", 1.0)
        connection.execute("INSERT INTO run VALUES (1, ?, ?, ?, ?, ?, ?)", row)


def test_a_home_of_the_first_layout_opens_and_plays(home: Path) -> None:
    first_home(home)
    store = Store(home, bundled=None)
    (record,) = store.runs("unlearn")
    assert (record.run_id, record.state, record.name) == (OLD_RUN, "done", "an old run")
    frames = store.reader(OLD_RUN).frames()
    np.testing.assert_array_equal(frames.xy, arrays(0)["xy"][None])
    assert frames.steps == [0] and frames.damaged == 0 and frames.share is None
    assert store.reader(OLD_RUN).metrics()["ua"] == ([0], [100.0])


KILLED = """
import os, signal, sys
import cu_core.cli
from cu_core.store import Store, layouts, sql
from tests.store.test_layouts import next_version
moment, at = sys.argv[2], int(sys.argv[3])
next_version(setattr)
real, seen = layouts.write_atomic, []
def write_atomic(path, data):
    seen.append(path)
    if moment == "copying" and len(seen) == at:
        path.with_name(f".{path.name}.tmp").write_bytes(data[:100])
        os.kill(os.getpid(), signal.SIGKILL)
    real(path, data)
layouts.write_atomic = write_atomic
begin, changed = sql.transaction, []
class Changing:
    def __init__(self, connection): self.inner = begin(connection)
    def __enter__(self): return self.inner.__enter__()
    def __exit__(self, *fault):
        changed.append(1)
        if moment == "changing" and len(changed) == at:
            os.kill(os.getpid(), signal.SIGKILL)  # all is changed, and nothing committed
        return self.inner.__exit__(*fault)
sql.transaction = Changing
Store(sys.argv[1], bundled=None)
"""


def next_version(put: Any) -> None:
    """As the next version of Lethe is, with a layout more."""
    from cu_core.store import backup, config, health, modelcache

    for module in (appdb, backup, config, health, layouts, modelcache, sql):
        put(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    put(layouts, "LAYOUTS", {**layouts.LAYOUTS, **MADE_UP})


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("at", [2, 3])  # the second run, and the index
@pytest.mark.parametrize("moment", ["copying", "changing"])
def test_killed_half_way_it_is_taken_up_again_and_all_is_kept_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, moment: str, at: int
) -> None:
    runs = sorted(finished(store) for _ in range(2))
    before = {run_id: store.reader(run_id).metrics() for run_id in runs}
    assert child(KILLED, store.home, moment, at).wait(60) == -signal.SIGKILL
    databases = [*(store.paths.run(run_id) / "run.db" for run_id in runs), store.paths.app_db]
    assert [version(path) for path in databases] == [
        SCHEMA_VERSION + (number < at) for number in (1, 2, 3)
    ]
    next_version(monkeypatch.setattr)
    later = Store(store.home, bundled=None)
    assert "The databases that were changed (3) are kept" in later.db.brought_up
    assert str(store.paths.earlier) in later.db.brought_up
    assert {record.state for record in later.runs()} == {"done"}
    for path in databases:
        kept = store.paths.earlier / f"layout-{SCHEMA_VERSION}" / path.relative_to(store.home)
        assert (version(path), version(kept)) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)
        assert made(dumped(kept)) == made(FIRST[path.name])
    for run_id in runs:
        reader = later.reader(run_id)
        assert reader.metrics() == before[run_id] and reader.frames().steps == [0, 10, 20]
        assert [event.text for event in reader.events()] == ["brought up"]  # once
    assert Store(store.home, bundled=None).db.brought_up == ""  # nothing is left to be done
    assert later.db.brought_up in [one.says for one in findings(later) if one.title == "Layout"]


def test_a_run_that_an_earlier_lethe_is_at_work_on_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle, busy = sorted(finished(store) for _ in range(2))
    next_version(monkeypatch.setattr)
    lock = hold(store.paths.run(busy) / ALIVE)
    assert lock is not None
    with pytest.raises(RunBusy, match=f"{busy} is being worked on by an earlier version"):
        Store(store.home, bundled=None)
    assert version(store.paths.run(idle) / "run.db") == SCHEMA_VERSION  # nothing was changed
    assert not store.paths.earlier.exists()
    lock.release()
    assert len(Store(store.home, bundled=None).runs()) == 2


def test_a_run_of_an_earlier_layout_that_is_copied_in_is_brought_up_too(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Store(tmp_path / "other", bundled=None)
    run_id = finished(other)
    next_version(monkeypatch.setattr)
    later = Store(store.home, bundled=None)
    shutil.copytree(other.paths.run(run_id), later.paths.run(run_id))
    assert [record.state for record in later.runs()] == ["done"]
    assert version(later.paths.run(run_id) / "run.db") == SCHEMA_VERSION + 1
    assert later.reader(run_id).frames().steps == [0, 10, 20]
