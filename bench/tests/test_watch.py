"""The bench of a watched loop runs through, small: both ways, the same weights, a share."""

import json

import pytest

from bench import watch


def test_both_ways_are_measured_and_give_the_same_weights(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert watch.main(["--quick", "--seconds", "0.2", "--images", "200", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    alone, watched = found["rows"]
    assert not alone["watched"] and watched["watched"] and watched["looks"] >= 0
    assert [row["met"] for row in found["targets"]][2] is True
    assert 0 <= watched["share"] < 1 and "looking, %" in watch.text(found)
