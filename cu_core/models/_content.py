"""What a weights file holds, whatever it is nested in: its tensors by name, and what it says of
the network in numbers and words beside them.

The names are paths: ``NEST`` stands between the mappings (and objects) that lie in each other, a
point between the modules of one network. A whole network that was pickled is walked over like its
state dict; nothing of it is run.
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cu_core.inert import Inert

NEST = "\x1f"
MOST_PARTS = 2_000_000  # of a file's content that are looked at
Part = tuple[str, Any, bool]  # path, value, whether it lies inside a network
MODULE = ("_parameters", "_buffers", "_modules")  # of nn.Module's attributes
ODD = ("_rebuild_sparse_tensor", "_rebuild_qtensor", "_rebuild_meta_tensor_no_storage")
ACCURACIES = (  # what files call it, the most certain first; signs and capitals do not count
    "test_acc", "test_accuracy", "test_acc1", "acc_test", "best_test_acc", "best_test_accuracy",
    "best_acc1", "best_acc_1", "best_acc", "best_accuracy", "best_prec1", "best_prec_1",
    "best_top1", "best_sa", "val_acc", "val_accuracy", "val_acc1", "valid_acc", "best_val_acc",
    "acc1", "acc_1", "prec1", "top1", "top_1", "acc", "accuracy",
)  # fmt: skip
CLASSES = (
    "class_names", "classnames", "classes", "class_to_idx", "idx_to_class", "id2label", "label2id",
    "label_names", "labels", "categories", "names",
)  # fmt: skip
SCALES = (
    ("mean", "std"),
    ("image_mean", "image_std"),
    ("norm_mean", "norm_std"),
    ("pixel_mean", "pixel_std"),
    ("normalize_mean", "normalize_std"),
)
FACTS = {*ACCURACIES, *CLASSES, *(word for words in SCALES for word in words)}
BRIGHTEST = 1.5  # a mean or a std above it is one of pixels in 0..255


@dataclass
class Content:
    """``tensors``: path -> values; ``odd``: paths of tensors that are sparse, quantised or empty;
    ``objects``: how often an object of a name stands there; ``facts``: word -> what is said."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    objects: Counter[str] = field(default_factory=Counter)
    facts: dict[str, list[Any]] = field(default_factory=dict)

    def accuracy(self) -> tuple[str, float, float] | None:
        """(the file's word, its number, percent); a number up to 1 is a share."""
        for word in ACCURACIES:
            for value in self.facts.get(word, ()):
                number = _number(value)
                if number is not None and 0 < number <= 100:
                    return word, number, number if number > 1 else 100 * number
        return None

    def classes(self, n: int) -> tuple[str, ...] | None:
        """The names of ``n`` classes in the order of the outputs."""
        for word in CLASSES:
            for value in self.facts.get(word, ()):
                if found := _names(value, n):
                    return found
        return None

    def scale(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """(mean, std) of pixels in 0..1, where they are given as numbers."""
        for words in SCALES:
            for mean, std in zip(*(self.facts.get(word, []) for word in words), strict=False):
                if found := scale_of(mean, std, channels):
                    return found
        return None


def look_through(content: Any) -> Content:
    """All that is in what was saved, in its order. Each object is looked at once."""
    found, seen = Content(), set[int]()
    todo: list[Part] = [("", content, False)]
    for _ in range(MOST_PARTS):
        if not todo:
            break
        path, value, inside = todo.pop()
        if isinstance(value, Tensor):
            _keep(found, path, value)
        elif isinstance(value, np.ndarray):
            if value.dtype.kind in "fiub" and (tensor := _tensor(value)) is not None:
                found.tensors[path] = tensor
        elif isinstance(value, dict | list | tuple | Inert) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Inert):
                _name(found, path, value)
            parts = list(_parts(path, value, inside))
            for key, part, _ in parts:
                _fact(found, key, part)
            todo.extend(reversed(parts))
    return found


def _keep(found: Content, path: str, tensor: Tensor) -> None:
    if not path:  # a tensor alone, without a name
        return
    if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        found.odd.append(path)
    else:
        found.tensors[path] = tensor


def _tensor(array: np.ndarray[Any, Any]) -> Tensor | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is read-only: it is only read
        try:
            return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))
        except TypeError:
            return None


def _is_module(value: Any) -> bool:
    return isinstance(value, Inert) and isinstance(value.state, dict) and MODULE[0] in value.state


def _name(found: Content, path: str, record: Inert) -> None:
    if record.qualname in ODD:
        found.odd.append(path)
    elif record.args is not None and not _is_module(record):
        found.objects[record.name] += 1


def _parts(path: str, value: Any, inside: bool) -> Iterator[Part]:
    """What lies in a part; inside a network its modules' names are joined by a point."""
    if isinstance(value, Inert) and value.qualname in ODD:
        return
    if isinstance(value, Inert) and _is_module(value):
        for kind in MODULE:
            held = value.state.get(kind)
            for key, part in held.items() if isinstance(held, Mapping) else ():
                yield _join(path, key, "." if inside else NEST), part, True
        return
    pairs: list[tuple[Any, Any]]
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, Inert):
        state = value.state.items() if isinstance(value.state, dict) else ()
        pairs = [*state, *value.entries, *enumerate((*(value.args or ()), *value.items))]
    else:
        pairs = list(enumerate(value))
    yield from ((_join(path, key, NEST), part, False) for key, part in pairs)


def _join(path: str, key: Any, sign: str) -> str:
    key = str(key) if isinstance(key, str | int) else type(key).__name__
    return f"{path}{sign}{key}" if path else key


def _fact(found: Content, path: str, value: Any) -> None:
    if (word := _word(path)) in FACTS:
        found.facts.setdefault(word, []).append(value)


def _word(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", path.rpartition(NEST)[2].lower()).strip("_")


def is_fact(path: str, value: Tensor) -> bool:
    """A single number that the file says of the network, and no weight."""
    return value.ndim == 0 and _word(path) in FACTS


def _number(value: Any) -> float | None:
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_meta:
        value = value.item()
    return float(value) if type(value) in (int, float) else None


def _names(value: Any, n: int) -> tuple[str, ...] | None:
    """A list of names, or a mapping between names and numbers either way."""
    if isinstance(value, Mapping):
        pairs = {(str(k), str(v)) for k, v in value.items()}
        by_number = {int(k): v for k, v in pairs if k.isdigit()}
        if set(by_number) != set(range(n)):
            by_number = {int(v): k for k, v in pairs if v.isdigit()}
        value = [by_number[i] for i in range(n)] if set(by_number) == set(range(n)) else ()
    if not isinstance(value, list | tuple) or len(value) != n:
        return None
    return tuple(value) if len(set(value)) == n and all(isinstance(v, str) for v in value) else None


def scale_of(
    mean: Any, std: Any, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Mean and std of pixels in 0..1, one a channel, of those of pixels in 0..1 or 0..255."""
    pair = []
    for given in (mean, std):
        values = given.flatten().tolist() if isinstance(given, Tensor) else given
        if type(values) in (int, float):
            values = [values]
        if not isinstance(values, list | tuple) or len(values) not in (1, channels):
            return None
        if not all(type(v) in (int, float) for v in values):
            return None
        pair.append([float(v) for v in values] * (channels if len(values) == 1 else 1))
    if min(pair[1]) <= 0:
        return None
    unit = 255.0 if max(*pair[0], *pair[1]) > BRIGHTEST else 1.0
    return tuple(v / unit for v in pair[0]), tuple(v / unit for v in pair[1])
