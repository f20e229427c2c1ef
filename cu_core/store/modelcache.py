"""Trained models and what is costly to compute from them, by id; and the catalog of declarations.

``record.json`` is written last: its existence means the model is complete. Models bundled with
the program are found too, and never written to; what is computed from them goes to the home.
"""

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cu_core.errors import DiskFull, StoreError
from cu_core.files import refusal, stamp, write_atomic
from cu_core.spec import DATA, SCHEMA_VERSION, Catalog, ModelContract
from cu_core.store.paths import DAY_S, Paths, hold
from cu_core.store.patience import Patience

WEIGHTS = "model.safetensors"
SCENES = 6  # that are kept of a model, a few megabytes each
UNMEASURED = ModelContract(  # of a model that was imported before any was measured
    mean=(), std=(), normalisation=DATA, said_by="data", classes=(), shape=()
)


class ModelRecord(BaseModel):
    """A model in the cache. ``accuracy``: percent on the test part; ``forget``: rule it never saw
    or, unlearned, was made to forget; ``origin``: of an unlearned one, the model that it was before
    it forgot anything; ``size``: pixels a side that its images are read at, None: as they are;
    ``contract``: what somebody's own model, or one retrained for it, is asked by.

    ``sha256``, ``bytes`` and ``created`` are filled in when it is added.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: Literal["original", "retrained", "imported", "unlearned"]
    architecture: str
    head: str = "plain"
    dataset: str
    dataset_hash: str
    class_names: tuple[str, ...]
    shape: tuple[int, ...] = ()
    forget: str | None = None
    forget_hash: str | None = None
    origin: str | None = None
    seed: int = 0
    recipe: dict[str, Any] = Field(default_factory=dict)
    accuracy: float | None = None
    size: int | None = None
    contract: ModelContract | None = None
    name: str = ""
    notes: tuple[str, ...] = ()
    sha256: str = ""
    bytes: int = 0
    created: float = 0.0
    seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION

    @property
    def scaling(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """(mean, std) that its images are normalised by; None: the data's own."""
        return self.contract.scaling if self.contract else None

    @property
    def doubt(self) -> str:
        """Why no run can begin with it, in sentences; "" where one can."""
        if self.kind != "imported":
            return ""
        said = f"{self.name} ({self.id})" if self.name else self.id
        return (self.contract or UNMEASURED).doubt(said)


