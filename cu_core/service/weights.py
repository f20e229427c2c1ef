"""Weights that someone brings become an original model of the cache: the page's upload and the
command line's ``import`` alike."""

from pathlib import Path

from cu_core import data
from cu_core.errors import LetheError
from cu_core.models import checkpoint
from cu_core.store import ModelRecord, Store


def import_weights(
    store: Store, path: Path, dataset_key: str, architecture: str | None = None, name: str = ""
) -> ModelRecord:
    """Checks a weights file against the data and keeps a copy; the file itself is only read.

    ``architecture``: None if the file is to tell. BadCheckpoint when the file cannot be used,
    BadRequest or BadData for the data set, LetheError for weights that are in the cache already.
    """
    dataset = data.load(dataset_key, store.home)
    brought = checkpoint.import_file(path, dataset.shape, dataset.n_classes, architecture)
    model, notes = brought.model, brought.notes
    sha = checkpoint.weights_sha256(model)
    record = ModelRecord(
        id=f"imported-{sha[:12]}",
        kind="imported",
        architecture=model.architecture,
        head=model.head,
        dataset=dataset.key,
        dataset_hash=dataset.hash,
        class_names=dataset.class_names,
        shape=dataset.shape,
        notes=notes,
        name=name or path.stem,
    )
    header = {
        "architecture": model.architecture,
        "head": model.head,
        "shape": list(dataset.shape),
        "n_classes": dataset.n_classes,
        "class_names": list(dataset.class_names),
        "notes": notes,
    }
    if store.has_model(record.id):
        raise LetheError(f"These weights are cached already, as {record.id}.")
    return store.add_model(
        record, lambda folder: checkpoint.save(folder / "model.safetensors", model, header)
    )
