"""Original and retrained models: found in the cache, or trained once with one recipe and kept."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from cu_core import engine, models
from cu_core.errors import BadRequest, DiskFull, StoreError
from cu_core.models import checkpoint, train
from cu_core.models.evaluate import outputs
from cu_core.runs.learning import Learning
from cu_core.runs.rates import Rates, training
from cu_core.runs.resolve import Setup, machine
from cu_core.seeding import derive
from cu_core.spec import (
    ForgetSet,
    ModelContract,
    OnProgress,
    Precision,
    Summary,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.spec.phases import RETRAINING, TRAINING
from cu_core.store import ModelRecord, Store

NAME_LENGTH = 60  # of a network in a model's id, which is a folder's name
SAVE_EVERY_S = 30.0  # a killed training goes on from at most this long ago


def model_id(setup: Setup, without: ForgetSet | None, precision: Precision | None = None) -> str:
    """A name made of content: the same data, network, recipe, seed and forget set, the same id.
    ``precision``: None for that of the plan."""
    request, recipe, used = setup.request, setup.recipe, precision or setup.plan.precision
    parts = (
        setup.dataset.hash, request.model, request.head, recipe.model_dump_json(),
        request.model_seed, without.hash if without else "all",
        *([] if used == "float32" else [used]),
        *([made_by] if (made_by := models.get(request.model).fingerprint) else []),
        *(setup.scaling or []),
    )  # fmt: skip
    words = (request.model, setup.dataset.key.split(":")[0].lower())
    network, dataset = ("".join(c if c.isalnum() else "-" for c in word) for word in words)
    return f"{network[-NAME_LENGTH:]}-{dataset}-{derive(*parts):016x}"


def original_id(store: Store, setup: Setup) -> str:
    """The original model of a request. Where the precision is left to the machine and its own is
    not there, one that was trained in float32 by the same recipe will do: such come with Lethe."""
    wanted = model_id(setup, None)
    if setup.request.precision == "auto" and not store.has_model(wanted):
        plain = model_id(setup, None, "float32")
        return plain if store.has_model(plain) else wanted
    return wanted


def blank(setup: Setup) -> models.Classifier:
    """The request's network before any training, on the run's device."""
    request, dataset = setup.request, setup.dataset
    return setup.place(
        models.build(
            request.model, dataset.shape, dataset.n_classes, request.head, seed=request.model_seed
        )
    )


def check_original(store: Store, setup: Setup) -> None:
    """BadRequest unless the model that a request names, if it does, is there and is what the
    request says: the retrained reference is trained by the request, not by the model."""
    request, dataset = setup.request, setup.dataset
    named = request.original if isinstance(request, UnlearnRequest) else None
    if named is None:
        return
    try:
        record = store.model(named)
    except StoreError as unknown:
        raise BadRequest(str(unknown)) from None
    if record.doubt:
        raise BadRequest(record.doubt)
    if (record.architecture, record.head) != (request.model, request.head):
        raise BadRequest(
            f"{record.id} is a {record.architecture} with a {record.head} head, the request asks "
            f"for {request.model} with a {request.head} one. Choose --model {record.architecture} "
            f"--head {record.head}, so that the retrained reference is of its kind."
        )
    if record.dataset_hash != dataset.hash:
        raise BadRequest(
            f"{record.id} was trained on other data ({record.dataset}) than {request.data} "
            "holds now. Choose the data it was trained on, or another model."
        )


def ensure(
    store: Store,
    setup: Setup,
    without: ForgetSet | None,
    tick: OnProgress,
    learning: Learning | None = None,
) -> str:
    """The id of the original model (``without`` None) or of the one retrained without a set.

    ``learning``: looks at a model that is trained. Raises Cancelled when told to stop; what was
    trained until then is taken up next time.
    """
    wanted = model_id(setup, without) if without else original_id(store, setup)
    if not store.has_model(wanted):
        _train(store, setup, without, wanted, tick, learning)
    return wanted


def _train(
    store: Store,
    setup: Setup,
    without: ForgetSet | None,
    wanted: str,
    tick: OnProgress,
    learning: Learning | None,
) -> None:
    request, recipe = setup.request, setup.recipe
    phase = RETRAINING if without else TRAINING
    model = blank(setup)
    batches = setup.batches(
        setup.retain_index(without), recipe.batch_size, request.model_seed, "train", recipe.augment
    )
    start = _unfinished(store, wanted)
    if learning:
        total = recipe.epochs * batches.n_batches
        learning.begin(model, int(start["step"]) if start else 0, total)
    began = saved = time.monotonic()
    updates = 0
    for done in train.train(model, batches, recipe, seed=request.model_seed, start=start):
        tick(phase.key, done.step, done.total, {"loss": done.loss})
        if learning:
            learning(model, done.step, done.total)
        if time.monotonic() - saved > SAVE_EVERY_S:
            saved = time.monotonic()
            kept = train.state(model, done.optimizer, done.step)
            with suppress(DiskFull):  # the one before it stays
                store.save_unfinished(wanted, engine.to_bytes(kept))
        updates += 1
    if updates:
        took = time.monotonic() - began - (learning.looked if learning else 0.0)
        Rates(setup).keep(took / updates, *training(setup))
    _keep(store, setup, without, wanted, model, time.monotonic() - began)


def _unfinished(store: Store, wanted: str) -> dict[str, Any] | None:
    """The state a training that was cut off left behind; a damaged one counts as none."""
    path = store.unfinished(wanted)
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except FileNotFoundError:
        return None
    except Exception:  # what a cut-off file makes the loader raise varies with where it was cut
        path.unlink(missing_ok=True)
        return None
    return state


def _keep(
    store: Store, setup: Setup, without: ForgetSet | None, wanted: str, model: Any, seconds: float
) -> None:
    request, dataset = setup.request, setup.dataset
    logits, _ = outputs(model, setup.resident.test_x, setup.resident.normalise)
    accuracy = float((logits.argmax(1) == dataset.test_y).mean() * 100)
    header = {
        **setup.header(),
        "recipe": setup.recipe.model_dump(),
        "seed": request.model_seed,
        "plan": setup.plan.model_dump(),
        "versions": machine(),
    }
    record = ModelRecord(
        id=wanted,
        kind="retrained" if without else "original",
        architecture=request.model,
        head=request.head,
        dataset=dataset.key,
        dataset_hash=dataset.hash,
        class_names=dataset.class_names,
        shape=dataset.shape,
        forget=without.rule if without else None,
        forget_hash=without.hash if without else None,
        seed=request.model_seed,
        recipe=setup.recipe.model_dump(),
        accuracy=accuracy,
        size=request.size,
        contract=setup.contract and _as_original(setup.contract),
        seconds=seconds,
    )

    def write(folder: Path) -> None:
        checkpoint.save(folder / "model.safetensors", model, header)

    store.patience.insist(lambda: store.add_model(record, write))


def _as_original(contract: ModelContract) -> ModelContract:
    """A retrained model is normalised as the original is, and has no owner's figure."""
    own = {"accuracy": None, "claimed": None, "chance": None, "n": 0, "part": ""}
    return contract.model_copy(update=own)


def load_model(store: Store, setup: Setup, wanted: str) -> Any:
    """The cached network on the run's device."""
    model, _ = checkpoint.load(store.weights(wanted))
    return setup.place(model)


def train_request(store: Store, setup: Setup, tick: OnProgress) -> Summary:
    """What a TrainRequest asks for: the original, or the reference retrained without its set."""
    assert isinstance(setup.request, TrainRequest)
    wanted = ensure(store, setup, setup.forget, tick)
    record = store.model(wanted)
    return Summary(
        model=wanted,
        accuracy=record.accuracy,
        seconds={"training": record.seconds},
        message=f"{wanted}: test accuracy {record.accuracy:.1f} % (all classes).",
    )
