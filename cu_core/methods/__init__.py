"""The unlearning methods: one file each, whose name is the key. A file that fails is loud.

``get("contrastive")`` gives the class, ``names()`` the keys in the order of the shelf.
"""

import pkgutil
from functools import cache
from importlib import import_module

from cu_core.errors import BadRequest
from cu_core.spec import Method


@cache
def _registry() -> dict[str, type[Method]]:
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return {name.replace("_", "-"): _declared(name) for name in names}


def _declared(name: str) -> type[Method]:
    module = import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ImportError(f"{module.__name__} must declare one Method, it declares {len(found)}.")
    declared: type[Method] = found[0]
    return declared


def names() -> tuple[str, ...]:
    return tuple(_registry())


def get(key: str) -> type[Method]:
    """The method of this name. BadRequest names the ones there are."""
    if key not in _registry():
        raise BadRequest(f"No method is called {key!r}; there are {', '.join(names())}.")
    return _registry()[key]
