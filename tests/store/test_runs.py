"""The list of runs: what is shown of sound ones, and that a damaged one never hides them."""

import os
import re
import sqlite3
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cu_core import __version__
from cu_core.errors import LetheError, RunBusy, StoreError, UnknownRun
from cu_core.spec import FetchRequest, RunProgress, Summary, TrainRequest, UnlearnRequest
from cu_core.store import RunWriter, Store
from cu_core.store.paths import ID, new_id
from tests.store.samples import REQUEST, finished, running


def test_a_queued_run_says_what_it_is(store: Store) -> None:
    request = UnlearnRequest(dataset="parquet:/données", hparams={"lr": 0.01, "mode": "paper"})
    run_id = store.enqueue(request, "  Ünlearn\n five ")
    record = store.run(run_id)
    assert (record.name, record.state, record.request) == ("Ünlearn five", "queued", request)
    assert abs(record.created - time.time()) < 60
    config = yaml.safe_load((store.home / "runs" / run_id / "config.yaml").read_text("utf-8"))
    assert config["schema_version"] == 1
    assert {"lethe", "python", "torch", "numpy"} <= set(config["versions"])
    assert config["request"]["dataset"] == "parquet:/données"


def test_runs_are_listed_newest_first_and_by_kind(store: Store) -> None:
    ids = [store.enqueue(r) for r in (REQUEST, TrainRequest(), FetchRequest(dataset="cifar10"))]
    assert [r.run_id for r in store.runs()] == ids[::-1]
    assert [r.name for r in store.runs("train")] == ["train small-cnn on digits"]
    assert [type(r.request) for r in store.runs()] == [FetchRequest, TrainRequest, UnlearnRequest]


def test_a_finished_run_carries_its_summary_and_never_changes(store: Store) -> None:
    run_id = finished(store)
    record = store.run(run_id)
    assert (record.state, record.step, record.phase) == ("done", 20, "measuring")
    assert record.summary == Summary(metrics={"ua": 1.0})
    for new in ("queued", "starting", "running", "stopped", "failed"):
        assert not store.move(run_id, "done", new)
    assert not store.requeue(run_id)
    with pytest.raises(StoreError, match="done"):
        store.claim_run(run_id, ("lost", "stopped", "failed"))


def test_rename_reaches_the_run_folder(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    store.rename(run_id, "x" * 500)
    assert store.run(run_id).name == "x" * 200
    assert f"name: {'x' * 200}" in (store.home / "runs" / run_id / "config.yaml").read_text()
    with pytest.raises(StoreError, match="empty"):
        store.rename(run_id, " \n ")


def test_delete_is_refused_while_a_worker_holds_the_run(store: Store) -> None:
    claimed, writer = running(store)
    with pytest.raises(RunBusy, match="stop it first"):
        store.delete(claimed.run_id)
    writer.put(RunProgress(step=3))
    assert store.run(claimed.run_id).step == 3
    writer.close()
    claimed.release()
    store.delete(claimed.run_id)
    assert store.runs() == [] and os.listdir(store.home / "runs") == []
    with pytest.raises(UnknownRun):
        store.delete(claimed.run_id)


def spoil_config(folder: Path) -> None:
    (folder / "config.yaml").write_bytes(b"schema_version: 1\nrequest: [\xff")


def tag_config(folder: Path) -> None:
    (folder / "config.yaml").write_text("!!python/object/apply:os.system ['touch /tmp/owned']")


def bomb_config(folder: Path) -> None:
    text = (folder / "config.yaml").read_text()
    bomb = text.replace("temperature: 0.7", "a: &a [1, 1]\n    b: *a")  # else a sound request
    assert bomb != text
    (folder / "config.yaml").write_text(bomb)


def change_request(folder: Path) -> None:
    text = (folder / "config.yaml").read_text().replace("probe_size: 2000", "probe_size: -1")
    (folder / "config.yaml").write_text(text)


def lose_config(folder: Path) -> None:
    (folder / "config.yaml").unlink()


def lose_db(folder: Path) -> None:
    (folder / "run.db").unlink()


def overwrite_db(folder: Path) -> None:
    (folder / "run.db").write_bytes(b"not a database, at all " * 400)


def cut_db(folder: Path) -> None:
    data = (folder / "run.db").read_bytes()
    (folder / "run.db").write_bytes(data[:4096] + bytes(len(data) - 4096))


def lose_folder(folder: Path) -> None:
    folder.rename(folder.with_name(".elsewhere"))


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_config, tag_config, bomb_config, change_request, lose_config,
        lose_db, overwrite_db, cut_db, lose_folder,
    ],
)  # fmt: skip
def test_a_damaged_run_is_listed_and_hides_no_other(store: Store, spoil) -> None:  # type: ignore[no-untyped-def]
    sound, damaged, later = finished(store), finished(store), store.enqueue(REQUEST)
    spoil(store.home / "runs" / damaged)
    for opened in (store, Store(store.home, bundled=None)):
        records = {r.run_id: r for r in opened.runs()}
        assert [records[i].state for i in (sound, damaged, later)] == ["done", "damaged", "queued"]
        message = records[damaged].message
        assert records[damaged].request is None
        assert re.search(r"missing|damaged", message) and message.endswith(".")
    with pytest.raises(StoreError):
        store.claim_run(damaged, ("done",))
    store.delete(damaged)
    assert {r.run_id for r in store.runs()} == {sound, later}


