"""The networks: ``build("small-cnn", (1, 8, 8), 10)(x) -> (logits (B, C), z (B, D))``.

A family is a file of ``architectures/`` that declares ``ARCHITECTURES``; adding one touches
nothing else. A name with a colon, "timm:resnet18", is that of a network made elsewhere: ``origins``
are the places, a file each, and their networks are asked for one by one, not listed.
Weights are a pure function of (architecture, shape, n_classes, head, seed).
"""

import re
from functools import cache

import torch

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.models import _adapter, architectures
from cu_core.models._base import Architecture, Classifier, Head, Shape
from cu_core.models.origins import all_origins, origin_of, saved_in

__all__ = [
    "Architecture",
    "Classifier",
    "all_origins",
    "assemble",
    "build",
    "get",
    "hidden",
    "info",
    "names",
    "saved_in",
    "supports",
    "variants",
]


@cache
def _registry() -> dict[str, Architecture]:
    found = registry.scan(
        architectures, lambda m: m.ARCHITECTURES, lambda a: a.key, "network", group="lethe.models"
    )
    return {a.key: a for a in sorted(found.values(), key=_shelf)}


def _shelf(a: Architecture) -> tuple[int, str]:
    """Small networks first: those without a number in the name, then by depth; what nobody picks
    behind what it is a variant of, as it is declared."""
    depth = re.search(r"\d+", a.key)
    return int(depth[0]) if depth else 0, a.variant_of or a.key


def names() -> tuple[str, ...]:
    """Those that a person picks from, small ones first."""
    return tuple(a.key for a in info())


def info() -> tuple[Architecture, ...]:
    """Their declarations (key, title, help, heads, ...)."""
    return tuple(a for a in _registry().values() if a.listed)


def hidden() -> tuple[str, ...]:
    """Networks that nobody picks, and that weights from elsewhere can be of: another stem, say."""
    return tuple(a.key for a in _registry().values() if not a.listed)


def get(architecture: str) -> Architecture:
    """The declaration of this name. BadRequest names the ones there are."""
    if architecture in _registry():
        return _registry()[architecture]
    if (found := origin_of(architecture)) is not None:
        return found
    raise BadRequest(
        f"No model is called {architecture!r}; there are {', '.join(names())}, and networks made "
        f"elsewhere: {', '.join(origin.example for origin in all_origins())}."
    )


def variants(architecture: str) -> tuple[str, ...]:
    """The other networks whose weights have the same names, and for some shapes of a sample the
    same shapes, so that no file tells of which it is: those with another stem, say. BadRequest for
    an unknown name."""
    root = get(architecture).variant_of or architecture
    return tuple(
        a.key
        for a in _registry().values()
        if root in (a.key, a.variant_of) and a.key != architecture
    )


def supports(architecture: str, shape: Shape, head: str = "plain") -> str | None:
    """None when the model can be built for samples of this shape, else the reason, a sentence."""
    declared = get(architecture)
    if head not in declared.heads:
        with_head = [a.key for a in info() if head in a.heads]
        if not with_head:
            return f"No model has a head called {head!r}; there are plain and normalised."
        return f"{architecture} has no {head} head; {', '.join(with_head)} have."
    reason = declared.refuses(tuple(shape))
    return f"{architecture} {reason}" if reason else None


def build(
    architecture: str, shape: Shape, n_classes: int, head: Head = "plain", seed: int = 0
) -> Classifier:
    """A fresh model on the CPU. Torch's global random stream is left as it was.

    BadRequest for an unknown name, a shape or head it does not take, or fewer than two classes.
    """
    if reason := supports(architecture, shape, head):
        raise BadRequest(reason)
    if n_classes < 2:
        raise BadRequest(f"A classifier needs at least two classes, and here there is {n_classes}.")
    return assemble(get(architecture), shape, n_classes, head, seed)


def assemble(
    declared: Architecture, shape: Shape, n_classes: int, head: Head = "plain", seed: int = 0
) -> Classifier:
    """``build`` of a declaration, which need not be in the registry and is not asked whether the
    shape fits."""
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would also reset the streams of every GPU.
        torch.default_generator.manual_seed(seed)
        if declared.network:
            return _adapter.classifier(declared.key, declared.network, tuple(shape), n_classes)
        body, width = declared.body(tuple(shape))
        return Classifier(declared.key, body, width, tuple(shape), n_classes, head)
