"""Options are the requests' fields: what is declared there is offered, explained and passed on."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cu_core.cli import _parser
from cu_core.cli._options import parse_knobs, request_of
from cu_core.errors import BadRequest
from cu_core.spec import TrainRequest, UnlearnRequest, option_of

OF_VERB = {"unlearn": UnlearnRequest, "train": TrainRequest, "sequence": UnlearnRequest}
DERIVED = {"sequence": {"after"}}  # what a verb makes itself
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1).filter(
    lambda text: not text.startswith("-")
)
KNOB = st.one_of(st.booleans(), st.integers(0, 99), st.floats(0, 1), st.just("hard"))


def request(*words: str) -> Any:
    return request_of(OF_VERB[words[0]], _parser(words).parse_args(words))


@pytest.mark.parametrize("verb", OF_VERB)
def test_every_field_is_an_option_with_its_own_words(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit):
        _parser([verb]).parse_args([verb, "--help"])
    told = capsys.readouterr().out
    fields = OF_VERB[verb].model_fields
    for name in fields.keys() - {"kind"} - DERIVED.get(verb, set()):
        described = fields[name].description
        assert described and option_of(OF_VERB[verb], name) + " " in told.replace("\n", " ")
        assert described in told


@pytest.mark.parametrize("verb", OF_VERB)
def test_without_options_the_request_is_the_default_one(verb: str) -> None:
    defaults = {"sequence": {"forget": "random:0.1"}}
    assert request(verb) == OF_VERB[verb](**defaults.get(verb, {}))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "dataset": TEXT,
            "forget": TEXT,
            "original": TEXT,
            "method": TEXT,
            "preset": TEXT,
            "head": st.sampled_from(["plain", "normalised"]),
            "precision": st.sampled_from(["auto", "float32", "bfloat16"]),
            "seed": st.integers(0, 2**31 - 1),
            "model_seed": st.integers(0, 2**31 - 1),
            "train_epochs": st.integers(1, 500),
            "every": st.integers(1),
            "max_steps": st.integers(1),
            "probe_size": st.integers(20, 50_000),
            "reference": st.booleans(),
            "hparams": st.dictionaries(st.sampled_from(["lr", "epochs", "draw"]), KNOB),
        },
    )
)
def test_the_command_of_a_request_makes_that_request(fields: dict[str, Any]) -> None:
    asked = UnlearnRequest(**fields)
    words = shlex.split(asked.command())
    assert words[:3] == ["python", "-m", "cu_core"]
    assert request(*words[3:]) == asked


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--every", "0"], "unlearn.every must be an integer of at least 1, got '0'."),
        (["--every", "x"], "unlearn.every must be an integer of at least 1, got 'x'."),
        (["--probe-size", "9"], "unlearn.probe_size must be an integer in [20, 50000], got '9'."),
        (["--device", "tpu"], "unlearn.device must be one of auto, cuda, mps, cpu, got 'tpu'."),
    ],
)
def test_a_wrong_value_is_refused_by_the_request(words: list[str], sentence: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        request("unlearn", *words)
    assert str(refusal.value) == sentence


def test_the_seed_of_a_training_is_its_models() -> None:
    assert request("train", "--seed", "3").model_seed == 3
    assert request("unlearn", "--seed", "3").seed == 3


def test_knobs_are_json_or_text() -> None:
    assert parse_knobs(["a=1", "b=0.5", "c=true", "d=hard", "e=x=y"]) == {
        "a": 1, "b": 0.5, "c": True, "d": "hard", "e": "x=y"
    }  # fmt: skip
    for malformed in ("temperature", "=1"):
        with pytest.raises(BadRequest, match="--set takes KNOB=VALUE"):
            parse_knobs([malformed])
