"""How far a model is from the one retrained without the forget set: the number that counts."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from cu_core.metrics import all_metrics

Values = Mapping[str, float | None]

COUN = ("ra", "ua", "ta", "mia_efficacy")  # the four of arXiv:2509.16391, all in percent
BOUNDS = ("/low", "/high")  # of an interval: no measures of their own


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


def inside(values: Values, seeds: Sequence[Values]) -> dict[str, bool]:
    """Of every metric: is the gap to the first retrained model no larger than the largest one
    between two retrained seeds? Empty with fewer than two seeds. Left out: a metric that a seed
    lacks, and one that is itself a distance to the retrained models."""
    marks = {}
    for key, gap in gaps(values, seeds[0] if len(seeds) > 1 else None).items():
        if _is_distance(key):
            continue
        pairs = [_apart(a.get(key), b.get(key)) for a, b in combinations(seeds, 2)]
        spread = [pair for pair in pairs if pair is not None]
        if gap is not None and len(spread) == len(pairs):
            marks[key] = gap <= max(spread)
    return marks


def _is_distance(key: str) -> bool:
    metric = all_metrics().get(key.split("/")[0])
    return metric is not None and metric.over == "references" and metric.better != "retrained"


def _apart(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else abs(a - b)
