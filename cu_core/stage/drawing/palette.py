"""The Stage's colours, by the rules of js/palette.js and from what is declared there.

A colour is (red, green, blue), 0 to 255.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cu_core.stage.source import FOLDER, JS

Colour = tuple[int, int, int]

HUES = re.compile(r'\["([0-9A-F]{6})", "([0-9A-F]{6})"\]')
STOPS = re.compile(r'\[("[0-9A-F]{6}"(?:, "[0-9A-F]{6}"){2})\]')
PAGE = re.compile(r"--st-(background|text|primary)-color: #([0-9a-f]{6})")  # light, then dark
MARK, TEXT = 3.0, 4.5  # contrast with the ground at least
STEPS = 256


@dataclass(frozen=True)
class Theme:
    """The colours of the page that an exported run is: ground, letters and what lies between."""

    dark: bool
    ground: Colour
    ink: Colour
    accent: Colour
    soft: Colour
    grey: Colour
    line: Colour
    panel: Colour


@dataclass(frozen=True)
class Pair:
    """Of a class: the edge alone already stands out from the ground."""

    fill: Colour
    edge: Colour


@functools.cache
def theme(dark: bool = False) -> Theme:
    found = PAGE.findall((FOLDER / "player.html").read_text("utf-8"))
    given = {name: parse(code) for name, code in found[3 * dark : 3 * dark + 3]}
    ground, ink = given["background"], given["text"]
    return Theme(
        dark=dark,
        ground=ground,
        ink=ink,
        accent=stand_out(given["primary"], ground, dark, TEXT),
        soft=stand_out(blend(ink, ground, 0.36), ground, dark, TEXT),
        grey=stand_out(blend(ink, ground, 0.5), ground, dark),
        line=blend(ink, ground, 0.84),
        panel=blend(ground, ink, 0.03),
    )


@functools.cache
def classes(count: int, dark: bool = False) -> tuple[Pair, ...]:
    """Of each class, as the Stage has it."""
    declared = HUES.findall((JS / "palette.js").read_text("utf-8"))
    ground, out = theme(dark).ground, []
    for k in range(count):
        fill = parse(declared[k][dark]) if k < len(declared) else _hue(k, dark)
        base = fill if dark else blend(fill, (0, 0, 0), 0.18)
        out.append(Pair(fill, stand_out(base, ground, dark)))
    return tuple(out)


@functools.cache
def moved(dark: bool = False) -> tuple[Colour, ...]:
    """From "where it was" to "half the map away"."""
    found = STOPS.findall((JS / "palette.js").read_text("utf-8"))[0 if dark else 1]
    stops = [parse(code.strip('" ')) for code in found.split(",")]
    out = []
    for k in range(STEPS):
        at = 2 * k / (STEPS - 1)
        i = min(1, int(at))
        mixed = blend(stops[i], stops[i + 1], at - i)
        out.append(stand_out(mixed, theme(dark).ground, dark))
    return tuple(out)


def parse(code: str) -> Colour:
    """From "0b5fff"."""
    red, green, blue = (int(code[i : i + 2], 16) for i in (0, 2, 4))
    return red, green, blue


def blend(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (_whole(v + (w - v) * share) for v, w in zip(a, b, strict=True))
    return red, green, blue


def contrast(a: Colour, b: Colour) -> float:
    """By the Web's accessibility guidelines, 1 to 21."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def stand_out(colour: Colour, ground: Colour, dark: bool, least: float = MARK) -> Colour:
    """The colour, moved towards the ink until it stands out from the ground by ``least``."""
    pole = (255, 255, 255) if dark else (0, 0, 0)
    for k in range(25):
        out = blend(colour, pole, 0.04 * k)
        if contrast(out, ground) >= least:
            return out
    return pole


def _luminance(colour: Sequence[int]) -> float:
    parts = [v / 255 for v in colour]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hue(k: int, dark: bool) -> Colour:
    """Of the classes after those that are declared: by steps of the golden angle."""
    hue = (k * 137.508 + 20) % 360
    light = (0.66 if dark else 0.46) + (k % 3) * 0.07
    reach = 0.62 * min(light, 1 - light)
    turns = [(offset + hue / 30) % 12 for offset in (0, 8, 4)]
    parts = [light - reach * max(-1, min(turn - 3, 9 - turn, 1)) for turn in turns]
    red, green, blue = (_whole(255 * part) for part in parts)
    return red, green, blue


def _whole(value: float) -> int:
    """As JavaScript rounds."""
    return math.floor(value + 0.5)
