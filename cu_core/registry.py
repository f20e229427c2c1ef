"""One scan for everything that is "one file and its test": what a folder declares is found, not
listed. A file that fails to import is loud, and so is a key that two files claim.

Files whose name begins with an underscore are the room's own. What lies outside the tree is found
by the entry points of installed packages (``lethe.methods``, ``lethe.metrics``, ...), each of which
names a module that declares what a file of that folder would.
"""

import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def modules(package: ModuleType, mark: str = "", group: str = "") -> list[ModuleType]:
    """The modules of a folder, by name, then those of the entry points of ``group``.

    ``mark``: only files that hold this text are imported, so that a room's other files, which may
    need torch, cost nothing.
    """
    found = []
    for finder, name, _ in pkgutil.iter_modules(package.__path__):
        file = Path(getattr(finder, "path", "")) / f"{name}.py"
        if name.startswith("_") or (mark and not _holds(file, mark)):
            continue
        found.append(import_module(f"{package.__name__}.{name}"))
    return found + list(_installed(group))


def scan(
    package: ModuleType,
    declared: Callable[[ModuleType], Iterable[T]],
    key: Callable[[T], str],
    what: str,
    mark: str = "",
    group: str = "",
) -> dict[str, T]:
    """key -> what the files of a folder declare, in the order of the files.

    ``declared`` gives a module's declarations; ``what`` is the word for one of them in messages.
    ImportError when two modules claim one key.
    """
    found: dict[str, T] = {}
    origin: dict[str, str] = {}
    for module in modules(package, mark, group):
        for item in declared(module):
            name = key(item)
            if origin.setdefault(name, module.__name__) != module.__name__ or name in found:
                raise ImportError(
                    f"{module.__name__.rpartition('.')[2]}.py declares the {what} {name!r} a "
                    f"second time; it stands in {origin[name]} already. Rename one."
                )
            found[name] = item
    return found


@cache
def _installed(group: str) -> tuple[ModuleType, ...]:
    """What other packages bring. Read once a process: it looks at every installed distribution."""
    found = sorted(entry_points(group=group), key=lambda entry: entry.name) if group else []
    return tuple(entry.load() for entry in found)


def _holds(file: Path, mark: str) -> bool:
    return file.is_file() and mark in file.read_text("utf-8")
