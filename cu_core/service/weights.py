"""Weights that someone brings become an original model of the cache: the page's upload and the
command line's ``import`` alike.

Read, asked as its owner asks it, measured at once; what it had is kept with it, so that a run
begins with the numbers that its owner knows, or not at all.
"""

from pathlib import Path

from cu_core import data, engine, models
from cu_core.files import given_path
from cu_core.models import checkpoint
from cu_core.models.checkpoint import Imported
from cu_core.seeding import derive
from cu_core.service.importing import orders, words
from cu_core.service.importing.asking import Asking, Settling
from cu_core.service.importing.looking import TEST, TRAIN, look, sample
from cu_core.spec import DIFFERS, SAME, Dataset, ImportedModel, ImportWeights, ModelContract
from cu_core.store import ModelRecord, Store

WHOLE = 10_000 * 3 * 32 * 32  # numbers of a test part that is measured whole without a GPU
ENOUGH = 2_000  # samples of a larger one
ALIKE = 8  # ways that fit equally well, of which its owner's number tells the right one


def import_weights(store: Store, asked: ImportWeights) -> ImportedModel:
    """Measures a weights file on the data and keeps a copy; the file, or the folder that another
    library saved, is only read.

    The same weights asked in the same way are kept once. BadCheckpoint when the file cannot be
    used, BadRequest for what is said of it, BadRequest or BadData for the data set.
    """
    path, network = models.saved_in(given_path(asked.path), asked.architecture)
    asked = asked.model_copy(update={"architecture": network})
    dataset, brought = _read(store, asked, path)
    device = engine.pick_device()
    settling = Settling(brought, dataset, asked, device)
    asking, contract = _measured(settling, dataset, _claimed(asked, brought), device)
    told = [*brought.notes, *asking.told, words.measured(contract, asking.normalisation)]
    whole = len(dataset.test_y if contract.part == TEST else dataset.train_y)
    if contract.n < whole:
        told.append(words.sampled(contract, whole))
    record = _record(asking, dataset, contract, asked, tuple(told))
    known = store.has_model(record.id)
    if known:
        record = store.model(record.id)
        told.append(f"These weights are here already, as {record.id}.")
    else:
        record = _keep(store, record, asking)
    return ImportedModel(
        model_id=record.id,
        architecture=record.architecture,
        dataset=record.dataset,
        accuracy=record.accuracy,
        contract=record.contract,
        fits=asking.fits,
        notes=tuple(told),
        doubt=record.doubt,
        known=known,
    )


def _read(store: Store, asked: ImportWeights, path: Path) -> tuple[Dataset, Imported]:
    """The data, at the size that the network is made for, and the model."""
    size = asked.size
    if size is None and asked.architecture:
        size = models.get(asked.architecture).size
    for _ in range(2):
        dataset = data.load(asked.dataset, store.home, asked.plant, size)
        brought = checkpoint.import_file(
            path, dataset.shape, dataset.n_classes, asked.architecture, asked.weights
        )
        wanted = asked.size or models.get(brought.model.architecture).size
        if wanted == size:
            break
        size = wanted
    return dataset, brought


def _measured(
    settling: Settling, dataset: Dataset, claimed: float | None, device: str
) -> tuple[Asking, ModelContract]:
    """The way that it is asked, and what it has so. Where its owner's number is another, more is
    tried, and of ways that fit the training samples equally well the one with that number taken."""
    asking = settling.settle()
    contract = measure(asking, dataset, claimed, device)
    if contract.agreement() == DIFFERS and not asking.searched:
        asking = settling.settle(doubted=True)
        contract = measure(asking, dataset, claimed, device)
    if claimed is not None and contract.agreement() != SAME:
        for other in settling.level[:ALIKE]:
            trial = measure(settling.take(other), dataset, claimed, device)
            if trial.agreement() == SAME:
                return settling.take_for(other), trial
    return asking, contract


def _claimed(asked: ImportWeights, brought: Imported) -> float | None:
    return brought.accuracy if asked.accuracy is None else asked.accuracy


def measure(asking: Asking, dataset: Dataset, claimed: float | None, device: str) -> ModelContract:
    """The contract, with what the model answers on the test part; on the training part where there
    is no other."""
    part, y = (TEST, dataset.test_y) if len(dataset.test_y) else (TRAIN, dataset.train_y)
    numbers = len(y) * dataset.train_x[:1].size
    whole = device != "cpu" or numbers <= WHOLE
    shown = sample(dataset, part, len(y) if whole else ENOUGH)
    way = asking.normalisation
    seen = look(asking.model.to(device), shown, (way.mean, way.std))
    asking.model.to("cpu")
    table = orders.counts(seen.logits, shown.y, dataset.n_classes)
    straight = orders.usual(dataset.class_names)[orders.OWN_ORDER]
    return ModelContract(
        mean=way.mean,
        std=way.std,
        normalisation=way.key,
        said_by=asking.said_by,
        classes=asking.classes,
        shape=dataset.shape,
        accuracy=orders.share(table, straight),
        claimed=claimed,
        chance=orders.by_chance(table, straight),
        n=len(shown.y),
        part=part,
    )


def _record(
    asking: Asking,
    dataset: Dataset,
    contract: ModelContract,
    asked: ImportWeights,
    told: tuple[str, ...],
) -> ModelRecord:
    model = asking.model
    made_of = (
        checkpoint.weights_sha256(model), model.architecture, dataset.hash,
        contract.scaling, contract.classes, contract.claimed,
    )  # fmt: skip
    return ModelRecord(
        id=f"imported-{derive(*made_of):016x}"[: len("imported-") + 12],
        kind="imported",
        architecture=model.architecture,
        head=model.head,
        dataset=dataset.key,
        dataset_hash=dataset.hash,
        class_names=dataset.class_names,
        shape=dataset.shape,
        accuracy=contract.accuracy,
        size=asked.size,
        contract=contract,
        notes=told,
        name=asked.name or Path(asked.path).stem,
    )


def _keep(store: Store, record: ModelRecord, asking: Asking) -> ModelRecord:
    assert record.contract is not None
    header = {
        "shape": list(record.shape),
        "class_names": list(record.class_names),
        "n_classes": len(record.class_names),
        "mean": record.contract.mean,
        "std": record.contract.std,
        "contract": record.contract.model_dump(),
        "notes": list(record.notes),
    }
    return store.add_model(
        record, lambda folder: checkpoint.save(folder / "model.safetensors", asking.model, header)
    )
