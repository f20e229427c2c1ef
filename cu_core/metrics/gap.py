"""How far a model is from the one retrained without the forget set: the number that counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from cu_core.metrics import all_metrics
from cu_core.spec import BOUNDS

Values = Mapping[str, float | None]

ACCURACIES = ("ra", "ua", "ta")
COUN = (*ACCURACIES, "mia_efficacy")  # the four of arXiv:2509.16391, all in percent
ATTACKS = "mia_"  # how the keys of membership inference begin
MOST = 0.5  # of an attack's range: retrained models further apart than this are told apart by luck


def compare(values: Values, seeds: Sequence[Values]) -> dict[str, Any]:
    """What a run says of its distance to the retrained ``seeds``, the first of which is its own."""
    retrained = seeds[0] if seeds else None
    without = void(seeds)
    return {
        "gap": gaps(values, retrained),
        "avg_gap": None if "mia_efficacy" in without else avg_gap(values, retrained),
        "avg_gap_without_mia": avg_gap(values, retrained, ACCURACIES),
        "band": band(seeds),
        "inside": inside(values, seeds),
        "void": without,
    }


def gaps(values: Values, retrained: Values | None) -> dict[str, float | None]:
    """Unlearned - retrained of every metric that both have; None where either is missing."""
    if retrained is None:
        return {}
    return {
        key: _apart(values[key], retrained.get(key)) for key in values if not key.endswith(BOUNDS)
    }


def avg_gap(values: Values, retrained: Values | None, keys: Sequence[str] = COUN) -> float | None:
    """CoUn's "Avg. Gap" in points: the mean |difference| of RA, UA, TA and MIA efficacy.

    None where one of the eight numbers is missing: a mean of the others is another measure.
    """
    found = [_apart(values.get(key), (retrained or {}).get(key)) for key in keys]
    known = [abs(gap) for gap in found if gap is not None]
    return sum(known) / len(keys) if len(known) == len(keys) else None


def void(seeds: Sequence[Values]) -> dict[str, str]:
    """Attacks that the retrained ``seeds`` answer as differently as can be, with what to say of
    them: such a one is decided by its bias, so nothing is near to or far from retrained by it."""
    found = {}
    for key, (low, high) in band(seeds).items():
        if key.startswith(ATTACKS) and high - low > MOST * _width(key):
            found[key] = (
                f"{len(seeds)} retrained seeds read {low:.3g} to {high:.3g}: decided by its bias"
            )
    return found


def _width(key: str) -> float:
    low, high = all_metrics()[key].range
    return high - low


def band(seeds: Sequence[Values]) -> dict[str, tuple[float, float]]:
    """Lowest and highest of the retrained seeds, of every metric that all have. Empty with fewer
    than two seeds. A distance to the retrained models is for each seed that to the others."""
    found = {}
    for key in seeds[0] if len(seeds) > 1 else ():
        own = [value for seed in seeds if (value := seed.get(key)) is not None]
        if len(own) == len(seeds) and not key.endswith(BOUNDS) and not _between_seeds(key):
            found[key] = (min(own), max(own))
    return found


def inside(values: Values, seeds: Sequence[Values]) -> dict[str, bool]:
    """Of every metric in the ``band``: is the model no further from retrained than retrained seeds
    are from each other? The gap to the first seed is held against the widest gap of two; what is
    itself a distance (or likeness) to the retrained models against the farthest seed's. A ``void``
    attack has no mark."""
    first, without = gaps(values, seeds[0] if seeds else None), void(seeds)
    marks = {}
    for key, (low, high) in band(seeds).items():
        value, gap, better = values.get(key), first.get(key), _of_distance(key)
        if value is None or gap is None or key in without:
            continue
        near = abs(gap) <= high - low
        marks[key] = {"low": value <= high, "high": value >= low}.get(better, near)
    return marks


def _of_distance(key: str) -> str:
    """Which end is near, of a metric that is a distance to the retrained models; "" of others."""
    metric = all_metrics().get(key.split("/")[0])
    if metric is None or metric.over != "references" or metric.better == "retrained":
        return ""
    return metric.better


def _between_seeds(key: str) -> bool:
    """A measure of the retrained models alone, the same whatever stands beside them."""
    return key.split("/")[0].endswith("_seeds")


def _apart(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
