"""``lethe look`` and ``lethe forget``: what is there, by its owner's names, and nothing is run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cu_core import data, forget
from cu_core.cli import main
from cu_core.store import Store


@pytest.fixture
def told(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """``told("look", "digits")``: what --json prints."""

    def ask(*words: str) -> Any:
        assert main([*words, "--home", str(home), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def test_look_tells_classes_counts_and_the_first_rows(told: Callable[..., Any]) -> None:
    facts = told("look", "digits")
    assert [c["name"] for c in facts["classes"]] == list("0123456789")
    assert sum(c["train"] for c in facts["classes"]) == facts["n_train"] == 1347
    assert sum(c["test"] for c in facts["classes"]) == facts["n_test"] == 450
    assert facts["shape"] == [1, 8, 8] and facts["is_image"]
    assert [row["row"] for row in facts["rows"]] == [*range(8)]
    assert all(row["image"].startswith("data:image/png;base64,") for row in facts["rows"])
    assert len(told("look", "digits", "--rows", "3")["rows"]) == 3
    planted = told("look", "digits", "--plant", "wrong-labels:0.1", "--size", "16")
    assert planted["shape"] == [1, 16, 16] and "wrong label" in " ".join(planted["notes"])


def test_look_is_a_table_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", "digits", "--home", str(home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "digits: 10 classes of images, 1 x 8 x 8"
    assert "5           136    46" in lines and "row  part      class" in lines[-9]


def test_forget_names_every_sample_of_a_rule(told: Callable[..., Any], tmp_path: Path) -> None:
    facts = told("forget", "class:5,3", "--dataset", "digits")
    assert facts["classes"] == ["3", "5"] and facts["kind"] == "class"
    assert len(facts["rows"]) == facts["n_forget"] == 273 and facts["n_retain"] == 1074
    assert facts["counts"] == {"3": 137, "5": 136} and facts["files"] == facts["keys"] == []
    (tmp_path / "mine.csv").write_text(",index\n0,101\n1,101\n2,309\n")
    listed = told("forget", f"indices:{tmp_path / 'mine.csv'}")
    assert listed["rows"] == [101, 309] and listed["kind"] == "sample"
    assert "listed a second time" in listed["notes"][0]
    seeds = [told("forget", "random:0.01", "--seed", str(seed))["rows"] for seed in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.fixture
def numbered(tmp_path: Path) -> str:
    """200 images without a test part; every pixel of image i is i."""
    x = np.repeat(np.arange(200, dtype=np.uint8), 64).reshape(200, 8, 8)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(200) % 2)
    return f"npz:{tmp_path / 'd.npz'}"


def test_rows_are_those_of_the_file(
    told: Callable[..., Any], numbered: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.txt").write_text("10 50 100 150 199")
    facts = told("forget", f"indices:{tmp_path / 'rows.txt'}", "--dataset", numbered)
    aside = [int(row) for row in facts["notes"][0].rpartition("rows ")[2].split(", ")]
    assert sorted([*facts["rows"], *aside]) == [10, 50, 100, 150, 199]
    assert facts["notes"][0].startswith(f"{len(aside)} of 5 listed rows are in the test part")
    dataset = data.load(numbered)
    assert set(dataset.test_x[:, 0, 0, 0]) >= set(aside)
    chosen = forget.parse(f"indices:{tmp_path / 'rows.txt'}", dataset, 0)
    assert dataset.train_x[chosen.index][:, 0, 0, 0].tolist() == facts["rows"]


def test_look_shows_the_rows_of_both_parts_in_the_order_of_the_file(
    told: Callable[..., Any], numbered: str
) -> None:
    facts = told("look", numbered, "--rows", "40")
    assert facts["n_train"] == 160 and [row["row"] for row in facts["rows"]] == [*range(40)]
    assert {row["part"] for row in facts["rows"]} == {"training", "test"}
    assert "160 are the training part, 40 were set aside" in facts["read"][0]


def test_files_of_a_folder_are_named(told: Callable[..., Any], tmp_path: Path) -> None:
    for i, name in enumerate(
        [f"{c}/{i:02}.png" for c in ("cats", "dogs", "owls") for i in range(20)]
    ):
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), i).save(tmp_path / "pets" / name)
    (tmp_path / "go.csv").write_text(
        "path,forget\ncats/00.png,1\ncats/01.png,0\ncats/02.png,1\ncats/03.png,1\n"
    )
    key = f"folder:{tmp_path / 'pets'}"
    facts = told("forget", f"indices:{tmp_path / 'go.csv'}", "--dataset", key)
    assert set(facts["files"]) < {"cats/00.png", "cats/02.png", "cats/03.png"} | {""}
    assert facts["files"] and facts["classes"] == ["cats"]
    first = told("look", key, "--rows", "2")["rows"]
    assert [row["file"] for row in first] == ["cats/00.png", "cats/01.png"]


def test_forget_is_a_table_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "class:5", "--home", str(home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "class:5: 136 to forget, 1,211 to keep" and "5            136  136" in lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["look", "nope"], "No data source is called 'nope'"),
        (["look", "digits", "--size", "3"], "look.size must be an integer in [8, 1024], got '3'"),
        (["look", "digits", "--rows", "many"], "look.rows must be an integer in"),
        (["look", "digits", "--plant", "x"], "Nothing called 'x' can be planted"),
        (["look", "npz:/no/such.npz"], "'/no/such.npz'"),
        (["forget", "class:zebra"], "There is no class 'zebra'"),
        (["forget", "klass:5"], "No rule is called 'klass'"),
        (["forget", "class:5", "--seed", "x"], "unlearn.seed must be an integer"),
        (["forget", "class:5", "--dataset", "nope"], "No data source is called 'nope'"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--home", str(home)]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.err.count("\n") == 1 and told.out == ""
    assert Store(home).runs() == []


def test_a_test_part_of_its_own_is_counted_by_itself(
    told: Callable[..., Any], tmp_path: Path
) -> None:
    for part, n in (("train", 6), ("test", 4)):
        for name in [f"{part}/{kind}/{i}.png" for kind in ("cats", "dogs") for i in range(n)]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8)).save(tmp_path / name)
    facts = told("look", f"folder:{tmp_path}")
    assert facts["read"][:2] == [
        "training part: 12 samples of the training files",
        "test part: 8 samples of the test files",
    ]
    (tmp_path / "go.txt").write_text("train/cats/1.png\ntest/cats/1.png\ndogs/5.png\n")
    found = told("forget", f"indices:{tmp_path / 'go.txt'}", "--dataset", f"folder:{tmp_path}")
    assert found["files"] == ["train/cats/1.png", "train/dogs/5.png"]
    assert found["notes"][0].startswith("1 of 3 listed files is in the test part, which is never")
