"""Where the images come from: one file per source, discovered by a scan of this folder.

``load("digits")`` gives a Dataset, ``sources()`` says what there is. A source whose file fails to
import fails loudly, here, with its own traceback.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from cu_core import registry
from cu_core.data.plants import plant as planted
from cu_core.data.scaling import scaled
from cu_core.data.source import Source
from cu_core.errors import BadRequest
from cu_core.files import given_path
from cu_core.spec import Dataset, OnProgress

__all__ = ["Source", "downloaded", "fetch", "fetcher", "load", "sources"]


def sources() -> list[Source]:
    """Every source, by key. ImportError if two files claim one key."""
    here = sys.modules[__name__]
    # Only files that declare some are imported: the others need torch, and a list must not.
    found = registry.scan(
        here, lambda m: m.SOURCES, lambda s: s.key, "data source", "\nSOURCES", "lethe.datasets"
    )
    return [found[key] for key in sorted(found)]


def load(key: str, home: Path | None = None, plant: str = "", size: int | None = None) -> Dataset:
    """The dataset a key names: "digits", "folder:PATH", "parquet:PATH", "csv:FILE", "cifar10".

    ``home``: Lethe's folder, where downloads lie and decoded images are cached; None: no cache.
    ``plant``: what is planted in its training part, "wrong-labels:0.1" say. ``size``: pixels a side
    that images are read at; None: as they are, or as the source reads large ones. BadRequest for a
    key that names no source and for what cannot be planted, BadData for data that cannot be used.
    """
    source, argument = _resolve(key)
    if source.sizes:
        return planted(plant, source.load(argument, home, size))
    return planted(plant, scaled(source.load(argument, home), size))


def downloaded(key: str, home: Path) -> bool:
    """Whether ``load`` can read it now; True for a source that needs no download."""
    source, _ = _resolve(key)
    return source.downloaded is None or source.downloaded(home)


def fetch(key: str, home: Path, progress: OnProgress) -> None:
    """Download a source into ``home``. BadRequest if there is nothing to download."""
    fetcher(key)(home, progress)


def fetcher(key: str) -> Callable[[Path, OnProgress], None]:
    """What downloads a source, not yet called. BadRequest if there is nothing to download."""
    source, _ = _resolve(key)
    if source.fetch is None:
        raise BadRequest(f"{source.key} needs no download; use it as it is.")
    return source.fetch


def _resolve(key: str) -> tuple[Source, str]:
    name, _, argument = key.strip().partition(":")
    known = {source.key: source for source in sources()}
    if name not in known:
        _refuse_path(key.strip())
        raise BadRequest(f"No data source is called {name!r}; there are {_written(known)}.")
    source, argument = known[name], argument.strip()
    if source.needs_path and not argument:
        raise BadRequest(f"{name} needs a path: write {name}:PATH, for instance {name}:~/data.")
    if argument and not source.needs_path:
        raise BadRequest(f"{name} takes no path; write {name} instead of {key.strip()!r}.")
    return source, argument


def _refuse_path(key: str) -> None:
    """A path alone: the sentence says which source reads it."""
    path = given_path(key)
    if not key or not path.exists():
        return
    held = "parquet" if path.is_dir() and any(path.rglob("*.parquet")) else "folder"
    source = held if path.is_dir() else path.suffix.lower().removeprefix(".")
    source = {"tsv": "csv"}.get(source, source)
    raise BadRequest(f"{key!r} is a path; say how to read it, as in {source}:{key}.")


def _written(known: dict[str, Source]) -> str:
    return ", ".join(f"{key}:PATH" if source.needs_path else key for key, source in known.items())
