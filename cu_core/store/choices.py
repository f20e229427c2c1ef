"""Training samples that a person has chosen by hand: one tray a data set, and sets kept by name.

    <home>/choices/<data>-<hash>/chosen by hand.csv  <name>.csv

Each file is a list as ``indices:FILE`` reads one, under the header ``row``: the rows of the data as
their owner knows them. The tray is "chosen by hand"; where a kept set holds the same rows it goes
by that name, so nothing else has to be remembered of it.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from filelock import FileLock

from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.forget import listed_file
from cu_core.spec import Request, data_words
from cu_core.store.paths import Paths, hold

TRAY = "chosen by hand"
HEADER = "row"
LETTERS = 60  # of a name
NAME = re.compile(r"\w[\w .,()+-]*")

How = Literal["set", "add", "remove"]


@dataclass(frozen=True)
class Choice:
    """A chosen set. ``name``: "" of a tray that is kept under none; ``rows``: sorted, each once, as
    the owner of the data counts them; ``path``: its file; ``version``: changes with its contents,
    None of a tray in which nothing is."""

    name: str
    rows: tuple[int, ...]
    path: Path
    version: tuple[int, int, int] | None = None

    @property
    def rule(self) -> str:
        """As a request's ``forget``; "" where nothing is chosen."""
        return f"indices:{self.path}" if self.rows else ""


class Choices:
    """The part of the store that keeps what is chosen by hand. ``data``: as a request has it, with
    what is planted in it."""

    paths: Paths

    def choice(self, data: str) -> Choice:
        """The tray; empty where nothing is chosen. StoreError when its file is not one of ours."""
        tray = self._read(data, TRAY)
        if not tray.rows:
            return tray
        same = [kept for kept in self.choices(data) if kept.rows == tray.rows]
        return same[0] if same else tray

    def change_choice(
        self, data: str, how: How, rows: Iterable[int], among: Iterable[int] | None = None
    ) -> Choice:
        """Puts these rows into the tray, adds them or takes them out. ``among``: the rows that were
        seen where they were chosen: to "set" some leaves what else the tray holds; None: all."""
        given = frozenset(int(row) for row in rows)
        with self._alone():
            held = frozenset(self._read(data, TRAY).rows)
            beside = frozenset() if among is None else held.difference(among)
            now = {"set": beside | given, "add": held | given, "remove": held - given}[how]
            self._write(data, TRAY, now)
        return self.choice(data)

    def keep_choice(self, data: str, name: str) -> Choice:
        """Keeps what the tray holds under a name. StoreError for a name that no file can have, for
        one that a set of other rows goes by, and for an empty tray."""
        title = _checked(name)
        with self._alone():
            tray = self._read(data, TRAY)
            if not tray.rows:
                raise StoreError("Nothing is chosen yet, so there is nothing to keep as a set.")
            taken = self._called(data, title)
            if taken is None:
                self._write(data, title, tray.rows)
            elif self._read(data, taken).rows != tray.rows:
                raise _already(taken)
        return self._read(data, taken or title)

    def choices(self, data: str) -> list[Choice]:
        """The kept sets, by name; a file that cannot be read is left out."""
        found = []
        for path in sorted(self._folder(data).glob("*.csv"), key=lambda path: path.name.casefold()):
            if path.stem == TRAY or path.name.startswith("."):
                continue
            try:
                found.append(self._read(data, path.stem))
            except StoreError:
                continue
        return found

    def open_choice(self, data: str, name: str) -> Choice:
        """Puts a kept set into the tray, in place of what is there."""
        self.change_choice(data, "set", self._kept(data, name).rows)
        return self._read(data, name)

    def rename_choice(self, data: str, name: str, new: str) -> Choice:
        """StoreError for a name that no file can have, or that another set goes by."""
        title = _checked(new)
        with self._alone():
            held = self._kept(data, name)
            if (taken := self._called(data, title)) not in (None, name):
                raise _already(str(taken))
            try:
                held.path.rename(held.path.with_name(f"{title}.csv"))
            except OSError as error:
                raise _unwritten(held.path, "renamed", error) from error
        return self._read(data, title)

    def drop_choice(self, data: str, name: str) -> None:
        """Deletes a kept set; what the tray holds stays in it."""
        with self._alone():
            path = self._kept(data, name).path
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _unwritten(path, "deleted", error) from error

    def list_version(self, rule: str) -> tuple[int, int, int] | None:
        """Changes when the file that a rule lists its samples in does; None of a rule without."""
        key, _, argument = rule.partition(":")
        return stamp(listed_file(argument)[0]) if key == "indices" else None

    def same_request(self, one: Request | None, other: Request | None) -> bool:
        """Whether two requests ask for the same: a run keeps its list in a file of its own."""
        return one is not None and other is not None and _by_contents(one) == _by_contents(other)

    def _called(self, data: str, title: str) -> str | None:
        """The kept set that goes by this name, in whatever case: one file on many a disk."""
        names = (path.stem for path in self._folder(data).glob("*.csv"))
        return next((name for name in names if name.casefold() == title.casefold()), None)

    def _kept(self, data: str, name: str) -> Choice:
        held = self._read(data, name)
        if held.version is None:
            raise StoreError(f"No set of {data_words(data)} is kept as {name!r}.")
        return held

    def _folder(self, data: str) -> Path:
        word = re.sub(r"[^a-z0-9]+", "-", data_words(data).casefold()).strip("-")[:40]
        return self.paths.choices / f"{word}-{hashlib.sha256(data.encode()).hexdigest()[:8]}"

    def _read(self, data: str, name: str) -> Choice:
        path = self._folder(data) / f"{name}.csv"
        known, version = "" if name == TRAY else name, stamp(path)
        if version is None:
            return Choice(known, (), path)
        try:
            rows = _rows(path, version)
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{path} cannot be read as a chosen set ({error}). Delete it, or mend it: the line "
                "row, then a row of the data on each line."
            ) from error
        return Choice(known, rows, path, version)

    def _write(self, data: str, name: str, rows: Iterable[int]) -> None:
        path = self._folder(data) / f"{name}.csv"
        lines = [str(row) for row in sorted(rows)]
        if not lines:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, "\n".join([HEADER, *lines, ""]).encode())

    def _alone(self) -> FileLock:
        """Held while a set is read and written: another tab may be adding to it."""
        lock = hold(self.paths.locks / "choices.lock", 5.0)
        if lock is None:
            raise StoreError("What is chosen is being changed in another tab. Try again.")
        return lock


