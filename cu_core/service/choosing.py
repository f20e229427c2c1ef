"""What a worker says before anything runs: the original model as a picture, how a chosen set lies
among what is kept, and which samples are uncertain, near or planted. Nothing is trained for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core import forget
from cu_core.data.probe import make_probe
from cu_core.data.stratify import draw
from cu_core.data.thumbs import atlas
from cu_core.errors import BadRequest
from cu_core.models.evaluate import outputs
from cu_core.projection import Layout, reference, scale_of
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup
from cu_core.runs.runmap import SEED, kept_as
from cu_core.seeding import derive
from cu_core.service import entangled
from cu_core.service.looking import TRAINING, samples_of
from cu_core.spec import (
    Dataset,
    Entangled,
    EntangledFacts,
    ForgetSet,
    Ints,
    Overview,
    OverviewFacts,
    Pick,
    Picked,
    Probe,
    UnlearnRequest,
)
from cu_core.store import Store
from cu_core.store.names import name_arrays
from cu_core.store.probabilities import shares, softmax

MOST = 10_000  # training samples that are looked at,
MOST_SLOWLY = 2_000  # ... and by a large network on the processor, which takes 10 ms an image
LARGE = 1_000_000  # weights
ASKED = 2_000  # chosen ones whose neighbours are counted
VERSION = 1  # of what is kept of a look; to be raised when it changes
NOT_YET = (
    "The original model is not trained yet, so nothing can be said of how it sees the data; the "
    "first run trains it."
)
NOTHING = ForgetSet(np.zeros(0, np.int64), "", "sample", (), 0)

Array = NDArray[Any]


@dataclass
class Original:
    """The original model of a request as it stands, whatever is to be forgotten. ``model_id``: ""
    where it is not there yet."""

    store: Store
    setup: Setup
    model_id: str

    @property
    def dataset(self) -> Dataset:
        return self.setup.dataset

    @cached_property
    def index(self) -> Ints:
        """The training samples that are looked at: all, or as many of each class as its share."""
        y, most = self.dataset.train_y, MOST
        if self.setup.device == "cpu" and sum(w.numel() for w in self.model.parameters()) > LARGE:
            most = MOST_SLOWLY
        return draw(np.arange(len(y)), y, most, np.random.default_rng(0))

    @cached_property
    def seen(self) -> Mapping[str, Array]:
        """``z`` (M, D), ``logits`` (M, C) of these samples; ``near`` (M, k), ``cosine`` (M, k) of
        their neighbours among each other. Kept with the model."""
        key = f"choosing-{VERSION}-{derive(*self.index.tolist()):016x}-{self.setup.device}"
        kept = self.store.scene(self.model_id, key)
        if kept is not None:
            return kept
        logits, z = self.look(self.index)
        near, cosine = entangled.neighbours(z)
        found: dict[str, Any] = {"z": z, "logits": logits, "near": near, "cosine": cosine}
        self.store.save_scene(self.model_id, key, found)
        return found

    @cached_property
    def model(self) -> Any:
        return reference_models.load_model(self.store, self.setup, self.model_id)

    def look(self, index: Ints) -> tuple[Array, Array]:
        """Logits (F, C) and embeddings (F, D) of training samples."""
        resident = self.setup.resident
        with self.setup.computing():
            return outputs(self.model, resident.train_x[index], resident.normalise)


def original(store: Store, request: UnlearnRequest) -> Original:
    """LetheError, with a sentence, for a request whose data or model cannot be had."""
    setup = Setup(request.model_copy(update={"forget": None}), store.home)
    reference_models.check_original(store, setup)
    wanted = request.original or reference_models.original_id(store, setup)
    return Original(store, setup, wanted if store.has_model(wanted) else "")


# --- the picture ------------------------------------------------------------------------------


def overview(store: Store, asked: Overview) -> OverviewFacts:
    """Makes the picture of the original model, unless the one that is kept is still true."""
    found = original(store, asked.request)
    if not found.model_id:
        return OverviewFacts(why=NOT_YET)
    probe = make_probe(found.dataset, NOTHING, asked.request.probe_size)
    made_of = f"{found.model_id} {found.dataset.hash} {kept_as(probe)}"
    kept = store.overview(asked)
    if kept is None or kept[1].get("made_of") != made_of:
        arrays, facts = _picture(found, probe)
        store.save_overview(asked, arrays, {**facts, "made_of": made_of})
    return OverviewFacts()


def _picture(found: Original, probe: Probe) -> tuple[dict[str, Array], dict[str, Any]]:
    """One frame: places, answers and names of the probe, with its sprite sheet."""
    dataset = found.dataset
    logits, z = found.look(probe.index)
    xy = found.store.layout(found.model_id, kept_as(probe))
    if xy is None:
        try:
            xy = reference(z, SEED, probe.label)
        except ValueError as fault:
            raise BadRequest(f"The original model cannot be drawn: {fault}") from fault
        found.store.save_layout(found.model_id, kept_as(probe), xy)
    frame = Layout(xy, SEED, found.setup.device).place(z, 0, probe.label, probe.is_forget)
    share, share_class = shares(logits)
    arrays: dict[str, Array] = {
        "xy": frame.xy[None],
        "pred": logits.argmax(1)[None],
        "label": probe.label,
        "index": probe.index,
        "share": share[None],
        **name_arrays(dataset.owned.take(probe.index)),
    }
    if share_class is not None:
        arrays["share_class"] = share_class[None]
    if probe.true_label is not None:
        arrays["true_label"] = probe.true_label
    facts: dict[str, Any] = {"model": found.model_id, "class_names": dataset.class_names}
    facts |= {"scale": scale_of(xy), "quality": [dict(frame.quality)]}
    if dataset.is_image:
        image, mime, tile, columns = atlas(dataset, probe.index)
        arrays["atlas"] = np.frombuffer(image, np.uint8)
        facts["atlas"] = {"mime": mime, "tile": tile, "columns": columns}
    return arrays, facts


# --- what is chosen, among what is kept -------------------------------------------------------


def entangled_facts(store: Store, asked: Entangled) -> EntangledFacts:
    """How the forget set lies among what is kept, and which of that is likeliest to suffer."""
    found = original(store, asked.request)
    chosen = forget.parse(asked.request.forget, found.dataset, asked.request.seed)
    if not found.model_id:
        return EntangledFacts(why=NOT_YET)
    index, seen = found.index, found.seen
    inside = np.isin(index, chosen.index)
    others = np.setdiff1d(chosen.index, index)
    outside = found.look(others)[1] if len(others) else seen["z"][:0]
    near = np.concatenate(
        [seen["near"][inside], entangled.nearest_to(seen["z"], outside, seen["near"].shape[1])]
    )
    near = near[:: -(-len(near) // ASKED)]
    rows, count = entangled.suffering(
        seen["z"], seen["near"], seen["cosine"], inside, outside, asked.rows
    )
    return EntangledFacts(
        share=entangled.share_of(near, ~inside),
        k=near.shape[1],
        asked=len(near),
        among=len(index),
        of=len(found.dataset.train_y),
        likeliest=tuple(samples_of(found.dataset, index[rows], TRAINING)),
        chosen=tuple(count.tolist()),
    )


# --- ways to choose ---------------------------------------------------------------------------


def pick(store: Store, asked: Pick) -> Picked:
    """The samples that one of the ways names, by their owner's rows."""
    found = original(store, asked.request)
    if asked.how in MODELS_WAYS and not found.model_id:
        raise BadRequest(NOT_YET)
    index, notes = WAYS[asked.how](found, asked)
    rows = np.sort(found.dataset.owned.row[index])
    some = asked.how in MODELS_WAYS and len(found.index) < len(found.dataset.train_y)
    if some:
        n = len(found.dataset.train_y)
        notes = (*notes, f"They were looked for among {len(found.index):,} of {n:,} images.")
    return Picked(rows=tuple(rows.tolist()), notes=notes)


