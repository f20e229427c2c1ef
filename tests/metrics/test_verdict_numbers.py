"""What holds of every verdict: short plain sentences, made of its inputs' numbers and no other."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core.metrics._evidence import percent
from cu_core.metrics.verdict import Evidence, headline, verdict

SPOKEN = ("forget_acc_test", "forget_acc_train", "knn_probe_forget", "ta")
RHOS = ("rho_knn", "rho_linear", "rho_prototype")
WORDS = 34
COUNT = r"\d+ of \d+(?! seeds)"
FIGURE = rf"(?:under |over )?\d+ %|{COUNT}"

values = st.none() | st.floats(0, 100)
one = st.fixed_dictionaries(
    {key: values for key in SPOKEN} | {key: st.none() | st.floats(-3, 3) for key in RHOS}
)
cases = st.builds(
    Evidence,
    one,
    one,
    st.lists(one, max_size=3),
    st.sampled_from(["class", "sample"]),
    st.sampled_from([(), ("cat",), ("cat", "dog")]),
    st.dictionaries(st.sampled_from(SPOKEN), st.integers(1, 400)),
    st.none() | st.sampled_from([10.0, 50.0]),
)


@settings(max_examples=300, deadline=None)
@given(cases)
def test_always_short_plain_sentences(given_: Evidence) -> None:
    said = verdict(given_)
    assert said.endswith(".") and not re.search(r"success|fail|\d\.\d|None|nan|  | ,|\(\)", said)
    for sentence in said[:-1].split(". "):
        assert sentence[0].isupper() and len(sentence.split()) <= WORDS


@settings(max_examples=300, deadline=None)
@given(cases)
def test_every_number_said_is_one_of_the_inputs(given_: Evidence) -> None:
    models = (given_.metrics, given_.original, *given_.seeds)
    pairs = [(k, v) for m in models for k, v in m.items() if v is not None and k in SPOKEN]
    known = {percent(v) for _, v in pairs} | {given_.said(k, v) for k, v in pairs}
    known |= {percent(given_.chance)} if given_.chance is not None else set()
    for said in (verdict(given_), headline(given_)):
        assert set(re.findall(FIGURE, said)) <= known
        left = re.sub(rf"{FIGURE}|5-shot|of \d seeds", "", said)
        assert not re.search(r"\d", left)


@settings(max_examples=300, deadline=None)
@given(cases, st.sampled_from(["metrics", "original"]), st.sampled_from(SPOKEN), values)
def test_the_sentences_change_with_their_numbers(
    given_: Evidence, which: str, key: str, other: float | None
) -> None:
    """Replaced by a number that reads otherwise, what was said is said no more; and what no
    sentence speaks of changes none."""
    old = getattr(given_, which)[key]

    def with_(model: dict[str, Any]) -> Evidence:
        fields = {name: getattr(given_, name) for name in given_.__dataclass_fields__}
        return Evidence(**{**fields, which: model})

    said = verdict(given_)
    model = getattr(given_, which)
    assert verdict(with_(dict(model, ra=12.0, ua=34.0))) == said
    told = verdict(with_(dict(model, **{key: other})))
    if old == other:
        assert told == said
    everything = [
        given_.said(k, v)
        for m in (given_.metrics, given_.original, *given_.seeds)
        for k, v in m.items()
        if v is not None and k in SPOKEN
    ] + [percent(given_.chance or 0.0)]
    if old is None or everything.count(given_.said(key, old)) != 1:
        return
    figure = given_.said(key, old)
    if figure in re.findall(FIGURE, said) and (other is None or given_.said(key, other) != figure):
        assert figure not in re.findall(FIGURE, told)
