"""Ways to lay out the frames of one run, timed and judged by the same measures.

Ours, also by neighbours alone, against what umap-learn offers: a fresh fit of every frame (the best
picture one frame can have), ``AlignedUMAP`` over all frames, and a fit of the first frame that
``transform`` puts the others into. umap-learn as a user would call it: n_neighbors = 15, everything
else its default, all of numba's threads. With a seed it uses one thread, so a fresh fit is timed
both ways and the faster one is used throughout. Compilation happens before any clock starts.
"""

import itertools
import os
import time
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from bench.map_run import EmbeddingRun
from bench.runs import now, say
from cu_core.projection import Layout, groups, quality, reference, scale_of, ways
from cu_core.projection.exact import fit
from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.layout import SLIDING, K, embedded, picture_quality, relax, settled, threads
from cu_core.projection.neighbours import nearest
from cu_core.projection.recorded import Way, way_of
from cu_core.projection.reference import SETTLE

SEED = 0
WARM = 300  # points of the fits that make numba compile
JUDGED = ("trustworthiness", "fidelity", "group_order", "reach", "triplets")

Laid = dict[str, Any]
"""``frames``: which of the run's (F,); ``ms`` a frame, (F,) or shorter where frame 0 is a start;
the measures in ``JUDGED`` and ``off``, how far the map's centrality is from the embedding's, (F,),
and ``jitter`` (F - 1,), per frame; more by approach."""


def ours(
    run: EmbeddingRun, device: str = "cpu", components: int = 2, frames: int | None = None
) -> Laid:
    """Lethe's layout of the first ``frames`` frames, or of all. ``ms``: layout alone;
    ``measured_ms``: with the measures of the picture; ``noise_floor`` (F,); ``reference_s``: the
    first layout, made once a model."""
    began = time.perf_counter()
    start = reference(run.z[0], SEED, run.label, device=device, components=components)
    reference_s = time.perf_counter() - began
    # Once unclocked: caches, and a device's start. Frame 0 is the reference, so it is cheap.
    Layout(start, SEED, device).place(run.z[0], 0, run.label, run.is_forget)
    way = way_of(device)  # recordings are made once a layout
    _alone(run, 0, start, start, device, way)
    layout, layouts = Layout(start, SEED, device), []
    alone, measured, floor, within = [], [], [], []
    for t, z in enumerate(run.z[:frames]):
        began = now(device)
        _alone(run, t, layout.xy, start, device, way)
        laid_out = now(device)
        frame = layout.place(z, t, run.label, run.is_forget)
        alone.append(1e3 * (laid_out - began))
        measured.append(1e3 * (time.perf_counter() - laid_out))
        floor.append(frame.quality["noise_floor"])
        within.append(frame.quality["jitter_within"])
        layouts.append(frame.xy)
    judged = judge(run, range(len(layouts)), layouts)
    more = {"measured_ms": measured[1:], "noise_floor": floor, "reference_s": reference_s}
    return {**judged, "ms": alone[1:], "jitter_within": within[1:], **more}


def _alone(
    run: EmbeddingRun,
    t: int,
    before: NDArray[np.float32],
    start: NDArray[np.float32],
    device: str,
    way: Way,
) -> None:
    """A frame without its measures: neighbours, graph, ways and forces."""
    points = embedded(run.z[t], device, True)
    near = nearest(points, K)
    found = groups.groups_of(run.label, run.is_forget, device)
    asked = ways.ways_of(points, near.index, found, groups.spaced(start, found))
    forget = torch.tensor(run.is_forget, device=device)
    graph, xy = fuzzy_set(near.first(K - 1), way), torch.tensor(before, device=device)
    settled(graph, xy, SEED, t, forget=forget, ways=asked, way=way)


def local(run: EmbeddingRun, device: str = "cpu") -> Laid:
    """Ours by neighbours alone: no class is carried, and umap-learn starts the reference."""
    points = embedded(run.z[0], device, True)
    start = torch.tensor(fit(points.cpu().numpy(), SEED), device=device)
    everyone = torch.ones(len(start), 1, dtype=torch.bool, device=device)
    graph = fuzzy_set(nearest(points, K - 1))
    y = relax(graph, start, ~everyone, everyone, SLIDING, SETTLE)
    forget, spent, layouts = torch.tensor(run.is_forget, device=device), [], []
    for t, z in enumerate(run.z):
        began = now(device)
        near = nearest(embedded(z, device, True), K)
        y, _ = settled(fuzzy_set(near.first(K - 1)), y, SEED, t, forget=forget)
        spent.append(1e3 * (now(device) - began))
        layouts.append(y.cpu().numpy())
    return {**judge(run, range(len(layouts)), layouts), "ms": spent[1:]}


def plane(run: EmbeddingRun, frames: Sequence[int]) -> list[float]:
    """The group order of the best plane that the groups alone can have, in some frames: of twenty
    starts of stress majorisation the least stress."""
    found = groups.groups_of(run.label, run.is_forget, "cpu")
    pairs, random = np.triu_indices(len(found.forget), 1), np.random.default_rng(SEED)
    orders = []
    for t in frames:
        apart = groups.distances(found.centroids(embedded(run.z[t], "cpu", True)))
        apart = apart / groups.unit(apart, found.kept)
        np.fill_diagonal(apart, 0.0)
        tries = [
            ways.majorised(random.normal(size=(len(apart), 2)), apart, 0.0, 300, 1e-4)
            for _ in range(ways.STARTS)
        ]
        best = min(tries, key=lambda xy: float(((groups.distances(xy) - apart) ** 2).sum()))
        orders.append(float(spearmanr(apart[pairs], groups.distances(best)[pairs]).statistic))
    return orders


