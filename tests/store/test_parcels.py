"""A run's folder sent piece by piece is the same elsewhere, and speaks of where it lies."""

from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.spec import RunProgress
from cu_core.store import RunWriter, Store
from cu_core.store.modelcache import ModelRecord
from cu_core.store.parcels import Outgoing, pack_model, unpack, unpack_model, whole
from tests.store.samples import arrays, running

MODEL = ModelRecord(
    id="small-cnn-digits-1", kind="original", architecture="small-cnn", dataset="digits",
    dataset_hash="0" * 16, class_names=("a", "b"),
)  # fmt: skip


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Store, Store]:
    return Store(tmp_path / "nöde"), Store(tmp_path / "hömé")


def test_each_parcel_has_what_the_one_before_had_not(stores: tuple[Store, Store]) -> None:
    here, home = stores
    claimed, writer = running(here)
    there = home.paths.run(claimed.run_id)
    unpack(there, whole(writer.folder))
    outgoing = Outgoing(writer.folder, there)
    outgoing.settle()
    assert outgoing.collect() == {}
    for step in (0, 10, 20):
        writer.snapshot(step, **arrays(step))
        writer.metrics(step, {"ua": step / 100})
        sent = outgoing.collect()
        assert set(sent) == {"run.db", f"snapshots/{step:06d}.safetensors"}
        unpack(there, sent)
        reader = home.reader(claimed.run_id)
        assert list(reader.frames().steps) == list(range(0, step + 1, 10))
        assert reader.metrics()["ua"][1][-1] == step / 100
    writer.truncate(20)
    sent = outgoing.collect()
    assert sent["snapshots/000020.safetensors"] is None
    unpack(there, sent)
    assert list(home.reader(claimed.run_id).frames().steps) == [0, 10]
    assert not (there / "snapshots" / "000020.safetensors").exists()


def test_paths_on_record_are_those_of_where_it_lies(stores: tuple[Store, Store]) -> None:
    here, home = stores
    claimed, writer = running(here)
    there = home.paths.run(claimed.run_id)
    writer.put(RunProgress(message=f"{writer.folder}/forget/list.csv"))
    unpack(there, whole(writer.folder) | Outgoing(writer.folder, there).collect())
    assert home.reader(claimed.run_id).progress().message == f"{there}/forget/list.csv"


def test_what_did_not_arrive_is_sent_again(stores: tuple[Store, Store]) -> None:
    _, writer = running(stores[0])
    writer.snapshot(0, **arrays(0))
    outgoing = Outgoing(writer.folder)
    first = outgoing.collect()
    outgoing.again()
    assert outgoing.collect() == first


def test_a_run_that_came_from_elsewhere_can_be_taken_up(stores: tuple[Store, Store]) -> None:
    here, home = stores
    claimed, writer = running(here)
    writer.snapshot(0, **arrays(0))
    unpack(home.paths.run(claimed.run_id), whole(writer.folder))
    assert home.runs()[0].state == "lost"
    with home.claim_run(claimed.run_id, ("lost",)):
        again = RunWriter(home, claimed.run_id)
        again.snapshot(10, **arrays(10))
        assert list(home.reader(claimed.run_id).frames().steps) == [0, 10]
        again.close()


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    for name in ("../x", "/tmp/x", "a/../../x"):
        with pytest.raises(StoreError, match="leads out of"):
            unpack(tmp_path / "run", {name: b""})


def test_a_model_travels_with_what_was_computed_from_it(stores: tuple[Store, Store]) -> None:
    here, home = stores
    here.add_model(MODEL, lambda folder: (folder / "model.safetensors").write_bytes(b"weights"))
    here.save_eval(MODEL.id, "k", {"ta": 1.0})
    unpack_model(home, MODEL.id, pack_model(here, MODEL.id))
    assert home.weights(MODEL.id).read_bytes() == b"weights"
    assert home.eval(MODEL.id, "k") == {"ta": 1.0}
    unpack_model(home, MODEL.id, {"model.safetensors": b"other", "eval-0000abcd.json": b"{}"})
    assert home.weights(MODEL.id).read_bytes() == b"weights"  # the first complete one stays
