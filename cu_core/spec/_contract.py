"""How a model that somebody brought is to be asked, and what it answered when it came."""

from __future__ import annotations

import math
from typing import Literal

from cu_core.spec._normalisations import DATA, NORMALISATIONS
from cu_core.spec._recorded import Recorded

SPREADS = 3.0  # standard deviations that two shares may differ by, and be the same
SAME, AGREES, DIFFERS = "agrees to the sample", "agrees", "differs"
POINTS = 0.5  # that a figure may differ by in any case: it was rounded, or of another epoch


class ModelContract(Recorded):
    """Kept in the header of the model's file, in its record and in the record of every run.

    ``mean``, ``std``: of pixels in 0..1, one a channel, or of the columns of rows as they are;
    ``normalisation``: what these are called, "imagenet" say; ``said_by``: who says so: the file,
    the owner, the search over the usual ones, or the data's own mean and std. ``classes``: the
    class names in the order of the outputs that the file had (those of the model kept are in the
    data's order). ``shape``: of a sample as it was asked. ``accuracy``: percent, measured on the
    ``n`` samples of ``part``; None: never measured. ``claimed``: percent, what the owner says.
    ``chance``: percent that the same answers would have in random order.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    normalisation: str
    said_by: Literal["file", "owner", "search", "data"]
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    accuracy: float | None = None
    claimed: float | None = None
    chance: float | None = None
    n: int = 0
    part: str = ""

    @property
    def scaling(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """(mean, std) that its images are normalised by; None: the data's own."""
        return None if self.normalisation == DATA else (self.mean, self.std)

    @property
    def normalisation_words(self) -> str:
        """What the normalisation is called in a sentence."""
        known = NORMALISATIONS.get(self.normalisation)
        return known.title if known else f"mean {_list(self.mean)}, std {_list(self.std)}"

    @property
    def measured_words(self) -> str:
        """ "95.8 % of 597 test samples", or that there is no such number."""
        if self.accuracy is None:
            return "not measured"
        return f"{self.accuracy:.2f} % of {self.n:,} {self.part} samples"

    def agreement(self) -> str:
        """How the measured accuracy and the owner's stand to each other; "" where one is missing.

        >>> said = dict(mean=(0,), std=(1,), normalisation="totensor", said_by="owner", n=1000)
        >>> said |= dict(classes=(), shape=(1, 8, 8), part="test", accuracy=95.8)
        >>> ModelContract(**said, claimed=95.79).agreement()
        'agrees to the sample'
        """
        if self.accuracy is None or self.claimed is None:
            return ""
        off = abs(self.accuracy - self.claimed)
        if off <= 100 / max(self.n, 1) + 0.005:  # what two decimals round away
            return SAME
        return AGREES if off <= max(POINTS, SPREADS * spread(self.claimed, self.n)) else DIFFERS

    @property
    def learnt(self) -> bool:
        """Whether the answers are better than the same ones in random order would be."""
        if self.accuracy is None:
            return False
        chance = self.chance or 0.0
        return self.accuracy > chance + SPREADS * spread(chance, self.n)

    def doubt(self, name: str) -> str:
        """Why a run from it would begin at another model than its owner's, in sentences; "" where
        nothing speaks against it. ``name``: the model's own."""
        if self.accuracy is None:
            return (
                f"{name} was imported without its accuracy being measured, so nobody knows that it "
                "is asked as its owner asks it. Import its file again."
            )
        if self.agreement() == DIFFERS:
            return (
                f"{name} should have {self.claimed:.2f} % and has {self.measured_words} here, "
                f"normalised by {self.normalisation_words}. Import it again with the normalisation "
                "and the class order of its script; if the number here is right, give that as its "
                f"accuracy ({self.accuracy:.2f})."
            )
        if not self.learnt and not self.agreement():
            return (
                f"{name} answers like chance: {self.measured_words}, normalised by "
                f"{self.normalisation_words}. Import it again with the normalisation and the class "
                "order of its script; if its script gives this number too, give that as its "
                f"accuracy ({self.accuracy:.2f})."
            )
        return ""


def spread(percent: float, n: int) -> float:
    """Points by which a share of ``n`` samples varies from draw to draw: one standard deviation, of
    a share that is never quite 0 or 1."""
    if not n:
        return 100.0
    share = (percent / 100 * n + 0.5) / (n + 1)
    return 100 * math.sqrt(share * (1 - share) / n)


def _list(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{v:.4g}" for v in numbers[:4]) + ", ..." * (len(numbers) > 4)
