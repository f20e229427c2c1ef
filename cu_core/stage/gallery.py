"""The recorded runs that come with the app: what is said of each, its bytes, a picture of its end.

A run of the gallery is two files of one name: ``NAME.lethe``, the recording that ``lethe export``
makes (as it is, or packed by gzip, which makes it a quarter as large), and ``NAME.toml``, an
``Entry``. A story without its recording is left out, so that neither stands in the other's way.
"""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cu_core.errors import StoreError, explain
from cu_core.files import ASSETS, stamp
from cu_core.metrics.planted_told import ten_words
from cu_core.metrics.verdict import evidence_of, headline
from cu_core.spec import Summary
from cu_core.stage import marks, pack, unpack

FOLDER = ASSETS / "gallery"
ENDING = ".lethe"
MOST_WORDS = 10
MODELS = ("unlearned", "original", "retrained")  # whose values ``Entry.reads`` may name


class Entry(BaseModel):
    """What ``NAME.toml`` says of a recorded run.

    ``order``: its place, the first one opens; ``words``: what is to be seen, in ten; ``figure``:
    a metric, and ``reads``, how its card tells it, with {unlearned}, {original} and {retrained} for
    the three models' values, rounded; ``opens``: what the Stage opens on; ``commands``: what made
    it, the run itself last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: int = Field(ge=1)
    title: str = Field(min_length=1)
    words: str = Field(min_length=1)
    figure: str = Field(min_length=1)
    reads: str = Field(min_length=1)
    opens: dict[str, Any] = Field(default_factory=dict)
    commands: tuple[str, ...] = Field(min_length=1)

    @field_validator("words")
    @classmethod
    def _few(cls, text: str) -> str:
        if len(text.split()) > MOST_WORDS:
            raise ValueError(f"at most {MOST_WORDS} words, got {len(text.split())}: {text}")
        return text

    @field_validator("reads")
    @classmethod
    def _fills(cls, text: str) -> str:
        try:
            text.format(**dict.fromkeys(MODELS, 0))
        except (KeyError, IndexError, ValueError):
            raise ValueError(f"may name {', '.join(MODELS)} in braces, got {text!r}") from None
        return text


@dataclass(frozen=True)
class Recording:
    """One of the gallery, read. ``header`` and ``sections`` as ``cu_core.stage.unpack`` gives
    them; ``data``: the Stage's bytes."""

    name: str
    entry: Entry
    header: Mapping[str, Any]
    sections: Mapping[str, Any]
    data: bytes

    @property
    def method(self) -> str:
        """The key of the method that ran; "" where the record does not say."""
        summary = self.header.get("summary") or {}
        return str((summary.get("provenance") or {}).get("method", ""))

    @property
    def figure(self) -> str:
        """The one figure of its card; "" where the run lacks a value that it names."""
        summary = self.header.get("summary") or {}
        found = {"unlearned": summary.get("metrics"), "original": summary.get("original")}
        found["retrained"] = summary.get("retrained")
        values = {m: (given or {}).get(self.entry.figure) for m, given in found.items()}
        known = {model: round(value) for model, value in values.items() if value is not None}
        named = {model for model in MODELS if f"{{{model}}}" in self.entry.reads}
        return self.entry.reads.format(**known) if named <= {*known} else ""


def names(folder: Path | None = None) -> list[str]:
    """Those that can be played, in their order. StoreError for a story that is not one.

    ``folder``: None for the one that comes with the app, here as below.
    """
    folder = folder or FOLDER
    there = [path.stem for path in folder.glob("*.toml") if path.with_suffix(ENDING).is_file()]
    return sorted(there, key=lambda name: (entry(name, folder).order, name))


def entry(name: str, folder: Path | None = None) -> Entry:
    """What is said of one. StoreError with a sentence for a file that says it wrongly."""
    path = (folder or FOLDER) / f"{name}.toml"
    return _entry(path, stamp(path))


@lru_cache(maxsize=64)
def _entry(path: Path, stamped: tuple[int, int, int] | None) -> Entry:
    try:
        return Entry.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as fault:
        raise StoreError(explain(fault, Entry, path.name)) from None
    except (OSError, ValueError) as fault:
        raise StoreError(f"{path.name} cannot be read: {fault}.") from fault


def recording(name: str, folder: Path | None = None) -> Recording:
    """One of the gallery, with what it opens on in its header. StoreError when it is damaged."""
    path = (folder or FOLDER) / f"{name}{ENDING}"
    return _recording(path, stamp(path), stamp(path.with_suffix(".toml")))


@lru_cache(maxsize=16)
def _recording(path: Path, *stamped: tuple[int, int, int] | None) -> Recording:
    said = entry(path.stem, path.parent)
    try:
        raw = path.read_bytes()
        header, sections = unpack(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except (OSError, EOFError, ValueError) as fault:
        raise StoreError(f"{path.name} cannot be played: {fault}") from fault
    header |= {"opens": said.opens, "title": said.title, **_ten_words(header)}
    if "pred" in sections:  # else there is nothing to play
        header["events"] = marks.of_recording(header, sections["pred"])
    return Recording(path.stem, said, header, sections, pack(header, sections))


def _ten_words(header: Mapping[str, Any]) -> dict[str, str]:
    """Its line from its numbers: what an earlier Lethe said of it may have been longer."""
    summary = Summary.model_validate(header.get("summary") or {})
    if not summary:
        return {}
    evidence = evidence_of(summary, header.get("classes", ()))
    told = ten_words(summary.metrics, summary.counts)
    return {"headline": headline(evidence, told, summary.stopped)}
