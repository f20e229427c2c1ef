"""The map before and after as two drawings for paper: vectors, on a light ground, at one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.drawing.lettering import xml_text
from cu_core.stage.export._format import PLAIN
from cu_core.stage.picture import hue

SIZE = (480, 310)  # units of the drawing
MARGIN = 20
KEEP, FORGET = 2.5, 4.6  # radius
DARKER = 0.72  # an edge, of its fill: a pale class is seen on white
NAMED = 12  # classes at most that are named where they lie
LONGEST = 16  # letters of a name
ABOVE = 9
FAINT = 0.12


def before_and_after(
    header: Mapping[str, Any], sections: Mapping[str, Any], opens: Mapping[str, Any] = PLAIN.opens
) -> tuple[str, str]:
    """SVG of the first and of the last frame: dots are kept, diamonds are to be forgotten.

    ``header``, ``sections``: as ``unpack`` gives them for a run from its first frame. ``opens``: of
    what was on the screen, the colour counts, by answer or else by class (the true one where the
    run knows it), and which classes were looked at alone: the others step back.
    """
    frames = sections["xy"][[0, -1]].astype(np.float64)
    low, high = frames.min((0, 1)), frames.max((0, 1))
    room = np.array(SIZE) - 2 * MARGIN
    scale = (room / np.maximum(high - low, 1)).min()
    places = (frames - (low + high) / 2) * scale * [1, -1] + np.array(SIZE) / 2
    label, forget = sections["label"], sections["forget"].astype(bool)
    colours = [sections.get("true_label", label)] * 2
    if by_answer(opens):
        colours = [sections["pred"][at] for at in (0, -1)]
    only = opens.get("only") or np.unique(label).tolist()
    near = np.isin(label, only)
    first, last = (
        _drawn(xy, of, forget, near, header["classes"])
        for xy, of in zip(places, colours, strict=True)
    )
    return first, last


def by_answer(opens: Mapping[str, Any]) -> bool:
    """Whether a mark has the colour of what the network answers."""
    return opens.get("colour") == "pred"


def _drawn(
    xy: NDArray[np.float64],
    colour: NDArray[Any],
    forget: NDArray[Any],
    near: NDArray[Any],
    names: list[str],
) -> str:
    """What steps back at the bottom, what is to be forgotten on top, the names above all."""
    classes = np.unique(colour)
    layers = [
        _marks(xy[own], int(k), gone, not seen)
        for gone in (False, True)
        for seen in (False, True)
        for k in classes
        if (own := (colour == k) & (forget == gone) & (near == seen)).any()
    ]
    if len(classes) <= NAMED:
        layers += [_name(xy[own], names, int(k)) for k in classes if (own := colour == k).any()]
    width, height = SIZE
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(layers)}</svg>'


def _marks(xy: NDArray[np.float64], k: int, gone: bool, faint: bool) -> str:
    fill = hue(k)
    edge = tuple(round(part * DARKER) for part in fill)
    opacity = FAINT if faint else 1 if gone else 0.75
    look = f'fill="rgb{fill}" stroke="rgb{edge}" opacity="{opacity}"'
    r = FORGET
    if gone:
        diamond = f"l{r} {r}l-{r} {r}l-{r} -{r}z"
        marks = "".join(f'<path d="M{x:.1f} {y - r:.1f}{diamond}"/>' for x, y in xy)
        return f'<g {look} stroke-width=".9">{marks}</g>'
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{KEEP}"/>' for x, y in xy)
    return f'<g {look} stroke-width=".4">{marks}</g>'


def _name(xy: NDArray[np.float64], names: list[str], k: int) -> str:
    """The class's name above most of its samples, within the frame."""
    x, y = np.median(xy[:, 0]), max(np.quantile(xy[:, 1], 0.1) - ABOVE, MARGIN)
    text = names[k] if k < len(names) else str(k)
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    look = 'font-family="Source Sans 3" font-size="14.5" font-weight="600" text-anchor="middle"'
    halo = 'stroke="white" stroke-width="3.5" stroke-linejoin="round"'
    at = f'x="{x:.1f}" y="{y:.1f}"'
    return (
        f"<text {at} {look} {halo}>{xml_text(short)}</text>"
        f'<text {at} {look} fill="#1C1F27">{xml_text(short)}</text>'
    )
