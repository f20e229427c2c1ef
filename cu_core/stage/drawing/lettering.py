"""Letters: the Stage's own font, how wide words are, and what of them fits."""

from __future__ import annotations

import functools
import re
from html import escape

import fontpkg
from PIL import ImageFont

FAMILY = "source-sans-3"
PLAIN, STRONG = 400, 600
FINER = 4  # words are measured, and drawn, so many times as large
MISSING = "\U0010ffff"  # what no font has
# Of other systems, asked in turn for the letters that ours lacks.
OTHERS = (
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "DejaVuSans.ttf",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "seguisym.ttf",
)

# Neither XML nor paper has them, and a name may.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Font = ImageFont.FreeTypeFont


def printable(words: str) -> str:
    """The words without what no document may hold."""
    return UNPRINTABLE.sub("", words)


def xml_text(words: str) -> str:
    """The words as an SVG has them."""
    return escape(printable(words))


@functools.lru_cache(maxsize=256)
def font(size: float, weight: int = PLAIN) -> Font:
    """The face at a size in pixels."""
    face = ImageFont.truetype(str(fontpkg.path(FAMILY)), size)
    face.set_variation_by_axes([weight])
    return face


def face_for(words: str, size: float, weight: int = PLAIN) -> Font:
    """Ours, or the first on this machine that has every letter of these words; ours where none
    has."""
    name = _other(words)
    return font(size, weight) if name is None else _foreign(name, size)


@functools.lru_cache(maxsize=4096)
def width(words: str, size: float, weight: int = PLAIN) -> float:
    """In pixels, to a part of one."""
    return float(face_for(words, FINER * size, weight).getlength(words)) / FINER


@functools.lru_cache(maxsize=4096)
def cut(words: str, room: float, size: float, weight: int = PLAIN) -> str:
    """The words, or as much of them as fits into ``room`` pixels, with an ellipsis."""
    if width(words, size, weight) <= room:
        return words
    end = len(words)
    while end > 1 and width(f"{words[:end].rstrip()}…", size, weight) > room:
        end -= 1
    return f"{words[:end].rstrip()}…"


@functools.lru_cache(maxsize=256)
def wrapped(words: str, room: float, size: float, weight: int = PLAIN) -> tuple[str, ...]:
    """Lines of at most ``room`` pixels, one word at least in each."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


@functools.lru_cache(maxsize=1024)
def _other(words: str) -> str | None:
    """Of another font, where ours lacks a letter and that one has them all."""
    if words.isascii() or _has(font(16.0), words):
        return None
    return next((name for name in OTHERS if (face := _try(name)) and _has(face, words)), None)


def _has(face: Font, words: str) -> bool:
    nothing = bytes(face.getmask(MISSING))
    return all(c.isspace() or bytes(face.getmask(c)) != nothing for c in {*words})


@functools.cache
def _try(name: str) -> Font | None:
    try:
        return _foreign(name, 16.0)
    except OSError:  # not on this machine
        return None


@functools.lru_cache(maxsize=64)
def _foreign(name: str, size: float) -> Font:
    return ImageFont.truetype(name, size)