class ModelCache:
    """The part of the store that keeps models."""

    paths: Paths
    patience: Patience
    bundled: Path | None

    def models(self) -> list[ModelRecord]:
        """Complete ones, newest first; a model whose record cannot be read counts as absent."""
        found: dict[str, ModelRecord] = {}
        for folder in self._folders():
            record = _read_record(folder)
            if record is not None:
                found.setdefault(record.id, record)
        return sorted(found.values(), key=lambda record: record.created, reverse=True)

    def model(self, model_id: str) -> ModelRecord:
        record = _read_record(self.model_dir(model_id))
        if record is None:
            raise _unknown_model(model_id)
        return record

    def has_model(self, model_id: str) -> bool:
        return any(_read_record(folder) for folder in self._folders(model_id))

    def model_dir(self, model_id: str) -> Path:
        """The folder that holds its weights. StoreError when there is no such complete model."""
        self._own(model_id)
        for folder in self._folders(model_id):
            if _read_record(folder) is not None:
                return folder
        raise _unknown_model(model_id)

    def weights(self, model_id: str) -> Path:
        """The weights' file, once its SHA-256 has been found to be the one on record."""
        record, path = self.model(model_id), self.model_dir(model_id) / WEIGHTS
        if not path.exists() or _sha256(path) != record.sha256:
            raise StoreError(
                f"The weights of model {model_id} are damaged: {path} is not what was written. "
                "Delete the model; it is trained again when it is next needed."
            )
        return path

    def add_model(self, record: ModelRecord, write: Callable[[Path], Any]) -> ModelRecord:
        """``write(folder)`` makes model.safetensors there. The first complete one stays."""
        target = self._own(record.id)
        building = self.paths.models / f".new-{record.id}-{secrets.token_hex(3)}"
        lock = None
        try:
            building.mkdir()
            write(building)
            weights = building / WEIGHTS
            facts = {"sha256": _sha256(weights), "bytes": weights.stat().st_size}
            record = record.model_copy(update={**facts, "created": time.time()})
            lock = hold(self.paths.locks / f"model-{record.id}.lock", 10.0)
            if lock is None:
                raise StoreError(f"Model {record.id} is being kept by another process. Try again.")
            if self.has_model(record.id):
                return self.model(record.id)
            target.mkdir(exist_ok=True)
            for path in building.iterdir():
                path.replace(target / path.name)
            write_atomic(target / "record.json", record.model_dump_json(indent=1).encode())
            self.unfinished(record.id).unlink(missing_ok=True)
        except OSError as error:
            text = f"Model {record.id} could not be kept in {target} ({error.strerror or error})."
            raise refusal(error, text) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
            if lock is not None:
                lock.release()
        return record

    def delete_model(self, model_id: str) -> None:
        """The model and everything computed from it. A bundled one cannot be deleted."""
        folder = self._own(model_id)
        if not folder.exists():
            self.model(model_id)
            raise StoreError(f"Model {model_id} comes with Lethe and cannot be deleted.")
        try:
            (folder / "record.json").unlink(missing_ok=True)  # incomplete from here on
            shutil.rmtree(folder)
        except OSError as error:
            text = f"Model {model_id} could not be deleted ({error.strerror or error})."
            raise StoreError(text) from error
        self.paths.sweep(self.paths.models, ".new-*", DAY_S)

    def unfinished(self, model_id: str) -> Path:
        """Where a training that was cut off left its state; the file may not exist."""
        self._own(model_id)
        return self.paths.models / f".unfinished-{model_id}.pt"

    def save_unfinished(self, model_id: str, state: bytes) -> None:
        write_atomic(self.unfinished(model_id), state)

    def layout(self, model_id: str, probe_hash: str) -> NDArray[np.float32] | None:
        """The reference layout xy (P, 2) of this model on this probe set, None if not kept."""
        for folder in self._folders(model_id):
            try:
                arrays = load((folder / _file("layout", probe_hash, "safetensors")).read_bytes())
                xy: NDArray[np.float32] = arrays["xy"]
            except (OSError, KeyError, SafetensorError):
                continue
            return xy
        return None

    def save_layout(self, model_id: str, probe_hash: str, xy: NDArray[np.float32]) -> None:
        data = save({"xy": np.ascontiguousarray(xy, dtype=np.float32)})
        self._keep(model_id, _file("layout", probe_hash, "safetensors"), data)

    def eval(self, model_id: str, key: str) -> dict[str, Any] | None:
        """A kept evaluation; ``key`` names everything it depends on besides the model."""
        for folder in self._folders(model_id):
            try:
                kept = json.loads((folder / _file("eval", key, "json")).read_bytes())
            except (OSError, ValueError):
                continue
            if kept.get("key") == key:
                return dict(kept["values"])
        return None

    def save_eval(self, model_id: str, key: str, values: Mapping[str, Any]) -> None:
        data = json.dumps({"key": key, "values": dict(values)}, indent=1).encode()
        self._keep(model_id, _file("eval", key, "json"), data)

    def scene(self, model_id: str, key: str) -> dict[str, NDArray[np.float32]] | None:
        """What a model gave when it was looked at, by name; ``key``: of what it depends on."""
        for folder in self._folders(model_id):
            with suppress(OSError, SafetensorError):
                return dict(load((folder / _file("scene", key, "safetensors")).read_bytes()))
        return None

    def save_scene(
        self, model_id: str, key: str, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Keeps it where there is room; of a model with more than ``SCENES`` the oldest go, since
        all can be seen again."""
        whole = {name: np.ascontiguousarray(part) for name, part in arrays.items()}
        folder = self._own(model_id)
        folder.mkdir(exist_ok=True)
        with suppress(DiskFull):
            write_atomic(folder / _file("scene", key, "safetensors"), save(whole))
        for path in sorted(folder.glob("scene-*.safetensors"), key=_age)[:-SCENES]:
            path.unlink(missing_ok=True)

    def catalog(self) -> Catalog | None:
        """The declarations a worker wrote; None if there are none that this version reads."""
        try:
            return Catalog.model_validate_json(self.paths.catalog.read_bytes())
        except (OSError, ValidationError):
            return None

    def save_catalog(self, catalog: Catalog) -> None:
        write_atomic(self.paths.catalog, catalog.model_dump_json(indent=1).encode())

    def _own(self, model_id: str) -> Path:
        path = self.paths.child(self.paths.models, model_id)
        if path is None:
            raise _unknown_model(model_id)
        return path

    def _folders(self, model_id: str | None = None) -> list[Path]:
        """The folders of one model, or of all: those of the home first, then the bundled ones."""
        places = [self.paths.models, *([self.bundled] if self.bundled else [])]
        if model_id is None:
            return [folder for place in places for folder in sorted(place.iterdir())]
        name = self._own(model_id).name
        return [place / name for place in places]

    def _keep(self, model_id: str, name: str, data: bytes) -> None:
        folder = self._own(model_id)
        folder.mkdir(exist_ok=True)
        self.patience.insist(lambda: write_atomic(folder / name, data))


def _file(what: str, key: str, ending: str) -> str:
    plain = re.fullmatch(r"[0-9a-f]{8,64}", key)  # a hash already: keep it recognisable
    return f"{what}-{key if plain else hashlib.sha256(key.encode()).hexdigest()[:16]}.{ending}"


def _age(path: Path) -> int:
    """When a file was written, by which files are put in order; 0 for one that has just gone."""
    found = stamp(path)
    return found[2] if found else 0


def _read_record(folder: Path) -> ModelRecord | None:
    """The complete model of a folder: its record says its own id and its weights are there."""
    stamped = stamp(folder / "record.json")
    if stamped is None or stamp(folder / WEIGHTS) is None:
        return None
    return _parse_record(folder, stamped)


@lru_cache(maxsize=1024)
def _parse_record(folder: Path, stamped: tuple[int, int, int]) -> ModelRecord | None:
    try:
        record = ModelRecord.model_validate_json((folder / "record.json").read_bytes())
    except (OSError, ValidationError):
        return None
    sound = record.id == folder.name and record.schema_version <= SCHEMA_VERSION
    return record if sound else None


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unknown_model(model_id: object) -> StoreError:
    return StoreError(
        f"There is no model {str(model_id)[:80]!r} in the cache; "
        "`python -m cu_core list` names those there are."
    )
