"""What a person sets to a run beside its name: tags and a note, in ``labels.json`` of its folder.

They say nothing of how the run came about, so they may change at any time, whoever works on it.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.spec import Recorded
from cu_core.store.paths import Paths, unknown_run

FILE = "labels.json"
TAG_LIMIT, NOTE_LIMIT, MOST = 40, 2000, 20  # letters of a tag, of a note; tags a run


class Labels(Recorded):
    """``tags``: sorted, each once; ``note``: as it was typed."""

    tags: tuple[str, ...] = ()
    note: str = ""


class Labelled:
    """The part of the store that knows tags and notes."""

    paths: Paths

    def labels(self, run_id: str) -> Labels:
        """Empty where there are none. StoreError when the file is not one of ours."""
        path = self.paths.run(run_id) / FILE
        return _labels(path, stamp(path))

    def label(
        self, run_id: str, tags: Iterable[str] | None = None, note: str | None = None
    ) -> Labels:
        """Sets the run's tags, its note or both; what is None stays. UnknownRun when there
        is none of this id."""
        folder = self.paths.run(run_id)
        if not folder.exists():
            raise unknown_run(run_id)
        held = Labels()
        with suppress(StoreError):  # of a damaged file nothing is left to keep
            held = self.labels(run_id)
        now = Labels(
            tags=held.tags if tags is None else clean_tags(tags),
            note=held.note if note is None else note.strip()[:NOTE_LIMIT],
        )
        write_atomic(folder / FILE, json.dumps(now.model_dump(), ensure_ascii=False).encode())
        return now


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Without spaces around them, sorted, each once. StoreError for what is too long or many."""
    found = sorted({" ".join(tag.split()) for tag in tags} - {""}, key=str.casefold)
    for tag in found:
        if len(tag) > TAG_LIMIT:
            raise StoreError(f"A tag has at most {TAG_LIMIT} letters; {tag!r} has {len(tag)}.")
    if len(found) > MOST:
        raise StoreError(f"A run has at most {MOST} tags, and this one would have {len(found)}.")
    return tuple(found)


@lru_cache(maxsize=4096)
def _labels(path: Path, stamped: object) -> Labels:
    if stamped is None:
        return Labels()
    try:
        return Labels.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StoreError(
            f"{path} cannot be read; set the tags and the note of this run anew."
        ) from error
