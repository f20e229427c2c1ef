"""Everything of a run in one zip: the same bytes each time, every file with its hashes."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.spec import RunRecord
from cu_core.stage import export
from cu_core.stage.export import Order
from cu_core.stage.manifest import NAME, Manifest, listed
from cu_core.store import Store
from tests.pages.fabricate import finished

ZIP = export.formats()["zip"]


@pytest.fixture
def record(store: Store) -> RunRecord:
    run_id = finished(store)
    (store.paths.run(run_id) / "unlearned.safetensors").write_bytes(b"\2" + bytes(7) + b"{}")
    return store.run(run_id)


def test_it_holds_record_weights_tables_and_what_they_are(store: Store, record: RunRecord) -> None:
    archive = zipfile.ZipFile(io.BytesIO(ZIP.make(store, record)))
    names = archive.namelist()
    assert names[0] == NAME and names[1:] == sorted(names[1:])
    assert {name for name in names if "snapshots" not in name} == {
        NAME,
        "README.txt",
        "record/config.yaml",
        "record/run.db",
        "record/probe.safetensors",
        "record/summary.json",
        "weights/unlearned.safetensors",
        "tables/curves.csv",
        "tables/metrics.parquet",
        "tables/samples.csv",
    }
    steps = [row.path.name for row in store.reader(record.run_id).snapshots()]
    assert [Path(name).name for name in names if "snapshots" in name] == steps
    assert json.loads(archive.read("record/summary.json"))["headline"] == record.summary.headline
    readme = archive.read("README.txt").decode()
    assert record.command in readme and record.summary.verdict in readme
    assert "does not attest" in readme


def test_every_file_is_listed_with_its_hashes(store: Store, record: RunRecord) -> None:
    archive = zipfile.ZipFile(io.BytesIO(ZIP.make(store, record)))
    said = Manifest.model_validate_json(archive.read(NAME))
    assert [one.name for one in said.files] == archive.namelist()[1:]
    for one in said.files:
        data = archive.read(one.name)
        assert (one.bytes, one.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (said.run, said.command) == (record.run_id, record.command) and said.lethe
    whole = listed("x", bytes(2 * said.block_bytes + 1))
    parts = [bytes(said.block_bytes)] * 2 + [b"\0"]
    assert list(whole.blocks) == [hashlib.sha256(part).hexdigest() for part in parts]
    assert listed("nothing", b"").blocks == ()


def test_the_same_run_gives_the_same_bytes(store: Store, record: RunRecord) -> None:
    made = ZIP.make(store, record)
    assert ZIP.make(store, store.run(record.run_id)) == made
    entries = zipfile.ZipFile(io.BytesIO(made)).infolist()
    assert {(one.date_time, one.compress_type, one.create_system) for one in entries} == {
        ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 3)
    }


def test_it_counts_its_files(store: Store, record: RunRecord) -> None:
    heard: list[tuple[int, int]] = []
    ZIP.make(store, record, Order(tick=lambda done, total: heard.append((done, total))))
    assert heard == [(k, len(heard)) for k in range(1, len(heard) + 1)] and len(heard) == 15


def test_a_part_that_the_record_names_and_is_gone_is_a_sentence(
    store: Store, record: RunRecord
) -> None:
    (store.paths.run(record.run_id) / "snapshots" / "000004.safetensors").unlink()
    with pytest.raises(StoreError, match=r"000004\.safetensors cannot be read .* part of it"):
        ZIP.make(store, record)
