"""The stories that there are, those that ship and a person's own, and the runs that they tell.

A run is named by the recorded run of the gallery, which plays without an engine, or by the id of
one on record in the home folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cu_core.errors import BadRequest, LetheError, StoreError, UnknownRun
from cu_core.files import ASSETS, slug, stamp
from cu_core.spec import Catalog
from cu_core.stage import gallery, unpack
from cu_core.stage.export import whole
from cu_core.store import Store
from cu_core.stories.figures import Blob, units
from cu_core.stories.questions import kinds
from cu_core.stories.story import Story, parse

FOLDER = ASSETS / "stories"
ENDING = ".md"
LONGEST = 56  # letters of a name, beside a number


@dataclass(frozen=True)
class Listed:
    """A story by the ``name`` of its file; ``own``: a person's, in the home folder."""

    name: str
    story: Story
    own: bool


def names(store: Store) -> list[tuple[str, bool]]:
    """(name, whether it is one's own) of every file. One's own goes before a shipped one's."""
    own = store.story_names()
    shipped = sorted(path.stem for path in FOLDER.glob(f"*{ENDING}"))
    return [*((name, False) for name in shipped if name not in own), *((n, True) for n in own)]


def listed(store: Store) -> tuple[list[Listed], list[str]]:
    """The stories by their order, one's own last, and a sentence for each file that is none."""
    found, refused = [], []
    for name, _ in names(store):
        try:
            found.append(story(name, store))
        except LetheError as fault:
            refused.append(str(fault))
    return sorted(found, key=lambda one: (one.own, one.story.order, one.name)), refused


def story(name: str, store: Store) -> Listed:
    """One by its name. StoreError when there is none, BadRequest for a file that is wrong."""
    own = dict(names(store)).get(name)
    if own is None:
        raise StoreError(f"No story is called {name!r}; see `lethe stories`.")
    if own:
        return Listed(name, checked(parse(store.story_text(name), f"{name}{ENDING}")), True)
    path = FOLDER / f"{name}{ENDING}"
    return Listed(name, _shipped(path, stamp(path)), False)


@lru_cache(maxsize=64)
def _shipped(path: Path, stamped: tuple[int, int, int] | None) -> Story:
    return checked(parse(path.read_text(encoding="utf-8"), path.name))


def checked(story: Story) -> Story:
    """The same. BadRequest for one without a stop, and for a question of a kind, or an option, that
    nobody knows."""
    if not story.stops:
        raise BadRequest(
            f"The story {story.title!r} has no stop; its first begins with a line `## …`."
        )
    for stop in story.stops:
        asked = stop.question
        if asked is None:
            continue
        if asked.kind not in kinds():
            known = ", ".join(kinds())
            raise BadRequest(f"The stop {stop.line!r} asks {asked.kind!r}; there are {known}.")
        kinds()[asked.kind].checked(asked)
    return story


def runs(story: Story, store: Store) -> list[Blob]:
    """Every run of a story, whole. StoreError names one that is neither recorded nor on record."""
    return [run(name, store) for name in story.runs]


def run(name: str, store: Store) -> Blob:
    """Header, with the run's ``summary`` and the ``units`` of metrics, and sections."""
    header, sections = _blob(name, store)
    curves = header.get("curves") or ()
    return {**header, "units": units(store.catalog() or Catalog(), curves)}, sections


def _blob(name: str, store: Store) -> Blob:
    if name in gallery.names():
        recorded = gallery.recording(name)
        return recorded.header, recorded.sections
    try:
        record = store.run(name)
    except UnknownRun:
        raise StoreError(
            f"This story tells the run {name!r}, which is neither a recorded run nor one of yours."
        ) from None
    header, sections = unpack(whole(store, record))
    return {**header, "summary": record.summary.written}, sections


def name_for(title: str, taken: list[str]) -> str:
    """A file's name for a title: plain letters, figures and dashes, and none that is taken."""
    first = slug(title, LONGEST) or "story"
    others = (f"{first}-{k}" for k in range(2, len(taken) + 3))
    return next(name for name in (first, *others) if name not in taken)
