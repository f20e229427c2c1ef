"""What a few runs leave of themselves, and the arithmetic of the slope."""

import json
import random

import numpy as np
import pytest

from bench import soak


@pytest.mark.long
@pytest.mark.timeout(600)
def test_three_runs_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(["--runs", "3", "--no-browser", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in found["rows"]] == [0, 1, 2, 3] and found["left"] == []
    before, after = found["rows"][0], found["rows"][-1]
    for name in ("descriptors", "processes", "zombies", "unclaimed"):
        assert after[name] <= before[name], name
    assert "Left behind: nothing." in soak.text(found)


def test_the_slope_is_that_of_least_squares_with_its_standard_error() -> None:
    chance = random.Random(0)
    values = [100 + 0.25 * k + chance.gauss(0, 1) for k in range(40)]
    line, covariance = np.polyfit(range(40), values, 1, cov=True)
    assert soak.slope(values) == pytest.approx((line[0], covariance[0, 0] ** 0.5))
