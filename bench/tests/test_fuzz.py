"""Of each door a few requests: none ends in a traceback, and one that does would be counted."""

import json

import pytest

from bench import fuzz
from cu_core.errors import BadRequest


def test_nothing_that_comes_in_ends_in_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    code = fuzz.main(["--json", "--quick", "--requests", "48"])
    found = json.loads(capsys.readouterr().out)
    assert {row["door"]: row["faults"] for row in found["rows"]} == {d: {} for d in fuzz.DOORS}
    assert code == 0 and all(row["requests"] >= 12 for row in found["rows"])
    told = fuzz.text(found)
    assert "| uploads |" in told and "tracebacks" in told


def test_what_is_no_refusal_is_a_fault_with_its_place_and_its_input() -> None:
    found = fuzz.Tally()

    def knock(given: tuple[str, int]) -> None:
        if given[1] == 1:
            raise BadRequest("One is refused.")
        if given[1] == 2:
            raise BadRequest(" ")
        [][given[1]]

    for number in (0, 0, 1, 2):
        found.take(("kind", number), knock)
    assert (found.requests, found.accepted, found.refused, found.tracebacks) == (4, 0, 1, 3)
    index, wordless = found.faults.items()
    assert index[0].startswith("IndexError at test_fuzz.py:") and index[1] == "('kind', 0)"
    assert wordless == ("a refusal without a word", "('kind', 2)")


def test_a_door_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="No door is 'window'; there are: requests, command line"):
        fuzz.main(["--only", "window"])
