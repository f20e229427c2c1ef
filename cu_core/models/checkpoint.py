"""Weights files: Lethe's own, written and read back whole, and those a person brings.

Lethe writes safetensors with a JSON header in its metadata: architecture, head, shape, n_classes,
``weights_sha256``, versions, and what the caller adds (class_names, mean, std, recipe, seed).
A bit that flipped on the disk loads without an error from any format, so the header's hash is
checked on the way in, and so is that every weight is finite.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from cu_core import __version__
from cu_core.errors import BadCheckpoint, BadRequest
from cu_core.files import write_atomic
from cu_core.models import supports, variants
from cu_core.models._assemble import assemble, check_finite
from cu_core.models._base import Classifier, Head, Shape
from cu_core.models._choose import choose
from cu_core.models._content import Content, look_through
from cu_core.models._foreign import expected
from cu_core.models._heads import shown
from cu_core.models._names import folded, unwrapped
from cu_core.models._told import told, way_notes
from cu_core.models._weights_file import HEADER_KEY, SAVE_AS, configuration_beside, read
from cu_core.models.origins import own_code

FORMAT = 1


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

    ``header``: JSON values to keep beside the weights. BadCheckpoint if a weight is not finite,
    DiskFull or StoreError if it cannot be written.
    """
    from safetensors.torch import save as to_bytes

    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    check_finite("The model", tensors)
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
    write_atomic(path, content)
    return hashlib.sha256(content).hexdigest()


def load(path: Path, sha256: str | None = None) -> tuple[Classifier, dict[str, Any]]:
    """A model that ``save`` wrote, on the CPU in train mode, and its whole header.

    ``sha256``: of the file, as ``save`` returned it. BadCheckpoint when anything is not as written.
    """
    tensors, text = read(path, path.name, sha256)
    if text is None:
        raise BadCheckpoint(f"{path.name} was not written by Lethe. Import it instead.")
    header = _header(path.name, text)
    network = header.architecture, header.shape, header.n_classes, header.head
    try:
        wanted = expected(*network)
    except BadRequest as error:  # an unknown architecture, too few classes
        raise BadCheckpoint(f"{path.name}: {error}") from None
    _check_shapes(path.name, {k: tuple(t.shape) for k, t in tensors.items()}, wanted, header)
    model = assemble(path.name, tensors, {key: key for key in wanted}, network, [])
    _check_weights(path.name, model, header)
    return model, header.model_dump()


def import_file(
    path: Path,
    shape: Shape,
    n_classes: int,
    architecture: str | None = None,
    weights: str | None = None,
    name: str = "",
) -> Imported:
    """A model from someone's weights file for samples of ``shape``, and what the file says of it.

    ``architecture``: None if names and shapes are to tell. ``weights``: which of several sets of
    weights in the file, "ema" say; None: the plain one. ``name``: what the user calls the file, if
    not by its path. Nothing in the file is executed. BadCheckpoint says in a sentence why a file
    cannot be used.
    """
    name, shape = name or path.name, tuple(shape)
    saved, text = read(path, name)
    header = _header(name, text) if text else None
    notes: list[str] = []
    content = look_through(saved)
    content.facts = _facts_beside(path, header, notes) | content.facts
    content.tensors = folded(unwrapped(content.tensors, notes), notes)
    _check_tensors(name, saved, content)
    guess = architecture or (_named(name, header.architecture) if header else None)
    try:
        choice = choose(name, content.tensors, shape, n_classes, guess, weights)
    except BadRequest as error:  # an unknown architecture, too few classes
        raise BadCheckpoint(f"{name}: {error}") from None
    match = choice.match
    notes += way_notes(choice)
    if not guess:
        notes.append(f"Names and shapes are those of {match.architecture}, {match.head} head.")
    network = match.architecture, shape, n_classes, match.head
    model = assemble(name, content.tensors, match.names, network, notes)
    if header:
        _check_weights(name, model, header)
    of = told(choice, content, shape[0], notes)
    own = of.mean, of.std, content.classes(n_classes), of.accuracy
    return Imported(model, tuple(notes), *own, _alike(*network), tuple(choice.others))


def _facts_beside(path: Path, header: Header | None, notes: list[str]) -> dict[str, list[Any]]:
    """What our own header says, or what its library wrote beside the file."""
    if header:
        return look_through(header.model_dump()).facts
    beside, damaged = configuration_beside(path)
    if damaged:
        notes.append(f"What {' and '.join(damaged)} beside it says could not be read as JSON.")
    facts = look_through(beside).facts
    if facts:
        notes.append(f"What {' and '.join(beside)} beside it says was read too.")
    return facts


def _check_tensors(name: str, saved: Any, content: Content) -> None:
    if content.odd:
        raise BadCheckpoint(
            f"{name}: {shown(content.odd[0])} is a sparse, quantised or empty tensor. Save plain "
            "float weights."
        )
    if not content.tensors:
        kind = getattr(saved, "name", type(saved).__name__)
        objects = ", ".join(content.objects)
        unrun = f" To make {objects} of it would run code from the file, which Lethe never does."
        raise BadCheckpoint(
            f"{name} holds no weights: what was saved is a {kind} without named tensors."
            f"{unrun * bool(objects)} {SAVE_AS}"
        )


def _check_shapes(
    name: str, found: Mapping[str, Any], wanted: Mapping[str, Any], header: Header
) -> None:
    """BadCheckpoint if a file of ours has other weights than its header says."""
    rows = found.get("fc.weight", (header.n_classes,))[:1]
    if rows != (header.n_classes,):
        differs = f"it tells {rows[0]} classes apart, and its header says {header.n_classes}"
    elif missing := [key for key in wanted if key not in found]:
        differs = f"{missing[0]} is missing"
    elif found == wanted:
        return
    else:
        key = next(k for k in found if found[k] != wanted.get(k))
        differs = f"{key} is {found[key]}, and its header says {wanted.get(key)}"
    raise BadCheckpoint(f"{name} is damaged: {differs}. Train the model again.")


def _alike(architecture: str, shape: Shape, n_classes: int, head: Head) -> tuple[str, ...]:
    """The variants that these weights fit as well."""
    own = expected(architecture, shape, n_classes, head)
    return tuple(
        key
        for key in variants(architecture)
        if supports(key, shape, head) is None and expected(key, shape, n_classes, head) == own
    )


def _named(name: str, architecture: str) -> str:
    """The network that a file's own header names. BadCheckpoint if that would run code."""
    if own_code(architecture):
        raise BadCheckpoint(
            f"{name} is of the network {architecture}, which is code of somebody's own. Nothing is "
            f"run because a file names it; if you know that code, add --model {architecture}."
        )
    return architecture


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


def _check_weights(name: str, model: Classifier, header: Header) -> None:
    if weights_sha256(model) != header.weights_sha256:
        raise BadCheckpoint(
            f"{name} is damaged: its weights are not those that were written. Train the model "
            "again, or restore the file."
        )
