"""What the numbers at the end of a run amount to, beside the original and the retrained models.

A difference counts where it is wider than ``NEAR`` points, than two standard errors of its share,
and than the retrained seeds lie apart.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cu_core.metrics._compare import standard_error
from cu_core.spec import FEW

Values = Mapping[str, float | None]
Kind = Literal["class", "sample"]
Standing = Literal["never known", "better", "as before", "in part", "forgotten"]
Rating = Literal["kept", "part", "gone", "less", "unclear", "disagree", "unknown"]
Place = Literal["", "above", "below", "within", "as ever"]

NEAR = 5.0  # percentage points
KEPT, GONE = 0.8, 0.2  # recoverability from and up to which the features have kept, or not kept, it
APART = 0.5  # recoverabilities that differ by more disagree
HALF = 0.5  # of the accuracy to be kept: with less, a model has forgotten everything

PROBE = "knn_probe_forget"
RHOS = ("rho_knn", "rho_linear", "rho_prototype")


@dataclass(frozen=True)
class Evidence:
    """All that is known at the end of a run. Values in percent by metric key.

    ``seeds``: of each retrained model, the run's own first; ``names``: the forgotten classes;
    ``counts``: of how many samples each percentage is; ``chance``: percent that the 15-neighbour
    probe would find without any knowledge.
    """

    metrics: Values
    original: Values
    seeds: Sequence[Values]
    kind: Kind
    names: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    chance: float | None = None

    def now(self, key: str) -> float | None:
        return _number(self.metrics.get(key))

    def before(self, key: str) -> float | None:
        return _number(self.original.get(key))

    def retrained(self, key: str) -> tuple[float, float] | None:
        """Lowest and highest of the seeds that have a value."""
        known = [v for seed in self.seeds if (v := _number(seed.get(key))) is not None]
        return (min(known), max(known)) if known else None

    def margin(self, key: str, value: float) -> float:
        """How many points count as no difference."""
        n = self.counts.get(key)
        return max(NEAR, 2 * standard_error(value, n)) if n else NEAR

    def said(self, key: str, value: float) -> str:
        """'97 %', or '5 of 6' where the samples are few."""
        n = self.counts.get(key, FEW)
        return percent(value) if n >= FEW else f"{value / 100 * n:.0f} of {n}"

    def references(self, key: str, *more: str) -> str:
        """'(original 90 %, retrained 58 % to 64 %)'."""
        before, ideal = self.before(key), self.retrained(key)
        said = ["original " + ("not computed" if before is None else self.said(key, before))]
        if not self.seeds:
            said.append("no retrained reference")
        elif ideal is None:
            said.append("retrained not computed")
        else:
            low, high = (self.said(key, end) for end in ideal)
            said.append(f"retrained {low}" + (f" to {high}" if low != high else ""))
        return "(" + ", ".join([*said, *more]) + ")"

    @property
    def kept_level(self) -> float | None:
        """Test accuracy that a model without damage has: of the worst retrained seed."""
        ideal = self.retrained("ta")
        return ideal[0] if ideal else self.before("ta")

    @property
    def damaged(self) -> bool:
        """Whether what was to be kept is answered right well less often than its reference."""
        now, level = self.now("ta"), self.kept_level
        return now is not None and level is not None and now < level - self.margin("ta", now)

    @property
    def ruined(self) -> bool:
        """Whether so little is left that forgetting means nothing."""
        now, level = self.now("ta"), self.kept_level
        return now is not None and level is not None and now < HALF * level

    @property
    def class_key(self) -> str:
        """The accuracy on the forgotten classes: of test samples, where there are any."""
        return "forget_acc_test" if self.now("forget_acc_test") is not None else "forget_acc_train"

    @property
    def standing(self) -> Standing:
        """How much of the class is still answered right."""
        key = self.class_key
        now, before, ideal = self.now(key), self.before(key), self.retrained(key)
        assert now is not None
        margin = self.margin(key, now)
        if before is not None and before <= NEAR and now <= NEAR:
            return "never known"
        if before is not None and now > NEAR and now >= before - margin:
            return "better" if now > before + margin else "as before"
        return "in part" if now > (ideal[1] if ideal else 0.0) + margin else "forgotten"

    @property
    def recovered(self) -> dict[str, float]:
        """Recoverabilities that have a value: the references differ by more than their noise."""
        return {key: v for key in RHOS if (v := self.now(key)) is not None}

    @property
    def rating(self) -> Rating:
        """What the probes say of the features, where the last layer names the class no more."""
        now, ideal = self.now(PROBE), self.retrained(PROBE)
        if now is None or ideal is None or self.before(PROBE) is None:
            return "unknown"
        known = self.recovered
        if "rho_knn" not in known:
            return "less" if now < ideal[0] - self.margin(PROBE, now) else "unclear"
        if max(known.values()) - min(known.values()) > APART and dissenter(known):
            return "disagree"
        return rated(known["rho_knn"])

    @property
    def place(self) -> Place:
        """Of the forget samples' accuracy, beside the retrained models' or else the test set's: "as
        ever" where the original stood there too, "" without either."""
        key = "forget_acc_train"
        now, before, ideal = self.now(key), self.before(key), self.retrained(key)
        assert now is not None
        start = ideal or _both(self.before("ta"))
        level = ideal or _both(self.now("ta"))
        if level is None:
            return ""
        margin = self.margin(key, now)
        if now > level[1] + margin:
            return "above"
        if now < level[0] - margin:
            return "below"
        if before is None or start is None:
            return "within"
        return "as ever" if start[0] - margin <= before <= start[1] + margin else "within"


def rated(rho: float) -> Rating:
    """What a recoverability says of the features."""
    if rho >= KEPT:
        return "kept"
    return "part" if rho > GONE else "gone" if rho >= -GONE else "less"


def dissenter(known: Mapping[str, float]) -> str:
    """The probe that says something else than the neighbours, the farthest from them; "" if none
    does. That more than all came off is no other answer than that all did."""
    own = _came_off(known["rho_knn"])
    others = {k: v for k, v in known.items() if _came_off(v) != own}
    return max(others, key=lambda key: abs(others[key] - known["rho_knn"]), default="")


def _came_off(rho: float) -> str:
    return "gone" if rated(rho) == "less" else rated(rho)


def listed(names: Sequence[str]) -> str:
    """ "cat, dog and frog"; at least one."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def percent(value: float) -> str:
    """Without decimals; 'under 1 %' and 'over 99 %' where rounding would claim none or all.

    >>> percent(96.6), percent(0.2), percent(0)
    ('97 %', 'under 1 %', '0 %')
    """
    if 0 < value < 1:
        return "under 1 %"
    if 99.5 <= value < 100:
        return "over 99 %"
    return f"{value:.0f} %"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _both(value: float | None) -> tuple[float, float] | None:
    return None if value is None else (value, value)
