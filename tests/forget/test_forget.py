"""Forget sets: the laws they obey and every refusal, before anything starts."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import forget
from cu_core.data.plants import plant
from cu_core.errors import BadForgetSet, BadRequest
from cu_core.spec import Dataset, ForgetSet

EXAMPLES = ", ".join(rule.example for rule in forget.rules())  # class:5, indices:FILE, ...
NAMES = ("ant", "bee", "cat", "dog", "hare, brown")


def dataset(n: int = 200, names: tuple[str, ...] = NAMES) -> Dataset:
    """n rows; class k of C has labels y = i % C, so the counts are known."""
    y = np.arange(n) % len(names)
    x = np.zeros((n, 2), np.float32)
    return Dataset("toy", x, y, x, y, names)


IT = dataset()
fractions = st.floats(0.01, 0.99)
rule_texts = st.one_of(
    st.lists(st.sampled_from(NAMES[:4]), min_size=1, max_size=3).map(
        lambda c: f"class:{','.join(c)}"
    ),
    fractions.map(lambda f: f"random:{f}"),
    fractions.map(lambda f: f"per-class:{f}"),
)


@given(rule_texts, st.integers(0, 2**31 - 1))
@settings(deadline=None)
def test_forget_and_retain_part_the_training_set(rule: str, seed: int) -> None:
    try:
        found = forget.parse(rule, IT, seed)
    except BadForgetSet:
        return  # refusals have their own tests
    retain = np.setdiff1d(np.arange(200), found.index)
    assert len(found.index) + len(retain) == 200 and len(found.index) and len(retain)
    assert found.index.dtype == np.int64 and (np.diff(found.index) > 0).all()
    assert len(set(IT.train_y[retain])) >= 2
    again = forget.parse(rule, IT, seed)
    assert np.array_equal(again.index, found.index) and again.hash == found.hash
    assert (found.rule, found.seed) == (rule, seed)


@given(fractions, st.integers(0, 99))
@settings(deadline=None)
def test_fractions_are_counts(f: float, seed: int) -> None:
    if f < 0.8:  # beyond, a draw may leave a single class, which is refused
        assert len(forget.parse(f"random:{f}", IT, seed).index) == round(f * 200)
    if 0 < round(f * 40) < 40:
        index = forget.parse(f"per-class:{f}", IT, seed).index
        assert np.bincount(IT.train_y[index]).tolist() == [round(f * 40)] * 5


index_sets = st.sets(st.integers(0, 6), min_size=1)  # few, so that equal pairs turn up


@given(index_sets, index_sets)
def test_the_hash_changes_with_the_indices_alone(a: set[int], b: set[int]) -> None:
    def made(index: set[int], rule: str) -> ForgetSet:
        return ForgetSet(np.array(sorted(index)), rule, "sample", (), 0)

    assert (made(a, "one").hash == made(b, "two").hash) == (a == b)


def test_seeds_draw_different_samples_and_classes_do_not_care() -> None:
    for rule in ("random:0.2", "per-class:0.2"):
        assert forget.parse(rule, IT, 0).hash != forget.parse(rule, IT, 1).hash
    assert forget.parse("class:1", IT, 0).hash == forget.parse("class:1", IT, 1).hash


def test_a_smaller_fraction_is_part_of_a_larger_one() -> None:
    for rule in ("random", "per-class"):
        small, large = (set(forget.parse(f"{rule}:{f}", IT, 3).index) for f in (0.1, 0.4))
        assert small < large


@pytest.mark.parametrize(
    ("rule", "classes"),
    [
        ("class:2", (2,)),
        (" class: 3 , 0 ", (0, 3)),
        ("class:cat,dog", (2, 3)),
        ("class:Cat", (2,)),
        ("class:hare, brown", (4,)),
        ("class:1,1", (1,)),
    ],
)
def test_classes_by_id_and_by_name(rule: str, classes: tuple[int, ...]) -> None:
    found = forget.parse(rule, IT, 0)
    assert (found.kind, found.classes) == ("class", classes)
    assert found.index.tolist() == np.flatnonzero(np.isin(IT.train_y, classes)).tolist()


def test_a_name_counts_before_an_id() -> None:
    odd = dataset(names=("1", "3", "7"))
    assert forget.parse("class:1", odd, 0).classes == (0,)
    assert forget.parse("class:7", odd, 0).classes == (2,)
    with pytest.raises(BadForgetSet, match="There is no class '2'; the classes are 1, 3, 7"):
        forget.parse("class:2", odd, 0)


def test_the_kind_follows_the_samples_not_the_rule(tmp_path: Path) -> None:
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(np.flatnonzero(np.isin(IT.train_y, (1, 2))).tolist()))
    found = forget.parse(f"indices:{whole}", IT, 0)
    assert (found.kind, found.classes) == ("class", (1, 2))
    assert forget.parse("per-class:0.5", IT, 0).kind == "sample"
    assert forget.parse("random:0.5", IT, 0).classes == ()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("klass:1", f"No rule is called 'klass'; write one of {EXAMPLES}"),
        ("", "No rule is called ''"),
        ("class:zebra", r"There is no class 'zebra'; the classes are ant, bee.*\(ids 0 to 4\)"),
        ("class:5", "There is no class '5'"),
        ("class:-1", "There is no class '-1'"),
        ("class:", "There is no class ''"),
        ("class:0,1,2,3", "leaves only the class 'hare, brown' to keep; at least two"),
        ("class:0,1,2,3,hare", "There is no class 'hare'"),
        ("class:0,1,2,3,4", "selects all 200 training samples"),
        ("random:0", "random needs a fraction between 0 and 1, both excluded, got '0'"),
        ("random:1", "got '1'"),
        ("random:nan", "got 'nan'"),
        ("random:", "got ''"),
        ("random:ten", "got 'ten'; random:0.1 is a tenth"),
        ("per-class:1.5", "per-class needs a fraction .* got '1.5'"),
        ("random:0.001", "random:0.001 selects no sample"),
        ("per-class:0.01", "per-class:0.01 selects no sample"),
        ("random:0.999", "selects all 200"),
        ("indices:/no/such/file.txt", "There is no file '/no/such/file.txt'"),
        ("indices:", "There is no file ''"),
    ],
)
def test_refusals_are_sentences(rule: str, said: str) -> None:
    with pytest.raises(BadForgetSet, match=said):
        forget.parse(rule, IT, 0)


def test_a_class_nobody_has_in_a_two_class_set() -> None:
    with pytest.raises(BadForgetSet, match="leaves only the class 'b'"):
        forget.parse("class:a", dataset(names=("a", "b")), 0)
    many = dataset(n=60, names=tuple(f"kind{k}" for k in range(30)))
    with pytest.raises(BadForgetSet, match="kind19 and 10 more"):
        forget.parse("class:none", many, 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"3\n0\n\n# the last one\n17\n"),
        ("b ü.csv", b"\xef\xbb\xbfindex,why\r\n17,old\r\n3,old\r\n0,new\r\n"),
        ("c.json", b"[17, 0, 3]"),
        ("d.NPY", np.array([3, 17, 0], np.uint8)),
    ],
)
def test_lists_of_indices(tmp_path: Path, name: str, content: Any) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with path.open("wb") as file:
            np.save(file, content)
    found = forget.parse(f"indices:{path}", IT, 0)
    assert found.index.tolist() == [0, 3, 17] and found.kind == "sample"


def test_rules_say_what_they_are() -> None:
    found = forget.rules()
    assert [rule.key for rule in found] == sorted({rule.key for rule in found})
    assert {"class", "indices", "per-class", "random"} <= {rule.key for rule in found}
    bare = {r.key for r in found if r.control == "none"}
    assert all(r.title and r.help for r in found)
    assert all(r.example.partition(":")[1] == ":" * (r.key not in bare) for r in found)
    assert all(r.example.partition(":")[0] == r.key for r in found)
    assert all(bool(r.endings) is (r.control == "file") for r in found)
    assert issubclass(BadForgetSet, BadRequest)


def test_a_rule_that_fails_to_import_is_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text("RULE = 1 / 0\n")
    monkeypatch.setattr(forget, "__path__", [*forget.__path__, str(tmp_path)])
    with pytest.raises(ZeroDivisionError):
        forget.rules()
    twice = "from cu_core.forget.classes import RULE\n"
    (tmp_path / "broken.py").write_text(twice)
    sys.modules.pop("cu_core.forget.broken", None)
    with pytest.raises(ImportError, match="declares the rule 'class' a second time"):
        forget.rules()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("class:5", "class 5"),
        ("class:cat,dog", "classes cat, dog"),
        ("random:0.1", "a random 10 %"),
        ("per-class:0.05", "5 % of every class"),
        ("indices:/data/mine.txt", "listed images (mine.txt)"),
        ("random:a tenth", "random:a tenth"),  # refused by the engine, but on record
    ],
)
def test_a_rule_is_said_in_words(rule: str, said: str) -> None:
    assert forget.words(rule) == said


def test_planted_names_what_was_planted_and_nothing_else() -> None:
    spoilt = plant("wrong-labels:0.2", IT)
    found = forget.parse("planted", spoilt, 3)
    assert spoilt.planted is not None and found.kind == "sample"
    np.testing.assert_array_equal(found.index, spoilt.planted)
    assert forget.words("planted") == "the planted samples"


def test_planted_needs_something_planted() -> None:
    with pytest.raises(BadForgetSet, match=r"Nothing is planted in .*--plant wrong-labels:0.1"):
        forget.parse("planted", IT, 0)
    with pytest.raises(BadForgetSet, match=r"planted takes nothing after it, got '0.1'"):
        forget.parse("planted:0.1", plant("wrong-labels:0.2", IT), 0)
