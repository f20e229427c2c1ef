"""Where networks come from that Lethe does not have: one file a place, which declares ``ORIGINS``.

A key is the place and a name there, "timm:resnet18". Nothing is downloaded: weights are random
until a file is imported.
"""

import sys
from functools import cache
from pathlib import Path

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.models._base import Architecture
from cu_core.models.origins._origin import Origin

__all__ = ["Origin", "all_origins", "origin_of", "own_code", "saved_in"]


@cache
def _registry() -> dict[str, Origin]:
    here = sys.modules[__name__]
    return registry.scan(
        here, lambda m: m.ORIGINS, lambda o: o.key, "origin", group="lethe.origins"
    )


def all_origins() -> tuple[Origin, ...]:
    return tuple(_registry().values())


def saved_in(path: Path, architecture: str | None = None) -> tuple[Path, str | None]:
    """(weights file, key of its network) of a folder that an origin saves; anything else as it is.

    BadRequest if such a folder holds no weights, or none that can be read.
    """
    for origin in all_origins() if path.is_dir() else ():
        if origin.weights and (file := origin.weights(path)):
            return file, architecture or f"{origin.key}:{path}"
    return path, architecture


def own_code(key: str) -> bool:
    """Whether a network's key names code of somebody's own, which would be run to make it."""
    origin = _registry().get(key.partition(":")[0])
    return origin is not None and origin.own_code


def origin_of(key: str) -> Architecture | None:
    """The network of a key such as "timm:resnet18"; None if it begins with no origin.

    BadRequest if the origin's package is not installed, or knows no such network.
    """
    place, colon, name = key.partition(":")
    if not colon or place not in _registry():
        return None
    origin = _registry()[place]
    if origin.missing:
        raise BadRequest(origin.missing)
    if not name.strip():
        raise BadRequest(f"{place}: needs a name, for instance {origin.example}.")
    return origin.network(name.strip())
