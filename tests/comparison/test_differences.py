"""Measures as differences to the first run: what counts as none, and what is not known."""

import pytest

from cu_core.comparison.differences import Difference, Measure, differences
from cu_core.spec import SeedRange, Summary

UA, MEAN = Measure("UA", "", "ua"), Measure("Mean gap", "")


def ended(ua: float | None, **more: object) -> Summary:
    return Summary(metrics={"ua": ua, **more.pop("metrics", {})}, **more)  # type: ignore[arg-type, dict-item]


def test_each_run_after_the_first_has_its_way_to_it() -> None:
    found = differences(UA, [ended(90.0), ended(97.5), ended(None)])
    assert found == (Difference(90.0), Difference(97.5, 7.5), Difference(None))


def test_nothing_is_told_where_no_run_has_it_and_no_difference_to_one_that_lacks_it() -> None:
    assert differences(UA, [ended(None), Summary()]) == ()
    assert differences(UA, [ended(None), ended(3.0)]) == (Difference(None), Difference(3.0))


@pytest.mark.parametrize(("ua", "near"), [(92.0, "seeds"), (88.0, "seeds"), (92.5, "")])
def test_as_far_apart_as_retrained_seeds_is_no_difference(ua: float, near: str) -> None:
    band = {"ua": SeedRange(95.0, 97.0)}
    assert differences(UA, [ended(90.0, band=band), ended(ua)])[1].near == near


@pytest.mark.parametrize(("ua", "near"), [(93.0, "interval"), (95.0, "")])
def test_values_whose_intervals_overlap_are_no_difference(ua: float, near: str) -> None:
    def drawn(value: float) -> Summary:
        return ended(value, metrics={"ua/low": value - 2, "ua/high": value + 2})

    assert differences(UA, [drawn(90.0), drawn(ua)])[1].near == near


def test_exact_values_have_no_interval() -> None:
    assert differences(UA, [ended(90.0), ended(90.0)])[1].near == ""


def test_the_mean_gap_is_held_against_the_mean_width_of_the_three_bands() -> None:
    band = {key: SeedRange(0.0, width) for key, width in (("ra", 1.0), ("ua", 2.0), ("ta", 3.0))}
    first = Summary(avg_gap_without_mia=1.0, band=band)
    values = [first, Summary(avg_gap_without_mia=3.0), Summary(avg_gap_without_mia=3.5)]
    assert [one.near for one in differences(MEAN, values)] == ["", "seeds", ""]
    band.pop("ta")
    first = Summary(avg_gap_without_mia=1.0, band=band)
    assert differences(MEAN, [first, Summary(avg_gap_without_mia=1.5)])[1].near == ""
