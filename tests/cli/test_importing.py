"""`lethe import` and the page's upload: the same weights, the same model, one function."""

import json
from pathlib import Path

import pytest
import torch

from cu_core import models
from cu_core.cli import main
from cu_core.errors import BadCheckpoint
from cu_core.service.questions import import_model
from cu_core.spec import ImportWeights
from cu_core.store import Store


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Of a digits model, as someone else would have written them."""
    path = tmp_path / "my digits.pt"
    torch.save(models.build("small-cnn", (1, 8, 8), 10, seed=9).state_dict(), path)
    return path


def test_a_weights_file_becomes_a_model_and_stays_where_it_is(
    store: Store, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = weights.read_bytes()
    words = ["import", str(weights), "--home", str(store.home)]
    assert main([*words, "--model", "small-cnn", "--name", "Mine", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    record = store.model(told["model_id"])
    assert (record.kind, record.name, record.architecture) == ("imported", "Mine", "small-cnn")
    assert weights.read_bytes() == before
    assert told["agrees"] is False and "answers like chance" in told["doubt"]  # random weights
    assert told["accuracy"] == told["contract"]["accuracy"] and len(told["fits"]) > 10
    assert main(words) == 0  # the network is found out, and so are the weights
    again = capsys.readouterr().out
    assert f"here already, as {record.id}" in again
    assert "tried " in again and "more, none better" in again


def test_what_the_script_does_is_said_on_the_command_line(
    store: Store, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["import", str(weights), "--home", str(store.home), "--json"]
    said = ["--normalise", "0.5,0.25", "--classes", "text", "--accuracy", "12.5 %"]
    assert main([*words, *said]) == 0
    contract = json.loads(capsys.readouterr().out)["contract"]
    assert (contract["mean"], contract["std"], contract["claimed"]) == ([0.5], [0.25], 12.5)
    assert contract["said_by"] == "owner"
    for wrong, sentence in (
        (["--normalise", "imagnet"], "No normalisation is called 'imagnet'"),
        (["--classes", "0,1"], "names 2 classes and the data has 10"),
        (["--accuracy", "102"], "accuracy"),
        (["--accuracy", "high"], "accuracy"),
        (["--size", "4"], "size"),
    ):
        assert main([*words, *wrong]) == 2
        assert sentence in capsys.readouterr().err


def test_an_upload_is_gone_afterwards_and_a_persons_own_file_is_not(
    store: Store, weights: Path
) -> None:
    upload = store.receive(weights.name, weights.read_bytes())
    asked = ImportWeights(dataset="digits", path=str(upload), normalise="data")
    told = import_model(store, asked)
    assert store.model(told.model_id).name == weights.stem and not upload.exists()
    store.delete_model(told.model_id)
    assert import_model(store, asked.model_copy(update={"path": str(weights)})) == told
    assert weights.exists()
    damaged = store.receive("weights.pt", b"none")
    with pytest.raises(BadCheckpoint):
        import_model(store, ImportWeights(dataset="digits", path=str(damaged)))
    assert not damaged.exists()


def test_what_cannot_be_imported_is_refused_in_a_sentence(
    store: Store, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(store.home)]
    for words, sentence in (
        ([str(weights.with_name("none.pt"))], "There is no file"),
        ([str(weights), "--dataset", "cats"], "No data source is called 'cats'"),
        ([str(weights), "--model", "resnet19"], "resnet19"),
        ([__file__], "test_importing.py"),
    ):
        assert main(["import", *words, *home]) == 2
        said = capsys.readouterr()
        assert sentence in said.err and said.out == ""
    assert weights.exists() and all(m.kind != "imported" for m in store.models())