def test_a_run_of_a_later_version_is_not_guessed_at(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    path = store.home / "runs" / run_id / "config.yaml"
    path.write_text(
        path.read_text()
        .replace("schema_version: 1", "schema_version: 2")
        .replace(__version__, "3.0")
    )
    record = store.run(run_id)
    assert record.request is None and record.later == "3.0"
    assert "made by a later Lethe (3.0)" in record.message and "update" in record.message
    sound = store.enqueue(REQUEST)
    claimed = store.claim()
    assert claimed is not None and claimed.run_id == sound  # it holds up no other ...
    with sqlite3.connect(store.home / "app.db") as connection:
        kept = connection.execute("SELECT state FROM run WHERE run_id = ?", (run_id,)).fetchone()
    assert kept == ("queued",)  # ... and waits for a worker of its own version


def test_a_folder_copied_in_appears(store: Store) -> None:
    other = Store(store.home / "data", bundled=None)  # on the same disk
    run_id = finished(other)
    os.rename(other.home / "runs" / run_id, store.home / "runs" / run_id)
    assert store.runs()[0].state == "done"
    assert len(store.reader(run_id).frames().steps) == 3


IDS = st.text(min_size=0, max_size=80) | st.from_regex(r"(\.\./)*[a-z0-9./\\-]{0,20}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # nothing is changed
@given(
    text=IDS | st.sampled_from(["../../etc/passwd", "/etc/passwd", "a" * 8 + "/..", "aaaaaaaa\n"])
)
def test_no_text_leads_out_of_the_runs_folder(store: Store, text: str) -> None:
    paths = store.paths
    try:
        path = paths.run(text)
    except UnknownRun:
        assert not ID.fullmatch(text)
    else:
        assert path.parent == paths.runs and path.resolve().parent == paths.runs.resolve()


@pytest.mark.parametrize("text", ["../../etc", "", "A" * 10, "20261121-141523-042-9f3a1c"])
def test_every_call_refuses_an_unknown_run_with_a_sentence(store: Store, text: str) -> None:
    calls = [
        lambda: store.run(text),
        lambda: store.reader(text),
        lambda: RunWriter(store, text),
        lambda: store.rename(text, "x"),
        lambda: store.delete(text),
        lambda: store.move(text, "queued", "stopped"),
        lambda: store.claim_run(text),
        lambda: store.requeue(text),
        lambda: store.command(text, "stop"),
    ]
    for call in calls:
        with pytest.raises(UnknownRun, match="There is no run"):
            call()
    assert os.listdir(store.home / "runs") == []


def test_a_link_out_of_the_runs_folder_is_no_run(store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (store.home / "runs" / "aaaaaaaa").symlink_to(tmp_path / "secret")
    assert store.runs() == []
    with pytest.raises(UnknownRun):
        store.reader("aaaaaaaa")


def test_ids_are_valid_distinct_and_in_the_order_of_time() -> None:
    first = new_id()
    time.sleep(0.002)
    ids = [new_id() for _ in range(200)]
    assert len(set(ids)) == 200 and all(ID.fullmatch(i) for i in ids) and first < min(ids)


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc/lethe"])
def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(StoreError, match="LETHE_HOME"):
        Store(tmp_path / place)


def test_the_home_is_the_argument_else_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETHE_HOME", str(tmp_path / "variable"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Store().home == tmp_path / "variable"
    assert Store(tmp_path / "argument").home == tmp_path / "argument"
    monkeypatch.delenv("LETHE_HOME")
    assert Store().home == tmp_path / ".lethe"


def test_every_refusal_is_a_lethe_error() -> None:
    assert issubclass(StoreError, LetheError) and issubclass(RunBusy, StoreError)


def test_an_upload_keeps_its_name_without_the_signs_that_could_lead_elsewhere(
    store: Store,
) -> None:
    for name, kept in (
        ("../../evil.sh; rm", "evil.shrm"),
        ("C:\\x.safetensors", "C-x.safetensors"),
        (".bashrc", "bashrc"),
        ("my best (ema).pth.tar", "my best (ema).pth.tar"),
        ("数据.ünï", "数据.n"),
        ("..", "upload"),
        (f"{'数' * 85}.pt", f"{'数' * 66}.pt"),  # whose letters take three bytes each
    ):
        path = store.receive(name, b"data")
        assert path.parent.parent == store.home / "incoming" and path.read_bytes() == b"data"
        assert path.name == kept and re.fullmatch(r"[0-9a-f]{16}", path.parent.name)
    assert store.receive("weights.PT", b"").suffix == ".pt"


def test_an_upload_is_taken_away_and_a_persons_own_file_is_not(store: Store) -> None:
    upload, own = store.receive("weights.pt", b"data"), store.home / "weights.pt"
    own.write_bytes(b"data")
    for path in (upload, own):
        store.take_away(path)
    assert own.exists() and not upload.parent.exists()
