"""A moment says the same in an address, in a story and in a header."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cu_core.errors import BadRequest
from cu_core.stage.moment import PARTS, Moment

CASES = json.loads(Path(__file__).with_name("moments.json").read_text("utf-8"))

NAMES = st.text("abcdefghij-", min_size=1, max_size=8)
NUMBERS = st.lists(st.integers(0, 999), max_size=4).map(tuple)
MOMENTS = st.builds(
    Moment,
    step=st.none() | st.integers(0, 10**6),
    view=st.none() | NAMES,
    colour=st.none() | NAMES,
    ghost=st.none() | st.booleans(),
    only=NUMBERS,
    pin=NUMBERS,
    highlight=st.none() | NAMES,
    hide=st.lists(st.sampled_from([*PARTS]), max_size=3).map(tuple),
    morph=st.none() | st.booleans(),
)


@given(MOMENTS)
def test_what_is_written_is_what_is_read(moment: Moment) -> None:
    assert Moment.parse(moment.words) == Moment.parse_query(moment.query) == moment
    assert Moment.of(moment.opens) == moment


def test_words_and_address() -> None:
    moment = Moment.parse("step=31 view=map colour=true pin=14,2 ghost=false")
    assert moment == Moment(step=31, view="map", colour="true", pin=(14, 2), ghost=False)
    assert moment.query == "step=31&view=map&colour=true&ghost=false&pin=14,2"
    assert Moment.parse_query("?run=20&step=3") == Moment(step=3)  # what else an address says
    assert Moment().opens == {} and Moment(step=0).opens == {"step": 0}


@pytest.mark.parametrize(
    ("words", "named"),
    [("step=-1", "-1"), ("step=soon", "soon"), ("sep=3", "'sep'"), ("view", "'view'"),
     ("pin=a", "'a'"), ("hide=list,roof", "'roof'; there are knobs, list")],
)  # fmt: skip
def test_what_means_nothing_is_named(words: str, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        Moment.parse(words)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["query"])
def test_an_address_says_the_same_here_and_in_the_browser(case) -> None:
    moment, refusals = Moment.read(dict(parse_qsl(case["query"])))
    assert moment.opens == case["opens"]
    assert [name for name in case["refused"] if name in " ".join(refusals)] == case["refused"]
    assert len(refusals) == len(case["refused"])
    assert "said" not in case or moment.query == case["said"]
