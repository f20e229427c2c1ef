"""Finds in a foreign checkpoint the weights of one of our architectures, by names and shapes.

Only names and shapes are looked at here, never the numbers: a file can declare a tensor of a
billion elements in a hundred bytes, and it is refused before anything is copied.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from cu_core.errors import BadCheckpoint
from cu_core.models import build, names, supports
from cu_core.models._base import Head, Shape

Shapes = dict[str, tuple[int, ...]]
Choice = tuple[str, Head]

NESTS = ("state_dict", "model_state_dict", "model", "net", "weights")
PREFIXES = ("module.", "_orig_mod.", "model.")
RENAMES = (  # the start of a name in their files, in ours
    ("encoder.", "body."),  # SupContrast, and the authors of contrastive unlearning
    ("head.", "mlp_head."),
    ("fc.1.", "fc."),  # their Sequential(ReLU, Linear)
    ("linear.", "fc."),  # pytorch-cifar and many others
)
OURS = ("body.", "mlp_head.", "fc.")
COUNTER = "num_batches_tracked"  # of BatchNorm; files from before PyTorch 0.4.1 lack it
SHOWN = 5  # mismatches named in a refusal


def state_dict_of(name: str, content: Any, notes: list[str]) -> dict[str, Tensor]:
    """The name -> tensor mapping in what was saved, with our names. Notes say what was changed."""
    content = _unwrapped(content, notes)
    tensors = (
        {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
        if isinstance(content, Mapping)
        else {}
    )
    if not tensors:
        kind = type(content).__name__
        raise BadCheckpoint(
            f"{name} holds no weights: what was saved is a {kind} without named tensors. Save "
            "`model.state_dict()`."
        )
    for key, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
            raise BadCheckpoint(
                f"{name}: {key} is a sparse, quantised or empty tensor. Save plain float weights."
            )
    return _renamed(name, _stripped(tensors, notes), notes)


def _unwrapped(content: Any, notes: list[str]) -> Any:
    for _ in range(3):
        if not isinstance(content, Mapping):
            break
        nest = next((k for k in NESTS if isinstance(content.get(k), Mapping)), None)
        if nest is None:
            break
        content = content[nest]
        notes.append(f'The weights were taken from "{nest}" inside the file.')
    return content


def _stripped(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    while prefix := next((p for p in PREFIXES if all(k.startswith(p) for k in tensors)), None):
        tensors = {k.removeprefix(prefix): v for k, v in tensors.items()}
        notes.append(f'The prefix "{prefix}" was removed from every name.')
    return tensors


def _renamed(name: str, tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    renamed = {_our_name(key): tensor for key, tensor in tensors.items()}
    if len(renamed) < len(tensors):
        raise BadCheckpoint(
            f"{name} has two weights for one place, such as fc.weight and linear.weight. Keep one."
        )
    if changed := len(set(tensors) - set(renamed)):
        notes.append(f"{changed} of {len(tensors)} names were translated to this app's.")
    return renamed


def _our_name(key: str) -> str:
    for theirs, ours in RENAMES:
        if key.startswith(theirs):
            key = ours + key.removeprefix(theirs)
    key = key.replace(".shortcut.", ".downsample.")
    return key if key.startswith(OURS) else f"body.{key}"


@lru_cache(maxsize=64)
def expected(architecture: str, shape: Shape, n_classes: int, head: Head) -> Mapping[str, Any]:
    """Name -> shape of every weight and buffer, without making them."""
    with torch.device("meta"):
        model = build(architecture, shape, n_classes, head)
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def choose(
    name: str, found: Shapes, shape: Shape, n_classes: int, architecture: str | None
) -> Choice:
    """The architecture and head that these shapes belong to. BadCheckpoint names what differs."""
    _check_classes(name, found, n_classes)
    head: Head = "normalised" if any(k.startswith("mlp_head.") for k in found) else "plain"
    if architecture and (reason := supports(architecture, shape, head)):
        raise BadCheckpoint(f"{name} cannot be used: {reason}")
    if architecture and not _differences(found, expected(architecture, shape, n_classes, head)):
        return architecture, head
    differ = {
        key: _differences(found, expected(key, shape, n_classes, head))
        for key in names()
        if supports(key, shape, head) is None
    }
    if not differ:
        raise BadCheckpoint(f"{name} has a projection head, and no model for {shape} has one.")
    best = min(differ, key=lambda key: len(differ[key]))
    wanted = architecture or best
    if not differ[wanted]:
        return wanted, head
    advice = (
        f"No model fits exactly; the nearest is {best} (differences: {len(differ[best])})."
        if differ[best]
        else f"It fits {best} exactly: import it as {best}."
    )
    raise BadCheckpoint(
        f"{name} does not fit {wanted} on samples of shape {shape}: {_listed(differ[wanted])}. "
        f"{advice}"
    )


def _check_classes(name: str, found: Shapes, n_classes: int) -> None:
    """The rows of the last layer against the data set's classes."""
    last = found.get("fc.weight", ())
    if len(last) == 2 and last[0] != n_classes:
        raise BadCheckpoint(
            f"{name} tells {last[0]} classes apart, and this data set has {n_classes}. Choose the "
            f"data set it was trained on, or replace its last layer by one of {n_classes} outputs."
        )


def _differences(found: Shapes, wanted: Mapping[str, Any]) -> list[str]:
    """A phrase per weight that is missing, unknown or of another shape; shapes first."""
    common = found.keys() & wanted.keys()
    shapes = [
        f"{k} is {found[k]} in the file and {wanted[k]} in the model"
        for k in wanted
        if k in common and found[k] != wanted[k]
    ]
    missing = [f"{k} is missing" for k in wanted if k not in common and not k.endswith(COUNTER)]
    return shapes + missing + [f"{k[:80]} is unknown" for k in found if k not in common]


def _listed(phrases: list[str]) -> str:
    rest = len(phrases) - SHOWN
    return "; ".join(phrases[:SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
