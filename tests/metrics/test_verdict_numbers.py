"""What holds of every verdict: one plain sentence, made of its inputs' numbers and of no other."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core.metrics.verdict import percent, verdict

SPOKEN = ("forget_acc_test", "forget_acc_train", "knn_probe_forget", "ta")

values = st.none() | st.floats(0, 100)
trio = st.fixed_dictionaries({key: values for key in SPOKEN})


@settings(max_examples=200, deadline=None)
@given(trio, trio, st.none() | trio, st.sampled_from(["class", "sample"]))
def test_always_one_plain_sentence(now: dict, before: dict, ideal: dict | None, kind: str) -> None:
    said = verdict(now, before, ideal, kind, ["5"])  # type: ignore[arg-type]
    assert said.endswith(".") and said.count(".") == 1 and said[0].isupper()
    assert not re.search(r"success|fail|\d\.\d|None|nan|  | ,|\(\)", said)


@settings(max_examples=200, deadline=None)
@given(trio, trio, st.none() | trio, st.sampled_from(["class", "sample"]))
def test_every_number_said_is_one_of_the_inputs(
    now: dict, before: dict, ideal: dict | None, kind: str
) -> None:
    said = verdict(now, before, ideal, kind, ["cat"])  # type: ignore[arg-type]
    given_ = {percent(v) for m in (now, before, ideal or {}) for v in m.values() if v is not None}
    numbers = re.findall(r"(?:under |over )?\d+ %", said)
    assert set(numbers) <= given_
    assert not re.search(r"\d", re.sub(r"(?:under |over )?\d+ %|15-neighbour", "", said))


@settings(max_examples=200, deadline=None)
@given(
    trio, trio, st.none() | trio, st.sampled_from(["class", "sample"]),
    st.sampled_from([0, 1, 2]), st.sampled_from(SPOKEN), values,
)  # fmt: skip
def test_the_sentence_changes_with_its_numbers(
    now: dict, before: dict, ideal: dict | None, kind: str, which: int, key: str, other: float
) -> None:
    """Replaced by a number that reads otherwise, what was said is said no more; and what no
    sentence speaks of changes none."""
    models = [now, before, ideal]
    said = verdict(*models, kind, ["cat"])  # type: ignore[arg-type]
    rest = [dict(m, ra=12.0, ua=34.0) if m is not None else None for m in models]
    assert verdict(*rest, kind, ["cat"]) == said  # type: ignore[arg-type]
    if models[which] is None:
        return
    old = models[which][key]
    changed = [dict(m, **{key: other}) if i == which else m for i, m in enumerate(models)]
    told = verdict(*changed, kind, ["cat"])  # type: ignore[arg-type]
    everything = [v for m in models if m is not None for v in m.values() if v is not None]
    alone = old is not None and [percent(v) for v in everything].count(percent(old)) == 1
    if alone and (other is None or percent(other) != percent(old)) and percent(old) in _said(said):
        assert told != said and percent(old) not in _said(told)
    if old == other:
        assert told == said


def _said(sentence: str) -> set[str]:
    return set(re.findall(r"(?:under |over )?\d+ %", sentence))
