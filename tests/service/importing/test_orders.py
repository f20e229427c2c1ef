"""Orders of classes: as names are sorted, as they are written, as a model answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from cu_core.errors import BadRequest
from cu_core.service.importing import orders

TWELVE = tuple(str(i) for i in range(12))
AS_TEXT = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
ANIMALS = ("cat", "dog", "emu")


def test_numbers_are_sorted_as_text_and_as_numbers() -> None:
    found = orders.usual(TWELVE)
    assert [*found] == [orders.OWN_ORDER, orders.TEXT]
    assert found[orders.TEXT].tolist() == AS_TEXT  # torchvision's ImageFolder
    as_text = sorted(TWELVE)
    assert orders.usual(as_text)[orders.NUMBER].tolist() == [as_text.index(n) for n in TWELVE]


def test_capitals_come_first_in_text_and_among_the_others_elsewhere() -> None:
    found = orders.usual(("ant", "Bee", "cat"))
    assert found[orders.TEXT].tolist() == [1, 0, 2]
    assert len(found) == 2  # the data's is that without a difference


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.txt", "emu\ncat\n\ndog\n"),
        ("classes.json", json.dumps(["emu", "cat", "dog"])),
        ("class_to_idx.json", json.dumps({"cat": 1, "dog": 2, "emu": 0})),
        ("id2label.json", json.dumps({"0": "emu", "1": "cat", "2": "dog"})),
    ],
)
def test_a_file_lists_the_classes_as_people_write_it(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    title, order = orders.written(str(tmp_path / name), ANIMALS)
    assert (title, order.tolist()) == (orders.WRITTEN, [2, 0, 1])
    assert orders.written("Emu, CAT , dog", ANIMALS)[1].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat,dog", ["names 2 classes and the data has 3", "missing: emu"]),
        ("cat,dog,cow", ["unknown: cow", "missing: emu"]),
        ("cat,cat,dog,emu", ["named twice: cat"]),
    ],
)
def test_what_is_missing_unknown_or_there_twice_is_named(text: str, words: list[str]) -> None:
    with pytest.raises(BadRequest) as caught:
        orders.written(text, ANIMALS)
    assert all(word in str(caught.value) for word in words)


def test_a_file_that_lists_nothing_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.json", "{"), ("b.json", '{"cat": "x"}'), ("c.json", "3")):
        (tmp_path / name).write_text(content)
        with pytest.raises(BadRequest, match=name):
            orders.written(str(tmp_path / name), ANIMALS)
    with pytest.raises(BadRequest, match=r"none\.txt"):
        orders.written(str(tmp_path / "none.txt"), ANIMALS)


def test_the_words_for_orders_are_taken_even_where_two_are_alike() -> None:
    assert orders.written("text", TWELVE)[1].tolist() == AS_TEXT
    assert orders.written("number", TWELVE)[1].tolist() == [*range(12)]
    assert orders.written("data", ANIMALS)[1].tolist() == [0, 1, 2]


def test_what_a_model_answers_is_counted_and_put_in_order() -> None:
    y = np.array([0, 0, 1, 1, 2, 2])
    logits = np.eye(3, dtype=np.float32)[[2, 2, 0, 0, 1, 0]]  # output 2 stands for class 0
    table = orders.counts(logits, y, 3)
    order = orders.answered(table)
    assert order.tolist() == [1, 2, 0]
    assert orders.share(table, order) == pytest.approx(100 * 5 / 6)
    assert orders.share(table, np.arange(3)) == 0
    assert orders.by_chance(table, order) == pytest.approx(100 * (3 + 1 + 2) * 2 / 36)
