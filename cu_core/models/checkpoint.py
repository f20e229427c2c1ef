"""Weights files: Lethe's own, written and read back whole, and those a person brings.

Lethe writes safetensors with a JSON header in its metadata: architecture, head, shape, n_classes,
``weights_sha256``, versions, and what the caller adds (class_names, mean, std, recipe, seed).
A bit that flipped on the disk loads without an error from any format, so the header's hash is
checked on the way in, and so is that every weight is finite.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from cu_core import __version__
from cu_core.errors import BadCheckpoint, BadRequest
from cu_core.models import build, variants
from cu_core.models._base import Classifier, Head, Shape
from cu_core.models._foreign import COUNTER, Shapes, choose, expected, state_dict_of
from cu_core.models._weights_file import HEADER_KEY, read

FORMAT = 1
OWN_LIMIT_MB = 2048
IMPORT_LIMIT_MB = 200  # ResNet-101, the largest architecture, has 170


class Header(BaseModel):
    """What every file of ours must say; other entries are kept as they are."""

    model_config = ConfigDict(extra="allow")

    format: int
    architecture: str
    head: Head
    shape: tuple[int, ...]
    n_classes: int
    weights_sha256: str


@dataclass(frozen=True)
class Imported:
    """A model that somebody brought, on the CPU in train mode, and what its file says of it.

    ``notes``: what was removed, translated or left aside, a sentence each. ``mean``, ``std``: of
    pixels in 0..1, one a channel; ``classes``: their names in the order of the outputs;
    ``accuracy``: percent; each None where the file does not say. ``variants``: other networks
    whose weights have the same names and shapes, so that only the measured accuracy tells them
    apart. ``choices``: names of the other sets of weights in the file, "ema" say.
    """

    model: Classifier
    notes: tuple[str, ...] = ()
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    classes: tuple[str, ...] | None = None
    accuracy: float | None = None
    variants: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


def weights_sha256(model: nn.Module) -> str:
    """Hash over names, types, shapes and bytes in name order: the same on every device."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        plain = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(plain.numpy().tobytes())
    return digest.hexdigest()


def save(path: Path, model: Classifier, header: Mapping[str, Any]) -> str:
    """Writes the model whole or not at all; returns the file's SHA-256.

    ``header``: JSON values to keep beside the weights. BadCheckpoint if a weight is not finite.
    """
    from safetensors.torch import save as to_bytes

    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    _check_finite("The model", tensors)
    own = {
        "format": FORMAT,
        "architecture": model.architecture,
        "head": model.head,
        "shape": model.shape,
        "n_classes": model.n_classes,
        "weights_sha256": weights_sha256(model),
    }
    versions = {"lethe": __version__, "torch": str(torch.__version__), **header.get("versions", {})}
    text = json.dumps({**header, **own, "versions": versions}, sort_keys=True, allow_nan=False)
    content = to_bytes(tensors, metadata={HEADER_KEY: text})
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return hashlib.sha256(content).hexdigest()


def load(path: Path, sha256: str | None = None) -> tuple[Classifier, dict[str, Any]]:
    """A model that ``save`` wrote, on the CPU in train mode, and its whole header.

    ``sha256``: of the file, as ``save`` returned it. BadCheckpoint when anything is not as written.
    """
    content, text = read(path, OWN_LIMIT_MB, sha256)
    if text is None:
        raise BadCheckpoint(f"{path.name} was not written by Lethe. Import it instead.")
    header = _header(path.name, text)
    found = _shapes(content)
    architecture, head = _choose(
        path.name, found, header.shape, header.n_classes, header.architecture
    )
    model = _assemble(path.name, content, architecture, header.shape, header.n_classes, head, [])
    _check_weights(path.name, model, header)
    return model, header.model_dump()


