"""The image files that a table's column names: as they are written, below the table's folder, or in
one folder of it, with their ending or without."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cu_core.data._layout import SUFFIXES, folders
from cu_core.data.partnames import listed
from cu_core.errors import BadData
from cu_core.files import given_path


@dataclass
class Files:
    """Finds files from ``base``. The names in its folders are listed once."""

    base: Path
    names: dict[Path, dict[str, str]] = field(
        default_factory=dict
    )  # folder -> name or stem -> name

    def __post_init__(self) -> None:
        for folder in (self.base, *folders(self.base)):
            there = [f.name for f in os.scandir(folder) if f.name.lower().endswith(SUFFIXES)]
            stems: dict[str, str] = {}
            for name in sorted(there):
                stem = name.rpartition(".")[0]
                stems[stem] = "" if stem in stems else name  # two of one stem: neither
            self.names[folder] = {**stems, **{name: name for name in there}}

    def find(self, value: str) -> list[Path]:
        """Where a value's file lies: no place, one, or several that are as good."""
        if not value:
            return []
        value = value.replace("\\", "/")
        if os.path.isabs(value):
            with suppress(BadData):  # outside of what may be read it is as good as not there
                return [path] if (path := given_path(value)).is_file() else []
            return []
        if "/" not in value:
            places = [folder / of[value] for folder, of in self.names.items() if of.get(value)]
        else:
            places = [folder / value for folder in self.names if self._inside(folder, value)]
        return places[:1] if places and places[0].parent == self.base else places

    def _inside(self, folder: Path, value: str) -> bool:
        return ".." not in value.split("/") and (folder / value).is_file()

    def all(self, column: str, values: list[str], where: str) -> list[Path]:
        """A file for each value; one that is not there is named as it would be called. BadData if a
        value could be several."""
        found = []
        for value in values:
            places = self.find(value)
            if len(places) > 1:
                there = listed([p.relative_to(self.base).as_posix() for p in places])
                raise BadData(
                    f"{value!r} of the column {column!r} of {where} could be {there}. Write the "
                    "folder into the table."
                )
            found.append(places[0] if places else self.base / (value or "nothing"))
        return found
