"""What a worker computes of a run after the fact: the exact map of a frame, the map in 3-D.

Both start from the embeddings that the snapshots keep, as float16 (the exact map of those is the
exact map of what is on record, not of the last bits that were rounded away), and lie beside the
run, whose own record they never change. Only the retrained model's ghost in 3-D needs a model.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core import engine, projection
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest, LetheError, StoreError
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup
from cu_core.runs.runmap import SEED, kept_as, place
from cu_core.spec import (
    ExactMap,
    ExactMapFacts,
    Map3D,
    Map3DCount,
    Probe,
    UnlearnRequest,
    WatchRequest,
)
from cu_core.store import RunReader, Store
from cu_core.store.views import generation_of

WORK_S = 2.0  # of laying out frames for one question: the page counts, and others may ask

Array = NDArray[Any]


class _Run:
    """A run as its record has it now. UnknownRun, or a sentence on what it lacks."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        record = store.run(self.run_id)
        if not isinstance(record.request, UnlearnRequest | WatchRequest):
            raise BadRequest(f"Run {self.run_id} has no map: it is damaged, or unlearns nothing.")
        self.request = record.request
        self.reader: RunReader = store.reader(self.run_id)
        # read first: what comes later may be of another generation
        self.generation = generation_of(self.reader.folder)
        arrays = self.reader.probe()
        if arrays is None:
            raise BadRequest(f"Run {self.run_id} has no picture yet; ask again once it has one.")
        self.probe = Probe(
            index=arrays["index"],
            label=arrays["label"],
            is_forget=arrays["is_forget"],
            test_index=arrays["test_index"],
            test_label=arrays["test_label"],
            true_label=arrays.get("true_label"),
        )
        self.state = self.reader.progress()

    def z(self, step: int) -> NDArray[np.float32]:
        """The embeddings (P, D) of a snapshot; StoreError when there is none or it is damaged."""
        return np.asarray(self.reader.frame(step)["z"], dtype=np.float32)

    def keep(self, name: str, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        self.store.save_view(self.run_id, name, arrays, facts, self.generation)


def exact_map(store: Store, asked: ExactMap) -> ExactMapFacts:
    """One frame, that of ``asked.step``, fitted afresh by umap-learn and turned to lie as it.

    Kept as the view ``exact-<step>``: ``xy`` (P, 2). The answer has ``step``, ``quality`` and
    ``seconds``; a question asked again is answered from what is kept.
    """
    run, step = _Run(store, asked.run), asked.step
    if not isinstance(step, int) or step < 0:
        raise BadRequest(f"A step is a whole number from 0 on, got {step!r}.")
    name = f"exact-{step}"
    kept = run.reader.view_facts(name)
    if kept is not None:
        return ExactMapFacts.model_validate(kept)
    began = time.perf_counter()
    z, onto = run.z(step), run.reader.frame(step)["xy"]
    try:
        frame = projection.exact(z, onto, SEED, run.probe.label, run.probe.is_forget)
    except ValueError as fault:
        raise BadRequest(f"Step {step} has no exact map: {fault}") from fault
    seconds = round(time.perf_counter() - began, 3)
    facts = ExactMapFacts(step=step, quality=dict(frame.quality), seconds=seconds)
    run.keep(name, {"xy": frame.xy}, facts.model_dump())
    return facts


@dataclass
class _Map3D:
    """The view "solid" as far as it goes. ``skipped``: snapshots that are damaged."""

    reference: NDArray[np.float32]  # (P, 3)
    xyz: list[NDArray[np.float32]] = field(default_factory=list)  # (P, 3) a step
    steps: list[int] = field(default_factory=list)
    quality: list[dict[str, float]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    with_ghost: int = 0  # frames there were when the retrained model was looked for
    ghost: float | None = None  # its fidelity
    ghost_xyz: NDArray[np.float32] | None = None

    def keep(self, run: _Run) -> None:
        shape = (0, *self.reference.shape)
        arrays: dict[str, Array] = {
            "reference": self.reference,
            "xyz": np.stack(self.xyz) if self.xyz else np.zeros(shape, np.float32),
        }
        if self.ghost_xyz is not None:
            arrays["ghost_xyz"] = self.ghost_xyz
        names = ("steps", "quality", "skipped", "with_ghost", "ghost")
        run.keep("solid", arrays, {name: getattr(self, name) for name in names})


def map_3d(store: Store, asked: Map3D) -> Map3DCount:
    """Lays out in three dimensions the frames that the view "solid" lacks, some seconds of them.

    The view: ``xyz`` (T, P, 3), ``ghost_xyz`` (P, 3) where a retrained model was found, facts
    ``steps``, ``quality``, ``skipped``, ``ghost``. The answer says how many frames are ``done`` of
    the ``total`` on record: ask again until they are equal. The first question fits the reference
    layout, once a model and probe set.
    """
    run = _Run(store, asked.run)
    rows = run.reader.snapshots()
    if not rows or rows[0].step:
        raise BadRequest(f"Run {run.run_id} has no picture of its start, which a 3-D map needs.")
    made, fitted = _begun(run)
    if not fitted:
        _frames(run, made, [row.step for row in rows])
        whole = len(made.steps) + len(made.skipped) == len(rows)
        if run.state.ghost and whole and made.with_ghost != len(made.xyz):
            _ghost(run, made)
    made.keep(run)
    return Map3DCount(done=len(made.steps) + len(made.skipped), total=len(rows))


def _begun(run: _Run) -> tuple[_Map3D, bool]:
    """The view so far, and whether its reference layout had to be fitted now, which takes long."""
    kept = run.reader.view("solid")
    if kept is not None:
        arrays, facts = kept
        ghost_xyz = arrays.get("ghost_xyz")
        return _Map3D(arrays["reference"], list(arrays["xyz"]), **facts, ghost_xyz=ghost_xyz), False
    original = run.state.models.original or ""
    has_model = bool(original) and run.store.has_model(original)
    key = kept_as(run.probe, 3)
    found = run.store.layout(original, key) if has_model else None
    if found is not None:
        return _Map3D(found), False
    found = projection.reference(run.z(0), SEED, run.probe.label, components=3)
    if has_model:
        run.store.save_layout(original, key, found)
    return _Map3D(found), True


def _frames(run: _Run, made: _Map3D, steps: list[int]) -> None:
    """The next frames, in the order of their steps, for ``WORK_S`` seconds; at least one."""
    held = {*made.steps, *made.skipped}
    previous = made.xyz[-1] if made.xyz else None
    device = engine.pick_device()
    layout = projection.Layout(made.reference, run.request.seed, device, previous=previous)
    until = time.monotonic() + WORK_S
    for step in steps:
        if step in held:
            continue
        try:
            z = run.z(step)
        except StoreError:
            made.skipped.append(step)  # a damaged snapshot costs one frame, here as on the map
            continue
        frame = layout.place(z, step, run.probe.label, run.probe.is_forget)
        made.xyz.append(frame.xy)
        made.steps.append(step)
        made.quality.append(frame.quality)
        if time.monotonic() > until:
            return


def _ghost(run: _Run, made: _Map3D) -> None:
    """The retrained model's places among those of the last frame, unless it or the data are gone:
    then the map is without."""
    made.with_ghost = len(made.xyz)
    if isinstance(run.request, WatchRequest):
        return  # the model that it was compared with is the person's own
    try:
        setup = Setup(run.request, run.store.home)
        assert setup.forget is not None
        model = reference_models.load_model(
            run.store, setup, reference_models.model_id(setup, setup.forget)
        )
        probe = make_probe(setup.dataset, setup.forget, run.request.probe_size)
    except LetheError:
        return
    with setup.computing():
        look = engine.Observer(setup.resident, probe).snapshot(model, 0)
    placed = place(made.xyz[-1], look, run.request.seed, probe, setup.device)
    made.ghost_xyz, made.ghost = placed
