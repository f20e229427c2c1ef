"""What a process of Lethe's own does before it loads torch, so that a person waits less for it.

Not for a process that is somebody else's: under ``watch`` a person's code may compile.
"""

import atexit
import ctypes
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import psutil

# Threads that spin while they wait for one another steal the core from the one they wait for: with
# a browser drawing on the same two cores, steps took 112-196 ms instead of 19-25.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
COMPILER = "torch._dynamo"
LIMITS = (  # of control groups, second and first version
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
# glibc's mallopt: M_MMAP_MAX, M_TRIM_THRESHOLD and M_TOP_PAD, with their values
KEEPING = {-4: 0, -1: 2**31 - 1, -2: 64 << 20}


_ours = threading.Event()
_loading: list[threading.Thread] = []


def prepare() -> None:
    """Threads wait patiently, nothing is compiled."""
    _ours.set()
    os.environ.update(PATIENT | os.environ)  # torch reads it once
    sys.modules.setdefault(COMPILER, _Absent(COMPILER))


def keep_memory() -> None:
    """What is freed from here on is kept for the next to need it; for a process that computes.

    glibc gives a layer's output back to the system as soon as it is free, and takes as much anew
    for the next, page by page: a step of small-cnn took 70 to 89 ms, and 59 to 64 with it kept.
    """
    if not sys.platform.startswith("linux"):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if set_option is not None:
        for option, value in KEEPING.items():
            set_option(option, value)


def peak_memory() -> int:
    """Bytes, the most that this process has had at a time so far; 0 where nobody knows."""
    with suppress(OSError, ValueError, StopIteration):
        # Not getrusage: that counts what whoever started this process had by then.
        lines = Path("/proc/self/status").read_text().splitlines()
        found = next(line for line in lines if line.startswith("VmHWM:"))
        return int(found.split()[1]) * 1024
    with suppress(psutil.Error, AttributeError):
        return int(psutil.Process().memory_info().peak_wset)  # Windows
    return 0


def most_memory() -> int:
    """Bytes that a process may have here: the machine's, or what its container is held to."""
    there = [int(psutil.virtual_memory().total)]
    for limit in LIMITS:
        with suppress(OSError, ValueError):  # no such group, or "max"
            there.append(int(limit.read_text()))
    return min(there)


def load_behind(names: Sequence[str], without: str) -> None:
    """Loads modules in the background, in a process of our own alone: meanwhile the package
    ``without`` cannot be found, which these modules load because it is there and not because they
    need it. Nothing happens where all of them are loaded."""
    if not _ours.is_set() or all(name in sys.modules for name in names):
        return

    def load() -> None:
        hidden = sys.modules.setdefault(without, None) is None  # type: ignore[arg-type]
        try:
            for name in names:
                import_module(name)
        finally:
            if hidden:
                sys.modules.pop(without, None)

    _loading.append(threading.Thread(target=load, name="loading", daemon=True))
    _loading[-1].start()


def loaded() -> None:
    """Returns once what is loaded in the background is there: whoever uses a part of it before may
    look for the package that is hidden meanwhile."""
    while _loading:
        _loading.pop().join()


def leave(code: int) -> NoReturn:
    """Ends this process as ``sys.exit`` does, but for taking apart thousands of modules that the
    system takes back anyway, for which a person would wait another second."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, by us or by who read it
            stream.flush()
    os._exit(code)


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
