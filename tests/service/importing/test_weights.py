"""A model trained by somebody's own script has the script's numbers here, or it is said why not."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cu_core import models
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest
from cu_core.models import checkpoint
from cu_core.runs import reference_models
from cu_core.runs.execute import check, execute
from cu_core.runs.originals import complete
from cu_core.runs.resolve import Setup
from cu_core.runs.runmap import kept_as
from cu_core.service import weights
from cu_core.service.importing import orders
from cu_core.service.importing.asking import arrange, turn
from cu_core.service.importing.search import stem
from cu_core.service.questions import preflight
from cu_core.spec import (
    ImportedModel,
    ImportWeights,
    ModelContract,
    Preflight,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.store import ModelRecord, Store
from tests.service.importing.scripts import SCRIPTS, digits, saved, trained

ONE = 100 / 450  # percent that one test image is


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


def brought(store: Store, path: Path, **said: object) -> ImportedModel:
    asked = ImportWeights.model_validate({"path": str(path), "dataset": "digits", **said})
    return weights.import_weights(store, asked)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_number_of_the_script_is_found_and_given(
    store: Store, tmp_path: Path, script: str
) -> None:
    path, number = saved(tmp_path / "mine.pt", script)
    found = brought(store, path)
    assert found.accuracy == pytest.approx(number, abs=ONE)
    contract = found.contract
    assert contract is not None and (contract.n, contract.part) == (450, "test")
    assert contract.said_by == ("data" if script == "data" else "search")
    mean, std = SCRIPTS[script] or (contract.mean[0], contract.std[0])
    assert contract.mean == pytest.approx([mean], abs=0.02)
    assert contract.std == pytest.approx([std], abs=0.02)
    assert found.fits[0].accuracy >= found.fits[-1].accuracy and len(found.fits) > 10
    given = brought(store, path, normalise=f"{mean};{std}", accuracy=round(number, 2))
    assert given.contract is not None and given.contract.agreement() == "agrees to the sample"
    assert given.accuracy == found.accuracy and given.doubt == ""


def test_what_the_owner_says_is_obeyed_and_what_fits_better_is_said(
    store: Store, tmp_path: Path
) -> None:
    path, number = saved(tmp_path / "mine.pt", "bytes")
    made = brought(store, path, normalise="imagenet", accuracy=number)
    assert made.contract is not None and made.contract.normalisation == "imagenet"
    assert made.contract.said_by == "owner" and made.contract.agreement() == "differs"
    assert any("--normalise bytes" in note and "fits better" in note for note in made.notes)
    with pytest.raises(BadRequest, match=rf"mine \({made.model_id}\) should have {number:.2f} %"):
        check(store, UnlearnRequest(original=made.model_id))


ORDER = (3, 1, 0, 2, 9, 8, 7, 6, 5, 4)


def test_the_order_of_the_classes_is_found_given_and_kept(store: Store, tmp_path: Path) -> None:
    path, number = saved(tmp_path / "mine.pt", "totensor", ORDER)
    found = brought(store, path)
    assert found.accuracy == pytest.approx(number, abs=ONE)
    names = tuple(str(c) for c in ORDER)
    assert found.contract is not None and found.contract.classes == names
    assert found.fits[0].order == orders.ANSWERED
    given = brought(store, path, classes=",".join(names), normalise="totensor")
    assert given.known and given.model_id == found.model_id
    held, _ = checkpoint.load(store.weights(found.model_id))
    x = torch.from_numpy(digits().test_x).float() / 255
    with torch.no_grad():
        answers = held.eval()(x)[0].argmax(1).numpy()
    assert 100 * (answers == digits().test_y).mean() == pytest.approx(number, abs=ONE)


def test_an_order_that_the_owner_gives_wrongly_stops_a_run(store: Store, tmp_path: Path) -> None:
    path, number = saved(tmp_path / "mine.pt", "totensor", ORDER)
    made = brought(store, path, classes="data", accuracy=number)
    assert made.doubt and made.accuracy is not None and made.accuracy < 60
    with pytest.raises(BadRequest, match=r"missing: 9"):
        brought(store, path, classes="0,1,2,3,4,5,6,7,8,8")


def test_a_second_data_set_makes_a_second_model_and_the_same_one_none(
    store: Store, tmp_path: Path
) -> None:
    path, _ = saved(tmp_path / "mine.pt", "totensor")
    held = digits()
    other = tmp_path / "half.npz"
    np.savez(other, x_train=held.train_x[:700, 0], y_train=held.train_y[:700],
             x_test=held.test_x[:200, 0], y_test=held.test_y[:200])  # fmt: skip
    first = brought(store, path, normalise="totensor")
    second = brought(store, path, normalise="totensor", dataset=f"npz:{other}")
    again = brought(store, path, normalise="totensor")
    assert second.model_id != first.model_id and not second.known
    assert again.model_id == first.model_id and again.known
    assert any(f"here already, as {first.model_id}" in note for note in again.notes)
    claimed = brought(store, path, normalise="totensor", accuracy=first.accuracy)
    assert claimed.model_id != first.model_id  # of which a run is told something else


def test_a_run_begins_with_the_number_of_the_import(store: Store, tmp_path: Path) -> None:
    path, number = saved(tmp_path / "mine.pt", "imagenet")
    made = brought(store, path, accuracy=number)
    asked = UnlearnRequest(
        original=made.model_id, method="fine-tune", max_steps=2, probe_size=60, train_epochs=1
    )
    setup = Setup(asked, store.home)
    assert setup.forget is not None
    probe = make_probe(setup.dataset, setup.forget, asked.probe_size)
    xy = np.random.default_rng(0).normal(size=(len(probe.index), 2)).astype(np.float32)
    store.save_layout(made.model_id, kept_as(probe), xy)  # which would take umap many seconds
    assert preflight(store, Preflight(request=asked)).original == "ready"
    summary = execute(store, store.claim_new(complete(store, asked)))
    assert summary.original["test_acc"] == pytest.approx(made.accuracy, abs=1e-9)
    assert summary.provenance is not None and summary.provenance.contract == made.contract
    retrained = store.model(str(summary.models.retrained))
    assert retrained.scaling == ((0.449,), (0.226,)) and retrained.accuracy is not None
    plain = Setup(UnlearnRequest(train_epochs=1), store.home)
    assert reference_models.model_id(plain, plain.forget) != retrained.id


def test_a_model_without_a_contract_has_the_data_s_own_and_an_id_as_ever(store: Store) -> None:
    setup = Setup(UnlearnRequest(original="small-cnn-digits-20962f5ddb0b9899"), store.home)
    assert setup.scaling is None and setup.contract is None
    assert reference_models.original_id(store, setup) == "small-cnn-digits-20962f5ddb0b9899"


def test_the_original_alone_says_network_and_data(store: Store, tmp_path: Path) -> None:
    asked = {"dataset": "digits with wrong-labels:0.1", "head": "normalised", "size": 24}
    record = ModelRecord(
        id="resnet20-digits-0001", kind="original", architecture="resnet20", dataset_hash="0" * 16,
        class_names=("a", "b"), **asked,
    )  # fmt: skip
    home = Store(tmp_path / "home", bundled=None)
    home.add_model(record, lambda folder: (folder / "model.safetensors").write_bytes(b"0"))
    whole = complete(home, UnlearnRequest(original=record.id))
    assert (whole.dataset, whole.plant, whole.size) == ("digits", "wrong-labels:0.1", 24)
    assert (whole.model, whole.head) == ("resnet20", "normalised")
    said = complete(home, UnlearnRequest(original=record.id, model="mlp", dataset="signs"))
    assert (said.model, said.dataset, said.plant, said.size) == ("mlp", "signs", "", None)
    for asked_first in (TrainRequest(), UnlearnRequest(original="the last stage's")):
        assert complete(home, asked_first) == asked_first


def test_a_model_that_was_never_measured_or_is_not_understood_starts_no_run(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "random.pt"
    torch.save(models.build("small-cnn", (1, 8, 8), 10, seed=9).state_dict(), path)
    made = brought(store, path)
    assert "answers like chance" in made.doubt
    assert any(note.startswith("Not understood: of ") for note in made.notes)
    old = store.model(made.model_id).model_copy(update={"id": "imported-old", "contract": None})
    held = store.weights(made.model_id).read_bytes()
    store.add_model(old, lambda folder: (folder / "model.safetensors").write_bytes(held))
    for model_id, words in ((made.model_id, "like chance"), ("imported-old", "without its acc")):
        with pytest.raises(BadRequest, match=words):
            check(store, UnlearnRequest(original=model_id))
        with pytest.raises(BadRequest, match=words):
            preflight(store, Preflight(request=UnlearnRequest(original=model_id)))
    known = brought(store, path, accuracy=made.accuracy)  # its owner knows
    assert known.doubt == "" and check(store, UnlearnRequest(original=known.model_id)) == ()


def test_lethe_s_own_file_comes_back_with_its_accuracy(store: Store) -> None:
    own = store.model("small-cnn-digits-20962f5ddb0b9899")
    made = brought(store, store.weights(own.id))
    assert made.accuracy == pytest.approx(own.accuracy)


def test_a_copy_of_a_copy_is_asked_as_the_first(store: Store, tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "mine.pt", "totensor", ORDER)
    first = brought(store, path)
    again = brought(store, store.weights(first.model_id))
    assert again.accuracy == first.accuracy and again.doubt == ""


# --- what is kept -----------------------------------------------------------------------------


def test_outputs_are_put_into_the_order_of_the_data() -> None:
    model = models.build("mlp", (4,), 3)
    x = torch.randn(5, 4)
    before = model(x)[0].detach()
    arrange(model, np.array([2, 0, 1]))
    assert torch.equal(model(x)[0][:, [2, 0, 1]], before)


@pytest.mark.parametrize("network", ["small-cnn", "resnet20"])
def test_a_network_is_turned_to_colours_as_the_data_has_them(network: str) -> None:
    model = models.build(network, (3, 16, 16), 3).eval()
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        before = model(x.flip(1))[0]
        turn(model)
        torch.testing.assert_close(model(x)[0], before)
    assert stem(models.build("vit-tiny", (3, 16, 16), 3)) is None  # sees patches, not colours


def test_the_file_is_only_read(store: Store, tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "mine.pt", "data")
    before = path.read_bytes()
    brought(store, path, normalise="data")
    assert path.read_bytes() == before
    assert trained("data").weights["fc.bias"].dtype == torch.float32


def test_a_request_that_was_queued_as_it_is_does_not_start_either(
    store: Store, tmp_path: Path
) -> None:
    path, number = saved(tmp_path / "mine.pt", "totensor")
    made = brought(store, path, normalise="totensor", accuracy=number - 5)
    claimed = store.claim_new(complete(store, UnlearnRequest(original=made.model_id)))
    with pytest.raises(BadRequest, match="should have"):
        execute(store, claimed)
    assert store.run(claimed.run_id).state == "failed"


def test_of_ways_that_fit_alike_the_owner_s_number_tells_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where training samples tell nothing, nothing is chosen by the test part but by that."""
    has = {"data": 91.0, "half": 92.0, "totensor": 93.0}

    def measure(way: str, _dataset: object, claimed: float | None, _device: str) -> ModelContract:
        return ModelContract(
            mean=(0,), std=(1,), normalisation=way, said_by="search", classes=(), shape=(),
            accuracy=has[way], claimed=claimed, chance=10.0, n=1000, part="test",
        )  # fmt: skip

    monkeypatch.setattr(weights, "measure", measure)
    settling = SimpleNamespace(settle=lambda: "data", level=["half", "totensor"])
    settling.take = settling.take_for = lambda way: way
    for claimed, taken in ((93.0, "totensor"), (91.0, "data"), (92.4, "data"), (None, "data")):
        assert weights._measured(settling, digits(), claimed, "cpu")[0] == taken  # type: ignore