Found = tuple[Ints, tuple[str, ...]]


def _near(found: Original, asked: Pick) -> Found:
    own = found.dataset.owned.row
    at = np.flatnonzero(own == int(asked.of)) if asked.of.isdecimal() else own[:0]
    if not len(at):
        raise BadRequest(f"No training sample has the row {asked.of!r}; choose one that has.")
    others = np.setdiff1d(found.index, at)
    rows = found.seen["z"][np.isin(found.index, others)]
    near = entangled.nearest_to(rows, found.look(at)[1], asked.n)[0]
    return np.concatenate([at, others[near]]), ()


def _uncertain(found: Original, asked: Pick) -> Found:
    best = np.sort(softmax(found.seen["logits"]), axis=1)
    return _first(found, best[:, -1] - best[:, -2], asked)


def _entangled(found: Original, asked: Pick) -> Found:
    """Those with the most neighbours of other classes; of equally many the most uncertain."""
    label = found.dataset.train_y[found.index]
    other = (label[found.seen["near"]] != label[:, None]).mean(1)
    best = np.sort(softmax(found.seen["logits"]), axis=1)
    return _first(found, (best[:, -1] - best[:, -2]) / 1e3 - other, asked)


def _planted(found: Original, asked: Pick) -> Found:
    planted = found.dataset.planted
    if planted is None:
        raise BadRequest(
            f"Nothing is known to be mislabelled or planted in {found.dataset.key}; plant "
            "something first, beside the data."
        )
    return _drawn(_of_class(found, planted, asked.of), asked), ()


def _random(found: Original, asked: Pick) -> Found:
    return _drawn(_of_class(found, np.arange(len(found.dataset.train_y)), asked.of), asked), ()


def _file(found: Original, asked: Pick) -> Found:
    chosen = forget.parse(f"indices:{asked.of}", found.dataset, 0)
    return chosen.index, chosen.notes


WAYS: Mapping[str, Callable[[Original, Pick], Found]] = {
    "near": _near,
    "uncertain": _uncertain,
    "entangled": _entangled,
    "planted": _planted,
    "random": _random,
    "file": _file,
}
MODELS_WAYS = ("near", "uncertain", "entangled")  # that ask the original model


def _first(found: Original, value: Array, asked: Pick) -> Found:
    """The n samples of the class with the least value, of equals the first."""
    index = _of_class(found, found.index, asked.of)
    value = value[np.isin(found.index, index)]
    return index[np.argsort(value, kind="stable")[: asked.n]], ()


def _drawn(index: Ints, asked: Pick) -> Ints:
    rng = np.random.default_rng(derive(asked.seed, "pick", asked.how, asked.of))
    drawn: Ints = rng.permutation(index)[: asked.n]
    return drawn


def _of_class(found: Original, index: Ints, wanted: str) -> Ints:
    if not wanted:
        return index
    names = found.dataset.class_names
    if not wanted.isdecimal() or int(wanted) >= len(names):
        raise BadRequest(f"There is no class {wanted!r}; ids are 0 to {len(names) - 1}.")
    of_it: Ints = index[found.dataset.train_y[index] == int(wanted)]
    return of_it
