"""A model made of weights that a file holds, whose names and shapes have been compared already."""

from collections.abc import Mapping

import torch
from torch import Tensor

from cu_core.errors import BadCheckpoint
from cu_core.models import build
from cu_core.models._base import Classifier, Head, Shape
from cu_core.models._foreign import expected
from cu_core.models._heads import shown
from cu_core.models._names import COUNTER


def assemble(
    name: str,
    tensors: Mapping[str, Tensor],
    names: Mapping[str, str],
    network: tuple[str, Shape, int, Head],
    notes: list[str],
) -> Classifier:
    """The ``network`` (architecture, shape, classes, head) with own copies of these weights, on the
    CPU in train mode. ``names``: ours -> the file's. Notes say what was changed."""
    with torch.device("meta"):  # no weights are drawn only to be replaced
        model = build(*network)
    like, wanted = model.state_dict(), expected(*network)
    absent = {key: size for key, size in wanted.items() if key not in names}
    if counters := sum(key.endswith(COUNTER) for key in absent):
        notes.append(f"{counters} BatchNorm counters were missing and start at 0.")
    if "fc.bias" in absent:
        notes.append("The last layer has no bias; one of zeros stands in its place.")
    other = {str(tensors[k].dtype) for n, k in names.items() if like[n].is_floating_point()}
    if other - {"torch.float32"}:
        words = ", ".join(sorted(other - {"torch.float32"}))
        notes.append(f"The weights were {words} and are used as float32.")
    own = {
        key: _own(name, names[key], tensors[names[key]], like[key])
        for key in wanted
        if key in names
    }
    check_finite(name, own, names)
    zeros = {
        key: torch.zeros(size, dtype=torch.int64 if key.endswith(COUNTER) else torch.float32)
        for key, size in absent.items()
    }
    model.load_state_dict(own | zeros, assign=True)
    return model


def _own(name: str, theirs: str, tensor: Tensor, like: Tensor) -> Tensor:
    """An own, contiguous copy: float32, or of its own type where the network counts or indexes."""
    if not like.is_floating_point():
        return tensor.detach().to(like.dtype, copy=True).reshape(like.shape)
    if not tensor.is_floating_point():
        raise BadCheckpoint(
            f"{name}: {shown(theirs)} is {tensor.dtype}, and weights must be real floats. Save the "
            "model before it is quantised."
        )
    copy = tensor.detach().to(torch.float32, copy=True)
    return copy.contiguous()


def check_finite(
    name: str, tensors: Mapping[str, Tensor], names: Mapping[str, str] | None = None
) -> None:
    """BadCheckpoint with the name of the first weight that is not finite."""
    for key, tensor in tensors.items():
        if wrong := int((~torch.isfinite(tensor)).sum()):
            raise BadCheckpoint(
                f"{name} is damaged or diverged: {wrong} of {tensor.numel()} values of "
                f"{shown((names or {}).get(key, key))} are not finite. Use an earlier checkpoint, "
                "or train again."
            )
