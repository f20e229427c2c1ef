"""Models: complete or absent, checked when used, and the bundled ones left as they came."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import save_file

from cu_core.errors import StoreError
from cu_core.spec import Catalog, MethodCard
from cu_core.store import ModelRecord, Store

PROBE = "0123456789abcdef"


def record(model_id: str = "original-0001", **changes: object) -> ModelRecord:
    facts = {
        "id": model_id,
        "kind": "original",
        "architecture": "small-cnn",
        "dataset": "digits",
        "dataset_hash": "d" * 16,
        "class_names": ("zero", "ünï"),
        "recipe": {"epochs": 3, "lr": 0.1},
        "accuracy": 97.5,
        "seconds": 4.0,
    }
    return ModelRecord.model_validate(facts | changes)


def write(folder: Path) -> None:
    save_file({"w": np.arange(6, dtype=np.float32)}, folder / "model.safetensors")


def test_a_model_comes_back_with_its_hash(store: Store) -> None:
    added = store.add_model(record(), write)
    assert store.models() == [added] and store.model("original-0001") == added
    assert added.bytes == store.weights("original-0001").stat().st_size and len(added.sha256) == 64
    assert added.class_names == ("zero", "ünï") and added.accuracy == 97.5
    store.delete_model("original-0001")
    assert store.models() == [] and not store.has_model("original-0001")
    with pytest.raises(StoreError, match="no model"):
        store.model("original-0001")


def test_a_model_whose_making_failed_does_not_exist(store: Store) -> None:
    def half_written(folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        store.add_model(record(), half_written)
    with pytest.raises(KeyError):
        store.add_model(record(), lambda folder: {}["x"])
    with pytest.raises(StoreError, match="could not be kept"):
        store.add_model(record(), lambda folder: None)
    assert store.models() == [] and list((store.home / "models").iterdir()) == []
    folder = store.home / "models" / "original-0001"
    folder.mkdir()
    write(folder)  # as if killed just before the record
    assert store.models() == []
    assert store.add_model(record(), write).sha256


@pytest.mark.parametrize("text", ["{", '{"id": "other-id-0001"}', '{"schema_version": 99}', ""])
def test_an_unreadable_record_hides_no_other_and_is_made_again(store: Store, text: str) -> None:
    store.add_model(record(), write)
    good = store.add_model(record("original-0002"), write)
    (store.home / "models" / "original-0001" / "record.json").write_text(text)
    assert store.models() == [good]
    store.add_model(record(), write)
    assert len(store.models()) == 2


def test_flipped_weights_are_noticed(store: Store) -> None:
    store.add_model(record(), write)
    path = store.weights("original-0001")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged.*Delete"):
        store.weights("original-0001")


def test_two_makers_of_one_model_leave_one_whole_model(store: Store) -> None:
    def one(i: int) -> ModelRecord:
        def write_own(folder: Path) -> None:
            save_file({"w": np.full(1000, i, np.float32)}, folder / "model.safetensors")

        return store.add_model(record(), write_own)

    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(one, range(4)))
    assert len({r.sha256 for r in records}) == 1
    assert store.weights("original-0001").exists()


def test_layouts_and_evaluations_are_kept_by_model(store: Store) -> None:
    store.add_model(record(), write)
    xy = np.arange(8, dtype=np.float64).reshape(4, 2)
    assert store.layout("original-0001", PROBE) is None
    store.save_layout("original-0001", PROBE, xy.astype(np.float32))
    back = store.layout("original-0001", PROBE)
    assert back is not None and back.dtype == np.float32
    assert_array_equal(back, xy)
    path = store.model_dir("original-0001") / f"layout-{PROBE}.safetensors"
    path.write_bytes(path.read_bytes()[:20])
    assert store.layout("original-0001", PROBE) is None  # damaged: computed again
    assert store.eval("original-0001", "class:5 / ../../x") is None
    store.save_eval("original-0001", "class:5 / ../../x", {"ua": 1.5, "mia": None})
    assert store.eval("original-0001", "class:5 / ../../x") == {"ua": 1.5, "mia": None}
    assert store.eval("original-0001", "class:6") is None


def test_bundled_models_are_seen_used_and_never_changed(store: Store, tmp_path: Path) -> None:
    store.add_model(record(), write)
    bundled = tmp_path / "assets"
    shutil.copytree(store.home / "models", bundled)
    other = Store(tmp_path / "other", bundled=bundled)
    assert [m.id for m in other.models()] == ["original-0001"]
    assert other.model_dir("original-0001") == bundled / "original-0001"
    before = sorted(p.name for p in bundled.rglob("*"))
    other.save_layout("original-0001", PROBE, np.zeros((3, 2), np.float32))
    assert other.layout("original-0001", PROBE) is not None
    assert other.model_dir("original-0001") == bundled / "original-0001"
    assert other.add_model(record(), write).sha256 == other.model("original-0001").sha256
    assert sorted(p.name for p in bundled.rglob("*")) == before
    fresh = Store(tmp_path / "fresh", bundled=bundled)
    with pytest.raises(StoreError, match="comes with Lethe"):
        fresh.delete_model("original-0001")
    assert Store(tmp_path / "fresh", bundled=tmp_path / "nowhere").models() == []


def test_unfinished_training_is_kept_until_the_model_is_whole(store: Store) -> None:
    assert not store.unfinished("original-0001").exists()
    store.save_unfinished("original-0001", b"epoch 3")
    assert store.unfinished("original-0001").read_bytes() == b"epoch 3"
    assert store.models() == []
    store.add_model(record(), write)
    assert not store.unfinished("original-0001").exists()


@pytest.mark.parametrize("text", ["../../etc", "*", "", "a/b/c/d/e/f"])
def test_no_model_id_leads_out(store: Store, text: str) -> None:
    for call in (
        lambda: store.model(text),
        lambda: store.model_dir(text),
        lambda: store.delete_model(text),
        lambda: store.add_model(record(text), write),
        lambda: store.save_layout(text, PROBE, np.zeros((1, 2), np.float32)),
        lambda: store.eval(text, "k"),
        lambda: store.save_unfinished(text, b""),
    ):
        with pytest.raises(StoreError, match="no model"):
            call()
    assert list((store.home / "models").iterdir()) == []


def test_the_catalog_is_known_by_its_source(store: Store) -> None:
    assert store.catalog() is None
    declared = Catalog(methods=(MethodCard(key="contrastive", title="Contrastive"),))
    store.save_catalog(declared)
    assert store.catalog() == declared
    (store.home / "catalog.json").write_text("[]")
    assert store.catalog() is None
