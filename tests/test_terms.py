"""Every row of a small card that is explained is said in two lines, and is one that a page has."""

from cu_core import glossary
from cu_core.spec.phases import PARTS
from cu_core.spec.terms import TERMS
from cu_core.stage.numbers import HEADS
from ui import blocks

TWO_LINES = 170  # letters of a tooltip


def test_a_term_is_a_sentence_of_two_lines() -> None:
    for name, told in TERMS.items():
        assert name == name.lower() and told.endswith(".") and len(told) <= TWO_LINES, name


def test_what_a_table_and_a_wait_are_headed_by_is_explained_once() -> None:
    for name in (*HEADS, *PARTS.values()):
        assert blocks.term(name).startswith("<abbr title="), name
    assert not [name for name in TERMS if glossary.find(name)]


def test_a_word_that_is_no_term_is_text() -> None:
    assert blocks.term("<b>dog</b>") == "&lt;b&gt;dog&lt;/b&gt;"
