"""How far a model is from the one retrained without the forget set: the number that counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from cu_core.metrics import all_metrics

Values = Mapping[str, float | None]

COUN = ("ra", "ua", "ta", "mia_efficacy")  # the four of arXiv:2509.16391, all in percent
BOUNDS = ("/low", "/high")  # of an interval: no measures of their own


def compare(values: Values, seeds: Sequence[Values]) -> dict[str, Any]:
    """What a run says of its distance to the retrained ``seeds``, the first of which is its own."""
    retrained = seeds[0] if seeds else None
    return {
        "gap": gaps(values, retrained),
        "avg_gap": avg_gap(values, retrained),
        "band": band(seeds),
        "inside": inside(values, seeds),
    }


def gaps(values: Values, retrained: Values | None) -> dict[str, float | None]:
    """|unlearned - retrained| of every metric that both have; None where either is missing."""
    if retrained is None:
        return {}
    return {
        key: _apart(values[key], retrained.get(key)) for key in values if not key.endswith(BOUNDS)
    }


def avg_gap(values: Values, retrained: Values | None) -> float | None:
    """CoUn's "Avg. Gap" in points: the mean |difference| of RA, UA, TA and MIA efficacy.

    None where one of the eight numbers is missing: a mean of the others is another measure.
    """
    found = [_apart(values.get(key), (retrained or {}).get(key)) for key in COUN]
    known = [gap for gap in found if gap is not None]
    return sum(known) / len(COUN) if len(known) == len(COUN) else None


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
    itself a distance (or likeness) to the retrained models against the farthest seed's."""
    first = gaps(values, seeds[0] if seeds else None)
    marks = {}
    for key, (low, high) in band(seeds).items():
        value, gap, better = values.get(key), first.get(key), _of_distance(key)
        if value is None or gap is None:
            continue
        marks[key] = {"low": value <= high, "high": value >= low}.get(better, gap <= high - low)
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
    return None if a is None or b is None else abs(a - b)
