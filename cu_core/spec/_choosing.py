"""What a page asks before anything runs: how the original model sees the data, what is chosen of
them by hand, and what else might be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cu_core.spec._questions import Question, SampleFacts
from cu_core.spec._record import UnlearnRequest
from cu_core.spec._recorded import Recorded

Way = Literal["near", "uncertain", "entangled", "planted", "random", "file"]


class OverviewFacts(Recorded):
    """``why``: the sentence of why there is no picture of the original model; "" where one is kept
    now, as ``Store.overview`` has it."""

    why: str = ""


class Overview(Question[OverviewFacts]):
    """The original model of a request as one picture: what a run would start from. Of the request
    only what decides the model and the map counts; nothing is trained for it."""

    kind = "overview"
    Answer = OverviewFacts
    request: UnlearnRequest


class EntangledFacts(Recorded):
    """How a set lies among what is kept, in the embedding of the original model.

    ``why``: the sentence of why that is not told. ``share``: percent of kept samples among the
    ``k`` nearest neighbours of the chosen, on average over ``asked`` of them; ``among``: how many
    training samples were looked at, of ``of``; ``likeliest``: kept samples, the likeliest to suffer
    first, with how many ``chosen`` ones are among the k nearest of each.
    """

    why: str = ""
    share: float | None = None
    k: int = 0
    asked: int = 0
    among: int = 0
    of: int = 0
    likeliest: tuple[SampleFacts, ...] = ()
    chosen: tuple[int, ...] = ()


class Entangled(Question[EntangledFacts]):
    """How entangled is the forget set of this request with what is kept? ``rows``: so many of the
    kept that are likeliest to suffer are shown."""

    kind = "entangled"
    Answer = EntangledFacts
    request: UnlearnRequest
    rows: int = Field(default=20, ge=0, le=200)


class Picked(Recorded):
    """Training samples by their owner's rows; ``notes``: what is to be said of them."""

    rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class Pick(Question[Picked]):
    """Which training samples are these? ``how``: the ``n`` nearest to the row ``of`` and itself;
    the most uncertain of the original model; those deepest in other classes; those planted; a
    random draw by ``seed``; those that the file ``of`` lists, with its column after a #.

    ``of``: else the id of the one class that they are drawn from, "" for any.
    """

    kind = "pick"
    Answer = Picked
    request: UnlearnRequest
    how: Way
    n: int = Field(default=10, ge=1, le=100_000)
    of: str = ""
    seed: int = 0
