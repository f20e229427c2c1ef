"""What the owner of a data set calls its samples: rows, files and keys -> training samples."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cu_core.forget._table import shown, text, truth, whole
from cu_core.spec import Dataset, Ints

TOLD = 10  # names that a note lists
ASIDE, UNREAD = -2, -1  # of a row: in the test part; nowhere


class Unfit(ValueError):
    """A column is not what it was taken for; the rest of the sentence."""


@dataclass
class Found:
    """``index``: training samples in the order of the list; ``aside``: what lies in the test part,
    by the name that it is listed by; ``what``: "rows", "files" or "keys"; ``header``: what was
    taken for one, for it names no sample; ``test_part``: what that is called."""

    what: str
    index: list[int] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    header: str = ""
    test_part: str = "the test part"

    @property
    def chosen(self) -> Ints:
        return np.unique(np.array(self.index, np.int64))


class Owner:
    """The names of a data set's samples. ``whose``: what the rows are counted in."""

    def __init__(self, dataset: Dataset) -> None:
        n = len(dataset.train_y)
        self.n_train = n
        self.train = dataset.owned
        self.test = dataset.test_origin
        self.whose = self.train.of or f"the training part of {dataset.key}"
        rows = [self.train.row]
        if self.test is not None and dataset.cut:
            rows.append(self.test.row)
        self.n_rows = int(max((part.max() for part in rows if len(part)), default=-1)) + 1
        self.at = np.full(self.n_rows, UNREAD)
        if len(rows) > 1:
            self.at[rows[1]] = ASIDE
        self.at[rows[0]] = np.arange(n)
        self.set_aside = len(rows) > 1

    def _found(self, what: str, index: Sequence[int] = ()) -> Found:
        aside = " that was set aside" * self.set_aside
        return Found(what, [*index], test_part=f"the test part{aside}")

    def rows(self, cells: Sequence[Any]) -> Found:
        """By their numbers; the first that is none, or of no row, is named."""
        numbers = [whole(cell) for cell in cells]
        wrong = next((i for i, number in enumerate(numbers) if number is None), None)
        if wrong is not None:
            raise Unfit(f"is {shown(cells[wrong])}, not a whole number", wrong)
        values = [number for number in numbers if number is not None]
        self._in_range(values)
        found = self._found("rows")
        for value in values:
            place = int(self.at[value])
            if place == ASIDE:
                found.aside.append(str(value))
            else:
                found.index.append(place)
        return found

    def _in_range(self, values: list[int]) -> None:
        span = f"the rows of {self.whose} are 0 to {self.n_rows - 1:,}"
        if any(value < 0 for value in values):
            first = next(value for value in values if value < 0)
            raise Unfit(f"lists the row {first}; rows are counted from 0 on, and {span}")
        beyond = [value for value in values if value >= self.n_rows]
        if beyond:
            more = f" and {len(beyond) - 1:,} more that there are not" * (len(beyond) > 1)
            raise Unfit(f"lists the row {str(beyond[0])[:20]}{more}; {span}")
        unread = [value for value in values if self.at[value] == UNREAD]
        if unread:
            more = f" and {len(unread) - 1:,} more" * (len(unread) > 1)
            were = "were" if len(unread) > 1 else "was"
            raise Unfit(
                f"lists the row {unread[0]}{more}, which {were} not read with the data; of the "
                f"rows 0 to {self.n_rows - 1:,} of {self.whose}, {self.n_train:,} are in the "
                "training part"
            )

    def mask(self, cells: Sequence[Any], numbers_too: bool = False) -> Found:
        """By True and False, one for each row of the source or of the training part."""
        marks = [truth(cell) for cell in cells]
        if numbers_too:
            marks = [
                _bit(cell) if mark is None else mark
                for mark, cell in zip(marks, cells, strict=True)
            ]
        wrong = next((i for i, mark in enumerate(marks) if mark is None), None)
        if wrong is not None:
            raise Unfit(f"is {shown(cells[wrong])}, not true or false", wrong)
        places = np.flatnonzero(np.array(marks, bool)).tolist()
        if len(marks) == self.n_rows:
            return self.rows([value for value in places if self.at[value] != UNREAD])
        if len(marks) == self.n_train:
            return self._found("rows", places)
        raise Unfit(f"holds {len(marks):,} of true and false, and a mask has {self.lengths}")

    @property
    def lengths(self) -> str:
        """How long a mask may be."""
        said = f"one for each of the {self.n_rows:,} rows of {self.whose}"
        if self.n_rows == self.n_train:
            return said
        return f"{said}, or of the {self.n_train:,} training samples"

    def files(self, cells: Sequence[Any]) -> Found:
        """By the path below the source's own, or as much of its end as one file alone has."""
        if not self.train.file:
            raise Unfit("lists names, and the samples of these data have no files")
        found, of_test = self._found("files"), len(self.train.file)
        last = self._places({part for cell in cells for part in _parts(text(cell))[-1:]})
        for i, cell in enumerate(cells):
            name = text(cell)
            there = self._files_called(name, *last)
            if not there:
                raise Unfit(f"is {shown(name)}, which is none of the files of the data", i)
            if len({self._file(place) for place in there}) > 1:
                told = " or ".join(repr(self._file(place)) for place in there[:2])
                raise Unfit(f"is {shown(name)}, which may be {told}; write its path", i)
            kept = [place for place in there if place < of_test]
            found.index += kept
            found.aside += [] if kept else [name]
        return found

    def _file(self, place: int) -> str:
        n = len(self.train.file)
        other = self.test.file if self.test else ()
        return self.train.file[place] if place < n else other[place - n]

    def _files_called(
        self, name: str, by_name: dict[str, list[int]], by_stem: dict[str, list[int]]
    ) -> list[int]:
        """Places of the samples whose file ends as the name does, or the other way round."""
        wanted = _parts(name)
        if not wanted:
            return []
        exact = []
        for place in by_name.get(wanted[-1], []) or by_stem.get(wanted[-1], []):
            own = _parts(self._file(place))
            known = min(len(own), len(wanted)) - 1
            if known <= 0 or own[-1 - known : -1] == wanted[-1 - known : -1]:
                exact.append((own == wanted, place))
        whole_paths = [place for same, place in exact if same]
        return whole_paths or [place for _, place in exact]

    def _places(self, wanted: set[str]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """Places by the last part of their file's path, with its ending and without, of those that
        are wanted."""
        names: dict[str, list[int]] = defaultdict(list)
        stems: dict[str, list[int]] = defaultdict(list)
        files = (*self.train.file, *(self.test.file if self.test else ()))
        for place, file in enumerate(files):
            last = _plain(file).replace("\\", "/").rpartition("/")[2]
            if last in wanted:
                names[last].append(place)
            if (stem := last.rpartition(".")[0]) in wanted:
                stems[stem].append(place)
        return names, stems

    def keys(self, cells: Sequence[Any]) -> Found:
        """By the values of the data's own id column."""
        if not self.train.key:
            raise Unfit("lists names, and the samples of these data have no keys")
        found = self._found("keys")
        for i, cell in enumerate(cells):
            places = self._by_key[0].get(text(cell), [])
            if not places and text(cell) not in self._by_key[1]:
                raise Unfit(f"is {shown(cell)}, which is none of the keys of the data", i)
            found.index += places
            found.aside += [] if places else [text(cell)]
        return found

    @cached_property
    def _by_key(self) -> tuple[dict[str, list[int]], set[str]]:
        own: dict[str, list[int]] = defaultdict(list)
        for place, key in enumerate(self.train.key):
            own[key].append(place)
        return own, set(self.test.key if self.test else ())


def _bit(cell: Any) -> bool | None:
    return {0: False, 1: True}.get(number) if (number := whole(cell)) is not None else None


def _parts(path: str) -> list[str]:
    """ "./cats\\a.png" -> ["cats", "a.png"]."""
    return [part for part in re.split(r"[/\\]+", _plain(path)) if part not in ("", ".")]


def _plain(path: str) -> str:
    """With accents as one letter: a Mac writes them as two."""
    return path.strip() if path.isascii() else unicodedata.normalize("NFC", path.strip())
