"""What a file of this folder declares to be a data source: ``SOURCES = (Source(...), ...)``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cu_core.spec import Dataset, OnProgress


@dataclass(frozen=True)
class Source:
    """One way to get a Dataset. A key is written ``digits``, or ``folder:PATH`` with a path.

    ``load(argument, home)``: the text after the colon, and Lethe's home folder or None (then
    nothing is cached). One that ``sizes`` takes a third argument: pixels a side that images are
    read at, or None; those of the others are scaled once they are read. A source that has to be
    downloaded declares ``downloaded(home)`` and ``fetch(home, progress)``; ``load`` itself never
    touches the network.
    """

    key: str
    title: str
    help: str
    load: Callable[..., Dataset]
    needs_path: bool = False
    sizes: bool = False
    downloaded: Callable[[Path], bool] | None = None
    fetch: Callable[[Path, OnProgress], None] | None = None

    @property
    def needs_download(self) -> bool:
        return self.fetch is not None
