"""``python:module.callable``: the network that a function or class of one's own gives.

It is called with the number of classes if it takes an argument, else with none; the module is found
as Python finds it, from the working directory on. What it computes on is not asked: rows too.
"""

import hashlib
import inspect
import os
import sys
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from cu_core.errors import BadRequest
from cu_core.files import CONFINED
from cu_core.models._base import Architecture, Shape
from cu_core.models.origins._origin import Origin, brought, weightless

WRITTEN = "python:my_networks.small_vit"


def network(name: str) -> Architecture:
    """BadRequest where paths are confined: whoever may not read a file may not run one either."""
    if os.environ.get(CONFINED):
        raise BadRequest(
            f"python:{name} runs code of this machine, which a Lethe that others reach does not "
            f"({CONFINED} is set). Choose another network, or ask whoever runs this server."
        )
    module, made = _found(name)
    source = Path(inspect.getsourcefile(module) or "")
    text = source.read_bytes() if source.is_file() else b""
    return _declared(name, made, module.__name__, hashlib.sha256(text).hexdigest())


@cache
def _declared(name: str, made: Any, module: str, fingerprint: str) -> Architecture:
    key = f"python:{name}"
    like = weightless(partial(_make, key, made, (), 2))
    return brought(
        key,
        partial(_make, key, made),
        f"What {name.rpartition('.')[2]} of {module} gives.",
        fingerprint=fingerprint,
        refuses=lambda shape: None,
        like=like if isinstance(like, nn.Module) else None,
    )


def _found(name: str) -> tuple[ModuleType, Any]:
    """(module, what is called), for ``package.module:callable`` and ``module.callable``."""
    path, colon, attribute = name.partition(":")
    if not colon:
        path, _, attribute = name.rpartition(".")
    if not path or not attribute:
        raise BadRequest(f"python:{name} names no module and callable; write {WRITTEN}.")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = import_module(path)
    except Exception as fault:  # the module is a person's own
        why = str(fault).partition("\n")[0].rstrip(".") or type(fault).__name__
        raise BadRequest(
            f"python:{name}: the module {path!r} cannot be imported ({why}). Start Lethe where it "
            "lies, or set PYTHONPATH."
        ) from fault
    made = getattr(module, attribute, None)
    if not callable(made):
        there = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise BadRequest(
            f"{module.__name__} has no callable {attribute!r}; it has "
            f"{', '.join(sorted(there)[:10]) or 'none'}."
        )
    return module, made


def _make(key: str, made: Any, shape: Shape, n_classes: int) -> nn.Module:
    try:
        net: nn.Module = made(n_classes) if _takes_one(made) else made()
    except Exception as fault:  # the code is a person's own
        why = str(fault).strip().partition("\n")[0].rstrip(".") or type(fault).__name__
        raise BadRequest(f"{key} fails when it is called: {why}.") from fault
    return net


def _takes_one(made: Any) -> bool:
    """Whether it can be called with one value."""
    try:
        inspect.signature(made).bind(0)
    except (TypeError, ValueError):
        return False
    return True


ORIGINS = (
    Origin(
        key="python",
        title="Python",
        help="A function or class of your own that gives a network, called with the number of "
        "classes if it takes one.",
        example=WRITTEN,
        network=network,
        own_code=True,
    ),
)
