"""What a page may ask about a run that is on record."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cu_core.spec._attacks import AttackFacts
from cu_core.spec._questions import Question
from cu_core.spec._recorded import Recorded


class ExactMapFacts(Recorded):
    """A frame fitted afresh, kept as a view of the run."""

    step: int
    quality: dict[str, float | None] = Field(default_factory=dict)
    seconds: float = 0.0


class ExactMap(Question[ExactMapFacts]):
    """The exact map of the frame at this step."""

    kind = "exact"
    Answer = ExactMapFacts
    run: str
    step: Any = None  # checked by whoever answers, whose sentence names it


class Map3DCount(Recorded):
    """How many frames of the 3-D map are laid out, of those on record."""

    done: int
    total: int


class Map3D(Question[Map3DCount]):
    """More frames of the map in three dimensions."""

    kind = "solid"
    Answer = Map3DCount
    run: str


class Attacks(Question[AttackFacts]):
    """The attacks on the models of this run, sample by sample."""

    kind = "attacks"
    Answer = AttackFacts
    run: str


class Opposed(Recorded):
    """What a contrastive method set a forget sample against: of ``update`` (counted from 1) the
    retained samples of its own label and the others, by their index in the data."""

    update: int
    push: tuple[int, ...] = ()
    pull: tuple[int, ...] = ()


class OpposedFacts(Recorded):
    """By a sample's index, the last update until then in which it took part; none for one that has
    not yet, or is retained itself."""

    of: dict[int, Opposed] = Field(default_factory=dict)


class WhoOpposes(Question[OpposedFacts]):
    """Which retained samples push and pull these forget samples, up to the frame at this step."""

    kind = "opposed"
    Answer = OpposedFacts
    run: str
    step: int
    index: tuple[int, ...] = ()


class Exported(Recorded):
    """A file that is kept for whoever asked for it. ``bytes``: its size."""

    bytes: int


class Export(Question[Exported]):
    """This run as a file of this format. ``opens``: what was on the screen, as the header of the
    Stage's bytes has it; empty where the format does not show that."""

    kind = "export"
    Answer = Exported
    apart = of_record = True
    run: str
    format: str
    opens: dict[str, Any] = Field(default_factory=dict)
