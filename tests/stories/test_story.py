"""A story is its file: what is written is what is read, and what is wrong is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cu_core.errors import BadRequest
from cu_core.stories.story import Question, Stop, Story, parse
from tests.stage.test_moment import MOMENTS

WORD = st.text("abcdefgh", min_size=1, max_size=8)
FEW = st.lists(WORD, min_size=1, max_size=10).map(" ".join)
TEXT = st.lists(FEW, max_size=3).map("\n\n".join)
QUESTIONS = st.builds(Question, kind=WORD, prompt=FEW, options=st.dictionaries(WORD, WORD))
STOPS = st.builds(
    Stop, line=FEW, moment=MOMENTS, text=TEXT, question=st.none() | QUESTIONS, notes=TEXT
)
STORIES = st.builds(
    Story,
    title=FEW,
    words=FEW,
    runs=st.lists(WORD, min_size=1, max_size=2).map(tuple),
    order=st.integers(0, 9),
    stops=st.lists(STOPS, max_size=3).map(tuple),
)
HEAD = "---\ntitle: T\nwords: W\nruns: [a]\n---\n"
UNREADABLE = (
    ": [",
    "title: 2026-13-01",
    "title: !!bool x",
    "title: !!int ''",
    "title: !!timestamp x",
    "title: \x07",
    "title: " + "[" * 3000,
)


@given(STORIES)
def test_what_is_written_is_what_is_read(story: Story) -> None:
    assert parse(story.written) == story
    assert parse(story.written.replace("\n", "\r\n")) == story
    assert parse(f"\ufeff{story.written}") == story


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("title: T", "does not begin with a header"),
        ("---\ntitle: T\nwords: W\n---", "runs"),
        *((f"---\n{head}\n---", "The header of lesson.md cannot be read") for head in UNREADABLE),
        ("---\ntitle: 2026-01-13\n1: 2\n---", "title"),
        (HEAD + "Words.", "before its first stop"),
        (HEAD + "## " + "a " * 11, "at most 10 words, got 11"),
        (HEAD + "## Line\n\n`sep=3`", "The stop 'Line' of lesson.md: 'sep' is no part"),
        (HEAD + "## Line\n\n? where will they go", "a question reads"),
        (HEAD + "## Line\n\n? a: b?\n? a: b?", "asks 2 questions"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse(text, "lesson.md")


@given(st.text("---\n:[]{}!&*#?>`'\" a1=\ufeff"), st.text("## \n?>`=:a1-,"))
def test_whatever_a_file_says_it_is_a_story_or_a_sentence(head: str, body: str) -> None:
    for text in (head, f"---\n{head}\n---\n{body}", f"{HEAD}## Line\n\n{body}"):
        with suppress(BadRequest):
            parse(text)