@lru_cache(maxsize=256)
def _rows(path: Path, version: tuple[int, int, int]) -> tuple[int, ...]:
    """The rows of a set's file, remembered for as long as it is not touched: a page that polls asks
    each second. ValueError where it is none of ours."""
    head, *lines = path.read_text(encoding="utf-8").split()
    rows = tuple(sorted({int(line) for line in lines}))
    if head != HEADER or not rows or rows[0] < 0:
        raise ValueError("no list of rows under the header row")
    return rows


def by_contents(rule: str) -> str:
    """A forget rule with what its file holds in the place of the path; another rule as it is."""
    key, _, argument = rule.partition(":")
    path, column = listed_file(argument)
    if key != "indices" or not path.is_file():
        return rule
    return f"{key}:{hashlib.sha256(path.read_bytes()).hexdigest()}#{column}"


def _by_contents(request: Request) -> Request:
    rule = getattr(request, "forget", None)
    return request.model_copy(update={"forget": by_contents(rule)}) if rule else request


def _already(title: str) -> StoreError:
    return StoreError(f"A set is called {title!r} already; choose another name.")


def _unwritten(path: Path, what: str, error: OSError) -> StoreError:
    return StoreError(
        f"{path} could not be {what} ({error.strerror or error}). "
        "Give its folder write permission; the set is as it was."
    )


def _checked(name: str) -> str:
    """The name as a file has it. StoreError for one that no file can have."""
    title = " ".join(name.split())
    if not title:
        raise StoreError("A chosen set needs a name; type at least one letter.")
    if len(title) > LETTERS:
        raise StoreError(f"The name of a chosen set has at most {LETTERS} letters: {len(title)}.")
    if not NAME.fullmatch(title) or title.endswith((".", " ")):
        raise StoreError(
            f"{title!r} cannot be the name of a chosen set, which is that of a file too: letters, "
            "digits, spaces and . , ( ) + - after a first letter or digit, and no . at the end."
        )
    if title.casefold() == TRAY:
        raise StoreError(f"{TRAY!r} is what the tray itself is called; choose another name.")
    return title