def import_file(
    path: Path,
    shape: Shape,
    n_classes: int,
    architecture: str | None = None,
    weights: str | None = None,
    limit_mb: int = IMPORT_LIMIT_MB,
) -> Imported:
    """A model from someone's weights file for samples of ``shape``, and what the file says of it.

    ``architecture``: None if names and shapes are to tell. ``weights``: which of several sets of
    weights in the file, "ema" say; None: the plain one. Nothing in the file is executed.
    BadCheckpoint says in a sentence why a file cannot be used.
    """
    notes: list[str] = []
    content, text = read(path, limit_mb)
    tensors = state_dict_of(path.name, content, notes)
    header = _header(path.name, text) if text else None
    guess = architecture or (header.architecture if header else None)
    found = _shapes(tensors)
    chosen, head = _choose(path.name, found, tuple(shape), n_classes, guess)
    if not guess:
        notes.append(f"Names and shapes are those of {chosen} with the {head} head.")
    model = _assemble(path.name, tensors, chosen, tuple(shape), n_classes, head, notes)
    if header:
        _check_weights(path.name, model, header)
    return Imported(model, tuple(notes), variants=variants(chosen))


def _shapes(tensors: Mapping[str, Tensor]) -> Shapes:
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def _header(name: str, text: str) -> Header:
    try:
        header = Header.model_validate_json(text)
    except ValidationError as error:
        raise BadCheckpoint(
            f"{name} has a damaged header ({error.error_count()} faults). Train the model again."
        ) from None
    if header.format > FORMAT:
        raise BadCheckpoint(
            f"{name} was written by a newer Lethe (format {header.format}, this one reads "
            f"{FORMAT}). Update Lethe."
        )
    return header


def _choose(
    name: str, found: Shapes, shape: Shape, n_classes: int, architecture: str | None
) -> tuple[str, Head]:
    try:
        return choose(name, found, shape, n_classes, architecture)
    except BadRequest as error:  # an unknown architecture, too few classes
        raise BadCheckpoint(f"{name}: {error}") from None


def _assemble(
    name: str,
    tensors: Mapping[str, Tensor],
    architecture: str,
    shape: Shape,
    n_classes: int,
    head: Head,
    notes: list[str],
) -> Classifier:
    """The model with these weights, whose names and shapes have been checked."""
    wanted = expected(architecture, shape, n_classes, head)
    absent = [key for key in wanted if key not in tensors]  # counters, nothing else
    if absent:
        notes.append(f"{len(absent)} BatchNorm counters were missing and start at 0.")
    other = {str(t.dtype) for k, t in tensors.items() if not k.endswith(COUNTER)} - {
        "torch.float32"
    }
    if other:
        notes.append(f"The weights were {', '.join(sorted(other))} and are used as float32.")
    plain = {key: _plain(name, key, tensors[key]) for key in wanted if key in tensors}
    _check_finite(name, plain)
    with torch.device("meta"):  # no weights are drawn only to be replaced
        model = build(architecture, shape, n_classes, head)
    model.load_state_dict(
        plain | {key: torch.zeros((), dtype=torch.int64) for key in absent}, assign=True
    )
    return model


def _plain(name: str, key: str, tensor: Tensor) -> Tensor:
    """An own, contiguous copy: float32, or int64 for a counter."""
    if key.endswith(COUNTER):
        return tensor.detach().to(torch.int64, copy=True)
    if not tensor.is_floating_point():
        raise BadCheckpoint(
            f"{name}: {key} is {tensor.dtype}, and weights must be real floats. Save the model "
            "before it is quantised."
        )
    copy = tensor.detach().to(torch.float32, copy=True)
    return copy.contiguous()


def _check_finite(name: str, tensors: Mapping[str, Tensor]) -> None:
    for key, tensor in tensors.items():
        if wrong := int((~torch.isfinite(tensor)).sum()):
            raise BadCheckpoint(
                f"{name} is damaged or diverged: {wrong} of {tensor.numel()} values of {key} are "
                "not finite. Use an earlier checkpoint, or train again."
            )


def _check_weights(name: str, model: Classifier, header: Header) -> None:
    if weights_sha256(model) != header.weights_sha256:
        raise BadCheckpoint(
            f"{name} is damaged: its weights are not those that were written. Train the model "
            "again, or restore the file."
        )
