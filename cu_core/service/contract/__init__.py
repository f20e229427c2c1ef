"""What every method, metric and network keeps, as checks: the tests run them over the registries,
``lethe check FILE`` over a file outside the tree.

``contracts()`` gives one Contract a kind, each in a file of this folder.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.service.contract._contract import Check, Contract, require

__all__ = ["Check", "Contract", "contracts", "load", "require"]
OUTSIDE = "lethe_outside"  # what a module from outside the tree is under, as if in a package


def contracts() -> dict[str, Contract]:
    """Every contract by its kind: "method", "metric", "network"."""
    here = sys.modules[__name__]
    return registry.scan(here, lambda m: [m.CONTRACT], lambda c: c.kind, "contract", "\nCONTRACT")


def load(file: Path) -> ModuleType:
    """A Python file as a module, its name that of the file. What it raises is passed on."""
    if not file.is_file() or file.suffix != ".py":
        raise BadRequest(f"There is no Python file {str(file)!r} to check.")
    name = f"{OUTSIDE}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
