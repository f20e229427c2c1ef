"""What a run says of itself on record: while it lives (RunProgress) and at its end (Summary).

Written by the worker, read by pages, command line and exports: the names of the fields are the keys
on disk, and stand nowhere else. A record of an older or a later Lethe may lack fields or have more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field

from cu_core.spec._contract import ModelContract
from cu_core.spec._plan import ComputePlan
from cu_core.spec._recorded import Recorded

ModelValues = dict[str, float | None]
"""Metric, or a part of one as ``metric/part`` -> value; None: not computed (a reason says why)."""


class SeedRange(NamedTuple):
    """Lowest and highest value of the retrained models, one a seed."""

    low: float
    high: float


class ForgetFacts(Recorded):
    """The forget set in words and counts. ``classes``: ids, empty in a sample task; ``n_drawn``:
    forget samples on the map, ``n_points``: all samples there (0: not said); ``notes``: what was
    named and could not be taken."""

    rule: str = ""
    kind: Literal["class", "sample"] = "sample"
    n_forget: int = 0
    n_retain: int = 0
    n_drawn: int = 0
    n_points: int = 0
    classes: tuple[int, ...] = ()
    hash: str = ""
    notes: tuple[str, ...] = ()


class AtlasFacts(Recorded):
    """How the sheet of thumbnails is cut: square tiles of so many pixels, so many a row."""

    mime: str
    tile: int
    columns: int


class GhostFacts(Recorded):
    """The retrained model on the map: ``fidelity`` in 0..1, None where it has none."""

    fidelity: float | None = None


class ModelIds(Recorded):
    """Ids in the model cache; None where there is no such model."""

    original: str | None = None
    retrained: str | None = None


class Provenance(Recorded):
    """What ran, resolved, written before the first step: a run that is taken up, rewound or
    replayed goes by this, whatever today's defaults are.

    ``knobs``: every knob of the method; ``recipe``: of training the original and the retrained
    model; ``versions``: of what computes; ``sources``: hash of Lethe's own source files;
    ``contract``: of an original that somebody brought.
    """

    method: str = ""
    knobs: dict[str, Any] = Field(default_factory=dict)
    recipe: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    sources: str = ""
    contract: ModelContract | None = None

    def other_sources(self, now: str) -> str:
        """A sentence on a record that other sources than those of hash ``now`` made; "" else."""
        if self.sources in ("", now):
            return ""
        return (
            f"Recorded by other sources of Lethe ({self.sources}) than these ({now}): the same "
            "command may give other numbers now."
        )


class Wait(Recorded):
    """Of one part of a run (``phases.PARTS``), in seconds: ``spent`` on it and still ``left``,
    None where nothing is known; ``guess``: part of what is left was never measured here."""

    spent: float = 0.0
    left: float | None = None
    guess: bool = False


class RunProgress(Recorded):
    """Where a run stands. The worker writes the fields it sets, the others stay as they are.

    ``phase``, ``phase_done``, ``phase_total``, ``phase_values``: the counters of what is going on;
    ``waits``: by part of the run; ``reported``: seconds since the epoch of this report;
    ``step`` of ``total`` updates are done, ``every`` so many a snapshot is taken; ``generation``
    grows when frames on record become void; ``scale``: of the map's reference layout, layout units.
    ``peak_bytes``: of memory, the most that its process has had so far;
    ``paused_by``: the session that paused it, "" for none; ``paused_for``: what happened that it
    was to pause at, in words; ``watch_for``: the kinds of events that it is to pause at.
    ``layout``: the version of the record that this was read from, where a later Lethe made it.
    """

    state: str = ""
    message: str = ""
    phase: str = ""
    phase_done: int = 0
    phase_total: int = 0
    phase_values: ModelValues = Field(default_factory=dict)
    waits: dict[str, Wait] = Field(default_factory=dict)
    reported: float = 0.0
    peak_bytes: int = 0
    step: int = 0
    total: int = 0
    every: int | None = None
    generation: int = 0
    paused_by: str = ""
    paused_for: str = ""
    watch_for: tuple[str, ...] = ()
    layout: int = 0
    device: str = ""
    class_names: tuple[str, ...] = ()
    plan: ComputePlan | None = None
    provenance: Provenance | None = None
    models: ModelIds = ModelIds()
    forget: ForgetFacts = ForgetFacts()
    atlas: AtlasFacts | None = None
    scale: float = 0.0
    ghost: GhostFacts | None = None
    original: ModelValues = Field(default_factory=dict)
    retrained: ModelValues = Field(default_factory=dict)
    reasons: dict[str, str] = Field(default_factory=dict)


class Summary(Recorded):
    """A run's final record. Of a training: ``model``, ``accuracy`` (percent), ``message``.

    ``original``, ``retrained``: the same metrics of these models (``retrained`` None: there is no
    such model); ``counts``: of how many samples a percentage is, by metric; ``chance``: percent
    that the 15-neighbour probe would find without any knowledge; ``gap``: unlearned - retrained;
    ``avg_gap``: CoUn's, in points, None where its attack is void; ``avg_gap_without_mia``: of the
    three accuracies; ``band``: of the retrained seeds; ``inside``: whether a gap is no wider than
    that between two of them; ``void``: attacks that the bias decides, with the reason;
    ``looked_at``: of how many images the accuracies of the unlearned model were read, and how many
    there are, while they stand on a draw: then ``key/low`` and ``key/high`` are the ends of their
    99 % interval; None: on all;
    ``notes``: what to know of the request; ``seconds``: by name of work; ``headline``: the verdict
    in some ten words.
    """

    verdict: str = ""
    headline: str = ""
    forget: ForgetFacts = ForgetFacts()
    metrics: ModelValues = Field(default_factory=dict)
    original: ModelValues = Field(default_factory=dict)
    retrained: ModelValues | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    chance: float | None = None
    gap: ModelValues = Field(default_factory=dict)
    avg_gap: float | None = None
    avg_gap_without_mia: float | None = None
    band: dict[str, SeedRange] = Field(default_factory=dict)
    inside: dict[str, bool] = Field(default_factory=dict)
    void: dict[str, str] = Field(default_factory=dict)
    looked_at: tuple[int, int] | None = None
    reasons: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    weights_sha256: str = ""
    steps: int = 0
    stopped: bool = False
    stopped_by: str = ""
    device: str = ""
    plan: ComputePlan | None = None
    provenance: Provenance | None = None
    seconds: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    models: ModelIds = ModelIds()
    retrained_seeds: tuple[str, ...] = ()
    model: str = ""
    accuracy: float | None = None
    message: str = ""

    def remarks(self, titles: Mapping[str, str], of_trial: bool = False) -> list[str]:
        """What the accuracies stand on, the mean gap, and what counts for nothing in it.
        ``titles``: of metrics, by key; ``of_trial``: a sweep's, which is not counted any further,
        since it is compared with the other trials."""
        said = []
        if self.looked_at:
            seen, there_are = self.looked_at
            read = f"Accuracies are read on {seen:,} of {there_are:,} images"
            said.append(
                f"{read}, as in every trial of its sweep, each with its 99 % interval."
                if of_trial
                else f"{read} so far, each with its 99 % interval; exact figures take their place "
                "once all are counted."
            )
        if self.avg_gap_without_mia is not None:
            four = "" if self.avg_gap is None else f"{self.avg_gap:.2f} points (RA, UA, TA, MIA), "
            mean = f"{four}{self.avg_gap_without_mia:.2f} points without MIA"
            said.append(f"Mean gap to retrained: {mean}.")
        for key, why in self.void.items():
            said.append(f"{titles.get(key, key)} counts for nothing: {why}.")
        return said

    def __bool__(self) -> bool:
        """Whether the run has written one."""
        return bool(self.model_fields_set)