def fresh(run: EmbeddingRun, every: int, tries: int = 2) -> Laid:
    """umap-learn fitted anew on every ``every``-th frame. ``seeded_ms`` and ``unseeded_ms``:
    ``tries`` fits of the first frame each; ``seeded``: whether the faster way has a seed."""
    first = {seed: [_fit(run, 0, seed) for _ in range(tries)] for seed in (SEED, None)}
    spent = {seed: [ms for ms, _ in fits] for seed, fits in first.items()}
    faster = min(spent, key=lambda seed: min(spent[seed]))
    frames = range(0, len(run.z), every)
    done = [first[faster][-1], *(_fit(run, t, faster) for t in frames[1:])]
    times = {"seeded_ms": spent[SEED], "unseeded_ms": spent[None], "ms": [ms for ms, _ in done]}
    return {**judge(run, frames, [xy for _, xy in done]), "seeded": faster is not None, **times}


def _fit(run: EmbeddingRun, frame: int, seed: int | None) -> tuple[float, NDArray[np.float32]]:
    import umap

    began = time.perf_counter()
    with threads(None):
        xy = umap.UMAP(n_neighbors=K, random_state=seed).fit_transform(points(run.z[frame]))
    return 1e3 * (time.perf_counter() - began), xy


def aligned(run: EmbeddingRun, frames: int | None) -> Laid:
    """``umap.AlignedUMAP`` over the first ``frames`` frames, or all, at once, each point related to
    itself; ``ms`` is its whole time over the number of frames."""
    import umap

    taken = range(len(run.z[:frames]))
    own = {i: i for i in range(len(run.label))}
    began = time.perf_counter()
    with threads(None):
        mapper = umap.AlignedUMAP(n_neighbors=K)
        mapper.fit([points(run.z[t]) for t in taken], relations=[own] * (len(taken) - 1))
    ms = 1e3 * (time.perf_counter() - began) / len(taken)
    return {**judge(run, taken, mapper.embeddings_), "ms": [ms]}


def transformed(run: EmbeddingRun, every: int) -> Laid:
    """umap-learn fitted on frame 0, every ``every``-th later frame put in by ``transform``."""
    import umap

    frames = range(0, len(run.z), every)
    with threads(None):
        mapper = umap.UMAP(n_neighbors=K).fit(points(run.z[0]))
        layouts, spent = [mapper.embedding_], []
        for t in frames[1:]:
            began = time.perf_counter()
            layouts.append(mapper.transform(points(run.z[t])))
            spent.append(1e3 * (time.perf_counter() - began))
    return {**judge(run, frames, layouts), "ms": spent}


def points(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings as the map sees them, each of length 1."""
    return np.asarray(embedded(z, "cpu", True).numpy())


def judge(run: EmbeddingRun, frames: Iterable[int], layouts: Sequence[NDArray[np.float32]]) -> Laid:
    """The measures of layouts (F of (P, d)) of these frames of the run; jitter in units of the
    mean standard deviation of the first one's axes."""
    frames, forget = list(frames), torch.tensor(run.is_forget)
    drawn = [torch.tensor(np.array(xy), dtype=torch.float32) for xy in layouts]
    found: Laid = {"frames": frames, "off": [], **{name: [] for name in JUDGED}}
    for t, xy in zip(frames, drawn, strict=True):
        z = embedded(run.z[t], "cpu", True)
        values = picture_quality(z, nearest(z, K), xy, run.label, run.is_forget)
        for name in JUDGED:
            found[name].append(values[name])
        found["off"].append(abs(values["map_centrality"] - values["centrality"]))
    scale = scale_of(drawn[0].numpy())
    steps = itertools.pairwise(drawn)
    found["jitter"] = [quality.jitter(quality.displacement(a, b, scale), forget) for a, b in steps]
    return found


def compile_umap(run: EmbeddingRun, rivals: Sequence[str]) -> float:
    """Seconds until everything of umap-learn that is timed here has been compiled."""
    say("compiling umap-learn")
    began = time.perf_counter()
    some = np.linspace(0, len(run.label) - 1, min(WARM, len(run.label))).astype(int)
    z, label, forget = run.z[:2, some], run.label[some], run.is_forget[some]
    small = EmbeddingRun(z, label, forget, z, label, forget, run.facts)
    for seed in (SEED, None):
        _fit(small, 0, seed)
    if "aligned" in rivals:
        aligned(small, 2)
    if "transform" in rivals:
        transformed(small, 1)
    return time.perf_counter() - began


def prepare(threads: int) -> None:
    """numba's and torch's threads; and no warnings that a seed means one thread or that a point
    has no neighbours."""
    import numba

    numba.set_num_threads(min(threads, os.cpu_count() or 1))
    torch.set_num_threads(threads)  # last: numba's OpenMP layer sets it too
    warnings.filterwarnings("ignore", module="umap")
    warnings.filterwarnings("ignore", message=".*n_jobs value.*")
