"""Every term is told in two short lines with a drawing, is called so once, and is where it says."""

import base64
import re
import types
from xml.etree import ElementTree

import pytest

from cu_core import glossary, metrics
from cu_core.spec import Metric

TERMS = glossary.terms()
TWO_LINES = 130  # letters


def test_every_word_is_told_shortly_in_plain_sentences() -> None:
    assert len(TERMS) >= 25
    for key, term in TERMS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", key) and term.title[0].isupper(), key
        assert term.says.endswith(".") and len(term.says) <= TWO_LINES, key
        assert not re.search(r"success|fail", term.says), key


@pytest.mark.parametrize("key", TERMS)
def test_its_drawing_is_an_image_within_its_frame(key: str) -> None:
    kind, _, data = TERMS[key].image.partition(",")
    assert kind == "data:image/svg+xml;base64"
    root = ElementTree.fromstring(base64.b64decode(data))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    marks = list(root)[1:]
    assert marks, "nothing is drawn"
    style = root[0].text or ""
    for mark in marks:
        assert all(f".{name}" in style for name in mark.attrib["class"].split())
        for name, end in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert -1 <= float(mark.attrib.get(name, 0)) <= end + 1, ElementTree.tostring(mark)
    assert len(data) < 2500


def test_no_two_words_are_called_alike_and_what_they_point_at_is_there() -> None:
    names = [name.casefold() for term in TERMS.values() for name in term.names]
    assert len({*names}) == len(names)
    assert {key for term in TERMS.values() for key in term.see} <= {*TERMS}
    assert not [key for key, term in TERMS.items() if key in term.see]


def test_a_metric_is_told_by_one_term_at_most_and_its_help_is_not_told_again() -> None:
    known: dict[str, Metric] = dict(metrics.all_metrics())
    measured = [term for term in TERMS.values() if term.metric]
    assert len({term.metric for term in measured}) == len(measured)
    for term in measured:
        assert term.says not in known[term.metric].help
        assert glossary.of_metric(term.metric) is term
    assert glossary.of_metric("nothing") is None


def test_a_word_is_found_however_it_begins_and_of_several() -> None:
    assert glossary.find("retrained") is glossary.find("Retrained") is TERMS["retrained"]
    assert glossary.find("seeds") is glossary.find("band") is TERMS["band"]
    assert glossary.find("neighbours") is TERMS["probe"] and glossary.find("dog") is None


def test_the_groups_hold_every_word_once_and_a_file_without_a_title_is_loud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = [term.key for terms in glossary.groups().values() for term in terms]
    assert sorted(held) == sorted(TERMS) and next(iter(glossary.groups())) == "What is compared"
    bare = types.ModuleType("bare", "No colon")
    bare.ORDER = 1  # type: ignore[attr-defined]
    monkeypatch.setattr("cu_core.registry.modules", lambda *_: [bare])
    glossary.groups.cache_clear()
    with pytest.raises(ImportError, match="bare has no title"):
        glossary.groups()
    monkeypatch.undo()
    glossary.groups.cache_clear()
