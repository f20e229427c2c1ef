"""The last layer of a network in a file, which everyone calls something else."""

from collections.abc import Mapping
from dataclasses import dataclass

from cu_core.models._base import UNIT_SPHERE
from cu_core.models._content import NEST

Shapes = Mapping[str, tuple[int, ...]]

WEIGHT, BIAS = "weight", "bias"
LAST = (
    "fc",
    "linear",
    "classifier",
    "head",
    "last_linear",
    "output",
    "out",
    "logits",
    "cls",
    "clf",
)
PROJECTIONS = ("mlp_head", "head", "projector", "projection_head")  # of two layers, 0 and 2


@dataclass(frozen=True)
class LastLayer:
    """``weight``, ``bias``: names in the file, "" for none; ``outputs``: classes that it tells
    apart; ``fault``: why there is none that can be used, with what was found instead."""

    weight: str = ""
    bias: str = ""
    outputs: int = 0
    fault: str = ""


def shown(key: str) -> str:
    """A name of the file as a person reads it."""
    return key.replace(NEST, ".")[:80]


def tokens(name: str) -> list[str]:
    return name.replace(NEST, ".").split(".")


def find_last_layer(prefix: str, free: Mapping[str, str], found: Shapes, width: int) -> LastLayer:
    """Among the names that the body leaves ``free`` (as the dialect says it -> the file's): the one
    linear layer that reads ``width`` features, rather near the body and rather of a usual name."""
    weights = {n: found[key] for n, key in free.items() if tokens(n)[-1] == WEIGHT}
    linear = [n for n, size in weights.items() if len(size) == 2 and size[1] == width]
    if not linear:
        return LastLayer(fault=_none(free, weights, width))
    ranked = sorted(linear, key=lambda n: _rank(n, prefix, free, found), reverse=True)
    best = ranked[0]
    size = weights[best]
    if len(ranked) > 1 and _rank(ranked[1], prefix, free, found) == _rank(
        best, prefix, free, found
    ):
        both = " and ".join(f"{shown(free[n])} {weights[n]}" for n in ranked[:2])
        return LastLayer(fault=f"both {both} could be its last layer")
    if layers := _of_several(best, prefix, free, found):
        return LastLayer(
            fault=f"its last layer is made of several: {', '.join(layers)}, where Lethe's is one"
        )
    bias = free.get(_sibling(best), "")
    if bias and found[bias] != size[:1]:
        return LastLayer(
            fault=f"{shown(bias)} is {found[bias]}, and {shown(free[best])} {size} needs {size[:1]}"
        )
    return LastLayer(free[best], bias, size[0])


def _sibling(name: str) -> str:
    return name.removesuffix(WEIGHT) + BIAS


def _rank(name: str, prefix: str, free: Mapping[str, str], found: Shapes) -> tuple[int, bool, bool]:
    """The longer it stands behind the body's prefix, the better; then its name, then its bias."""
    own, body = tokens(name), tokens(prefix)[:-1]
    common = next((i for i, (a, b) in enumerate(zip(own, body, strict=False)) if a != b), len(body))
    bias = free.get(_sibling(name), "")
    modules = own[:-1]
    usual = any(module.lower() in LAST for module in modules[-2:])
    return min(common, len(own)), usual, bool(bias) and len(found[bias]) == 1


def _of_several(name: str, prefix: str, free: Mapping[str, str], found: Shapes) -> list[str]:
    """The weights of the Sequential that the layer is a part of, if it is not its only one."""
    module = name[: -len(WEIGHT) - 1]
    cut = max(module.rfind("."), module.rfind(NEST))
    parent, place = module[: cut + 1], module[cut + 1 :]
    if not place.isdigit() or not parent or parent == prefix:
        return []
    inside = [n for n in free if n.startswith(parent) and tokens(n)[-1] == WEIGHT]
    return [f"{shown(free[n])} {found[free[n]]}" for n in inside] if len(inside) > 1 else []


def _none(free: Mapping[str, str], weights: Shapes, width: int) -> str:
    wide = [n for n, size in weights.items() if len(size) == 4 and size[1:] == (width, 1, 1)]
    if wide:
        return f"its last layer is a convolution, {shown(free[wide[-1]])} {weights[wide[-1]]}"
    flat = [
        f"{shown(free[n])} {size}"
        for n, size in weights.items()
        if len(size) == 2 or tokens(n)[-2:-1] in [[usual] for usual in LAST]
    ]
    other = f"; it has {', '.join(flat[-3:])}" if flat else ""
    return f"no linear layer of it reads the {width} features{other}"


def find_projection(free: Mapping[str, str], found: Shapes, width: int) -> dict[str, str]:
    """Our names -> the file's, of two layers that lead to 128 dimensions; {} if there are none."""
    sizes = {"0.weight": (width, width), "0.bias": (width,)}
    sizes |= {"2.weight": (UNIT_SPHERE, width), "2.bias": (UNIT_SPHERE,)}
    for name in free:
        parent = name.removesuffix("0.weight")
        if parent == name or len(tokens(parent)) < 2 or tokens(parent)[-2] not in PROJECTIONS:
            continue
        keys = {f"mlp_head.{rest}": free.get(parent + rest, "") for rest in sizes}
        if all(found.get(k) == size for k, size in zip(keys.values(), sizes.values(), strict=True)):
            return keys
    return {}