def test_a_folder_that_transformers_saved_is_a_model_with_its_own_contract(
    store: Store, tmp_path: Path
) -> None:
    """In the order of its ``id2label``, with the mean and std beside it, by the folder's name."""
    from transformers import ViTConfig, ViTForImageClassification

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 16, 16, 3), dtype=np.uint8), np.arange(60) % 3
    x[..., 0] = 80 * y[:, None, None]
    names = np.array(["cat", "dog", "owl"])
    np.savez(tmp_path / "d.npz", x_train=x[:30], y_train=names[y[:30]], x_test=x, y_test=names[y])
    said = {0: "owl", 1: "cat", 2: "dog"}
    narrow = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    config = ViTConfig(image_size=16, patch_size=8, num_hidden_layers=1, id2label=said, **narrow)
    torch.manual_seed(3)
    net = ViTForImageClassification(config).eval()
    net.save_pretrained(tmp_path / "my vit")
    beside = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "size": 16}
    (tmp_path / "my vit" / "preprocessor_config.json").write_text(json.dumps(beside))
    made = brought(store, tmp_path / "my vit", dataset=f"npz:{tmp_path / 'd.npz'}")
    with torch.no_grad():
        asked = (torch.from_numpy(x).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
        answers = [said[int(i)] for i in net(asked).logits.argmax(1)]
    assert made.accuracy == pytest.approx(100 * np.mean(np.array(answers) == names[y]), abs=1.7)
    assert made.contract is not None and made.contract.said_by == "file"
    assert made.contract.classes == tuple(said.values())
    assert store.model(made.model_id).name == "my vit"
