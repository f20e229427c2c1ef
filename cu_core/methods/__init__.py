"""The unlearning methods: one file each, whose name is the key. A file that fails is loud.

``get("contrastive")`` gives the class, ``names()`` the keys in the order of the shelf.
"""

import sys
from functools import cache
from types import ModuleType

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.spec import Method


@cache
def _registry() -> dict[str, type[Method]]:
    here = sys.modules[__name__]
    return registry.scan(here, declared, method_key, "method", group="lethe.methods")


def method_key(cls: type[Method]) -> str:
    """The name of its file: "gradient_ascent.py" declares "gradient-ascent"."""
    return cls.__module__.rpartition(".")[2].replace("_", "-")


def declared(module: ModuleType) -> list[type[Method]]:
    """The one method of a file. ImportError for a file with another number of classes."""
    own = [
        v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__
    ]
    if len(own) != 1:
        names = ", ".join(cls.__name__ for cls in own) or "none"
        raise ImportError(f"{module.__name__} must declare one class, its Method; here: {names}.")
    return own


def names() -> tuple[str, ...]:
    return tuple(_registry())


def get(key: str) -> type[Method]:
    """The method of this name. BadRequest names the ones there are."""
    if key not in _registry():
        raise BadRequest(f"No method is called {key!r}; there are {', '.join(names())}.")
    return _registry()[key]
