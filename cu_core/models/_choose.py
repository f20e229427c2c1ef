"""Which network and which set of weights a file holds, or a sentence that says what is in the way.

Among the networks that fit, the first of the registry is taken: those with the same names and
shapes are its variants, and only the measured accuracy tells them apart. Among sets of weights
that fit, one that is no average of the others' past (EMA) is taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

import torch
from torch import Tensor

from cu_core.errors import BadCheckpoint
from cu_core.models import hidden, names, supports
from cu_core.models._base import Shape
from cu_core.models._foreign import Match, matches
from cu_core.models._heads import Shapes, shown, tokens

AVERAGES = re.compile(
    r"ema|swa|avg|averag|shadow|teacher|momentum|target|slow|polyak|(^|_)k$", re.IGNORECASE
)
USUAL = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "student", "")
SHOWN = 5  # mismatches named in a refusal
OWN_CODE = (
    "For another network name its code: --model python:module.callable, or timm:NAME, "
    "torchvision:NAME."
)


@dataclass(frozen=True)
class Choice:
    """``others``: label -> the match of each further set of weights that fits as well."""

    match: Match
    label: str
    others: Mapping[str, Match]


def choose(
    name: str,
    tensors: Mapping[str, Tensor],
    shape: Shape,
    n_classes: int,
    architecture: str | None,
    weights: str | None,
) -> Choice:
    """BadCheckpoint says in the words of file ``name`` what differs from the nearest network."""
    found = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    if architecture and (reason := supports(architecture, shape)):
        raise BadCheckpoint(f"{name} cannot be used: {reason}")
    tried: dict[str, list[Match]] = {}
    for key in (architecture,) if architecture else (*names(), *hidden()):
        if supports(key, shape) is None:
            tried[key] = matches(found, key, shape, n_classes)
            if tried[key] and tried[key][0].fits:
                return _among(name, tensors, tried[key], n_classes, weights)
    best = max((m[0] for m in tried.values() if m), key=lambda m: m.nearness, default=None)
    raise BadCheckpoint(_refusal(name, best, found, shape, n_classes, architecture))


def _among(
    name: str,
    tensors: Mapping[str, Tensor],
    found: list[Match],
    n_classes: int,
    weights: str | None,
) -> Choice:
    """The set of weights that is asked for, or the one that the others are averages of."""
    fitting = {match.prefix: match for match in reversed(found) if match.fits}
    sets = _labelled(dict(reversed(fitting.items())))
    if weights:
        asked = [k for k in sets if k == weights] or [
            k for k in sets if weights.lower() in k.lower() or _is_ema(weights, k)
        ]
        if len(asked) != 1:
            raise BadCheckpoint(
                f"{name} holds no set of weights called {weights!r}; it holds {_quoted(sets)}."
            )
        label = asked[0]
    else:
        label = _usual(name, tensors, sets)
    match = sets[label]
    if match.last.outputs != n_classes:
        raise BadCheckpoint(
            f"{name} tells {match.last.outputs} classes apart ({shown(match.last.weight)}), and "
            f"this data set has {n_classes}. Choose the data set it was trained on, or replace its "
            f"last layer by one of {n_classes} outputs."
        )
    return Choice(match, label, {k: m for k, m in sets.items() if k != label})


def _is_ema(asked: str, label: str) -> bool:
    return asked.lower() == "ema" and bool(AVERAGES.search(label))


def _labelled(sets: Mapping[str, Match]) -> dict[str, Match]:
    """By the first part of the prefix in which they differ, else by the whole of it."""
    parts = {prefix: tokens(prefix)[:-1] for prefix in sets}
    together = zip(*parts.values(), strict=False)
    common = len(list(takewhile(lambda column: len(set(column)) == 1, together)))
    first = {p: "".join(own[common : common + 1]) for p, own in parts.items()}
    if len(set(first.values())) < len(first) or len(first) == 1:
        first = {p: ".".join(own) for p, own in parts.items()}
    return {first[prefix]: match for prefix, match in sets.items()}


def _usual(name: str, tensors: Mapping[str, Tensor], sets: Mapping[str, Match]) -> str:
    plain = [label for label in sets if not AVERAGES.search(label)] or list(sets)
    for label in USUAL:
        if label in plain:
            return label
    first = sets[plain[0]]
    if len(plain) > 1 and not all(_same(tensors, first, sets[label]) for label in plain):
        raise BadCheckpoint(
            f"{name} holds {len(plain)} sets of weights that fit {first.architecture}: "
            f"{_quoted(plain)}. Say which one: --weights {plain[0]}."
        )
    return plain[0]


def _same(tensors: Mapping[str, Tensor], a: Match, b: Match) -> bool:
    return a.names.keys() == b.names.keys() and all(
        torch.equal(tensors[a.names[key]], tensors[b.names[key]]) for key in a.names
    )


def _quoted(labels: object) -> str:
    return ", ".join(f'"{label}"' for label in labels)  # type: ignore[attr-defined]


# --- refusals ---------------------------------------------------------------------------------


def _refusal(
    name: str,
    best: Match | None,
    found: Shapes,
    shape: Shape,
    n_classes: int,
    architecture: str | None,
) -> str:
    size = " x ".join(map(str, shape))
    if best is None or not (best.near or architecture):
        first = ", ".join(f"{shown(key)} {found[key]}" for key in list(found)[:3])
        return (
            f"{name} is of no network that Lethe has for samples of {size}: its {len(found)} "
            f"weights begin with {first}. {OWN_CODE}"
        )
    if best.statistics and best.statistics == len(best.differ):
        return (
            f"{name} has the weights of {best.architecture}, but not the running means and "
            f"variances of its BatchNorm ({best.statistics} are missing), without which it gives "
            "other answers. Save model.state_dict(), not model.named_parameters()."
        )
    if not best.differ:
        return (
            f"{name} has the weights of {best.architecture} up to the last layer, but "
            f"{best.last.fault}. {OWN_CODE}"
        )
    last = best.last
    told = f" Its last layer {shown(last.weight)} tells {last.outputs} classes apart." * bool(
        last.weight
    )
    if architecture:
        return (
            f"{name} does not fit {architecture} on samples of {size}: {_listed(best.differ)}."
            f"{told} {_fitting(found, shape, n_classes, architecture)}"
        )
    return (
        f"{name} fits no network exactly on samples of {size}; the nearest is {best.architecture} "
        f"(differences: {len(best.differ)}): {_listed(best.differ)}.{told} {OWN_CODE}"
    )


def _fitting(found: Shapes, shape: Shape, n_classes: int, architecture: str) -> str:
    """Which network would do in the place of the one that was named."""
    others = [
        match[0]
        for key in (*names(), *hidden())
        if key != architecture and supports(key, shape) is None
        if (match := matches(found, key, shape, n_classes))
    ]
    best = max(others, key=lambda match: match.nearness, default=None)
    if best is None or not best.near:
        return OWN_CODE
    if best.fits:
        return f"It fits {best.architecture} exactly: import it as {best.architecture}."
    return (
        f"No model fits exactly; the nearest is {best.architecture} "
        f"(differences: {len(best.differ)})."
    )


def _listed(phrases: list[str]) -> str:
    rest = len(phrases) - SHOWN
    return "; ".join(phrases[:SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
