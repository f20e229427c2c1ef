"""What became of planted samples, in a sentence each for the verdict, beside the references."""

import math
from collections.abc import Callable, Mapping

from cu_core.metrics._evidence import percent
from cu_core.metrics.planted import planted_counts, planted_home, planted_trigger
from cu_core.spec import Probe

Values = Mapping[str, float | None]
Said = Callable[[float], str]


def told(metrics: Values, original: Values, retrained: Values | None, probe: Probe) -> list[str]:
    """Nothing where nothing was planted, or not computed. Of a mark what it still does; of wrong
    labels alone how many samples went home, as a count of those in the ``probe``."""
    if probe.true_label is None:
        return []
    say: Said = percent
    if probe.trigger_label is not None:
        key = planted_trigger.key
        said = "of test images of other classes are answered as the mark's class when it is on them"
    else:
        key = planted_home.key
        n = planted_counts(probe).get(key, 0)
        say = _counted(n)
        said = f"of {n:,} wrongly labelled samples now lie among their true class"
    now = _number(metrics, key)
    if now is None:
        return []
    beside = [
        f"{name} {say(value)}"
        for name, values in (("original", original), ("retrained", retrained or {}))
        if (value := _number(values, key)) is not None
    ]
    references = f" ({', '.join(beside)})" if beside else ""
    missing = "" if retrained is not None else "; there is no retrained reference"
    sentence = f"{say(now)} {said}{references}{missing}."
    return [sentence[0].upper() + sentence[1:]]


def ten_words(metrics: Values, counts: Mapping[str, int]) -> str:
    """The same in ten words at most, without the references; "" where nothing is told. ``counts``:
    as ``planted_counts``, among whatever else is counted."""
    home, trigger = (_number(metrics, m.key) for m in (planted_home, planted_trigger))
    if planted_trigger.key in counts:
        return "" if trigger is None else f"The mark decides {percent(trigger)} of the answers."
    n = counts.get(planted_home.key, 0)
    if not n or home is None:
        return ""
    return f"{_counted(n)(home)} of {n:,} wrong labels are back home."


def _counted(n: int) -> Said:
    """Percent of ``n`` as how many of them."""
    return lambda value: f"{round(value * n / 100):,}"


def _number(values: Values, key: str) -> float | None:
    value = values.get(key)
    return None if value is None or not math.isfinite(value) else value
