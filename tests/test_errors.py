"""One maker of messages: what a field takes is said as it is declared."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cu_core.errors import explain
from cu_core.spec import Method, knob


class Plan(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str = ""
    draw: Literal["even", "hard"] = "even"
    share: float = Field(0.5, ge=0, le=1, json_schema_extra={"unit": "of all"})
    every: int | None = Field(None, ge=1)
    most: float = Field(0.0, le=5)
    open: bool = True
    knobs: dict[str, Any] = Field(default_factory=dict)
    seed: int
    word: str = "a"

    @field_validator("word")
    @classmethod
    def _lower(cls, word: str) -> str:
        if word != word.lower():
            raise ValueError(f"{word!r} has capitals.")
        return word

    @model_validator(mode="after")
    def _together(self) -> "Plan":
        if self.every == 7 and self.draw == "hard":
            raise ValueError("A hard draw cannot be made every 7 updates.")
        return self


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"draw": "odd"}, "The plan.draw must be one of even, hard, got 'odd'."),
        ({"share": 2}, "The plan.share must be a number in [0, 1] of all, got 2."),
        ({"share": float("nan")}, "The plan.share must be a number in [0, 1] of all, got nan."),
        ({"share": "x"}, "The plan.share must be a number in [0, 1] of all, got 'x'."),
        ({"every": 0}, "The plan.every must be an integer of at least 1, got 0."),
        ({"every": 1.5}, "The plan.every must be an integer of at least 1, got 1.5."),
        ({"most": 6}, "The plan.most must be a number of at most 5, got 6."),
        ({"open": "x"}, "The plan.open must be true or false, got 'x'."),
        ({"name": 3}, "The plan.name must be a text, got 3."),
        ({"knobs": []}, "The plan.knobs must be a mapping of names to values, got []."),
        ({"word": "A"}, "The plan.word: 'A' has capitals."),
        ({"every": 7, "draw": "hard"}, "A hard draw cannot be made every 7 updates."),
        (
            {"names": 1},
            "The plan has no setting 'names'; it has name, draw, share, every, most, open, knobs, "
            "seed, word.",
        ),
    ],
)
def test_a_fault_is_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        Plan(**{"seed": 0, **fields})
    assert explain(error.value, Plan, "The plan") == sentence


def test_each_of_several_faults_has_its_sentence() -> None:
    with pytest.raises(ValidationError) as error:
        Plan(every=0)  # type: ignore[call-arg]
    told = explain(error.value, Plan)
    assert told == (
        "Plan.every must be an integer of at least 1, got 0. Plan.seed is missing; give it a value."
    )


def test_a_knob_and_a_field_are_explained_by_the_same_words() -> None:
    class Mine(Method):
        batches: int = knob(4, 1, 16, unit="batches", help="Per forget batch")

    with pytest.raises(Exception, match=r"Mine.batches must be an integer in \[1, 16\] batches"):
        Mine.make(batches=17)
    with pytest.raises(Exception, match=r"Mine has no knob 'tau'; it has batches\."):
        Mine.make(tau=1)
