"""Where networks come from that Lethe does not have: one file a place, which declares ``ORIGINS``.

A key is the place and a name there, "timm:resnet18". Nothing is downloaded: weights are random
until a file is imported.
"""

import sys
from functools import cache

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.models._base import Architecture
from cu_core.models.origins._origin import Origin

__all__ = ["Origin", "all_origins", "origin_of"]


@cache
def _registry() -> dict[str, Origin]:
    here = sys.modules[__name__]
    return registry.scan(
        here, lambda m: m.ORIGINS, lambda o: o.key, "origin", group="lethe.origins"
    )


def all_origins() -> tuple[Origin, ...]:
    return tuple(_registry().values())


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
