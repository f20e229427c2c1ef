"""What a process of Lethe's own does before it loads torch, so that a person waits less for it.

Not for a process that is somebody else's: under ``watch`` a person's code may compile.
"""

import ctypes
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# Threads that spin while they wait for one another steal the core from the one they wait for: with
# a browser drawing on the same two cores, steps took 112-196 ms instead of 19-25.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
COMPILER = "torch._dynamo"
# glibc's mallopt: M_MMAP_MAX, M_TRIM_THRESHOLD and M_TOP_PAD, with their values
KEEPING = {-4: 0, -1: 2**31 - 1, -2: 64 << 20}


def prepare() -> None:
    """Threads wait patiently, freed memory is kept, nothing is compiled."""
    os.environ.update(PATIENT | os.environ)  # torch reads it once
    _keep_memory()
    sys.modules.setdefault(COMPILER, _Absent(COMPILER))


def _keep_memory() -> None:
    """glibc gives a layer's output back to the system as soon as it is free, and takes as much anew
    for the next, page by page: a step of small-cnn took 70 to 89 ms, and 59 to 64 with it kept."""
    if not sys.platform.startswith("linux"):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        for option, value in KEEPING.items():
            set_option(option, value)


class _Absent(ModuleType):
    """Stands in the place of torch's compiler, which torch's optimizers load to tell it to keep off
    their steps: a second and 100 MB, before the first update. Nothing is compiled, so there is
    nothing to keep off; whatever else is asked of it loads the real one."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Nothing is traced that could be broken."""

    @staticmethod
    def disable(fn: Any = None, *_: Any, **__: Any) -> Any:
        """``fn`` itself: nobody traces it. Also as a decorator with arguments."""
        return (lambda other: other) if fn is None else fn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever looks through all modules
            raise AttributeError(name)
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        return getattr(import_module(COMPILER), name)
