"""A pen that writes SVG: every mark, line and letter stays one, for papers and for editing."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.stage.drawing.lettering import PLAIN, width, xml_text
from cu_core.stage.drawing.palette import Colour
from cu_core.stage.drawing.pen import Pen, Shape

FONTS = "'Source Sans 3','Source Sans Pro','Segoe UI',system-ui,sans-serif"
ANCHORS = {"l": "start", "m": "middle", "r": "end"}
FULL = 255

Array = NDArray[Any]


class Vector:
    """``parts``: the elements so far; ``around``: the clip of this pen's own group."""

    def __init__(self, clip: str = "") -> None:
        self.parts: list[str] = []
        self.clip, self.clips = clip, 0

    def document(self, width: int, height: int, ground: Colour, title: str, about: str) -> str:
        """The whole file; ``about``: what the picture shows, for who cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" font-family="{FONTS}">\n'
            f"<title>{xml_text(title)}</title>\n<desc>{xml_text(about)}</desc>\n"
            f'<rect width="{width}" height="{height}" fill="{_code(ground)}"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour,
        *, round: float = 0.0, alpha: float = 1.0, rim: float = 0.0,
    ) -> None:  # fmt: skip
        half = rim / 2
        place = (
            f'x="{_n(x + half)}" y="{_n(y + half)}" width="{_n(w - rim)}" height="{_n(h - rim)}"'
        )
        look = f'fill="none" stroke="{_code(colour)}" stroke-width="{_n(rim)}"'
        look = look if rim else f'fill="{_code(colour)}"{_faint("fill-opacity", alpha)}'
        self.parts.append(f'<rect {place} rx="{_n(round)}" {look}/>')

    def text(
        self, x: float, y: float, words: str, size: float, colour: Colour,
        *, weight: int = PLAIN, anchor: str = "l",
    ) -> None:  # fmt: skip
        where = f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" font-weight="{weight}"'
        end = f' text-anchor="{ANCHORS[anchor]}"' if anchor != "l" else ""
        # As wide as it is in our font, where that is not installed and another stands in.
        wide = f' textLength="{_n(width(words, size, weight))}" lengthAdjust="spacingAndGlyphs"'
        look = f'{where} fill="{_code(colour)}"{end}{wide}'
        self.parts.append(f"<text {look}>{xml_text(words)}</text>")

    def line(
        self, points: Array, width: float, colour: Colour,
        *, alpha: float = 1.0, dash: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        if len(points) < 2:
            return
        broken = f' stroke-dasharray="{_n(dash[0])} {_n(dash[1])}"' if dash else ""
        self.parts.append(
            f'<polyline points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points.tolist())}" '
            f'fill="none" stroke="{_code(colour)}" stroke-width="{_n(width)}" '
            f'stroke-linejoin="round"{_faint("stroke-opacity", alpha)}{broken}/>'
        )

    def picture(self, x: float, y: float, side: float, image: Image.Image) -> None:
        out = io.BytesIO()
        image.save(out, "PNG")
        data = base64.b64encode(out.getvalue()).decode("ascii")
        self.parts.append(
            f'<image x="{_n(x)}" y="{_n(y)}" width="{_n(side)}" height="{_n(side)}" '
            f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
        )

    def marks(self, at: Array, fill: Array, edge: Array, alpha: Array, shape: Shape) -> None:
        kind = "forget" if shape.diamond else "keep"
        kind = "retrained" if shape.hollow else kind
        self.parts.append(f'<g class="{kind}" stroke-width="{_n(shape.rim)}">')
        rows = zip(at.tolist(), fill.tolist(), edge.tolist(), alpha.tolist(), strict=True)
        for place, inside, rim, strength in rows:
            look = f'fill="{"none" if shape.hollow else _code(inside)}" stroke="{_code(rim)}"'
            look += _faint("opacity", strength / FULL)
            self.parts.append(f"<{_outline(place, shape)} {look}/>")
        self.parts.append("</g>")

    def trails(self, ends: Array, width: float, colour: Array, strength: Array) -> None:
        self.parts.append(f'<g class="trails" stroke-width="{_n(width)}">')
        for (x0, y0, x1, y1), tint, share in zip(
            ends.tolist(), colour.tolist(), strength.tolist(), strict=True
        ):
            self.parts.append(
                f'<path d="M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}" stroke="{_code(tint)}"'
                f"{_faint('stroke-opacity', share)}/>"
            )
        self.parts.append("</g>")

    def within(self, x: float, y: float, w: float, h: float, round: float) -> Vector:
        self.clips += 1
        name = f"part-{self.clips}"
        self.parts.append(
            f'<clipPath id="{name}"><rect width="{_n(w)}" height="{_n(h)}" rx="{_n(round)}"/>'
            "</clipPath>"
        )
        return Vector(f'<g transform="translate({_n(x)} {_n(y)})" clip-path="url(#{name})">')

    def done(self, inner: Pen) -> None:
        assert isinstance(inner, Vector)
        self.parts += [inner.clip, *inner.parts, "</g>"]


def _outline(place: Sequence[float], shape: Shape) -> str:
    """An element of which the stroke, half on each side, ends where the mark does."""
    (x, y), reach = place, shape.radius - shape.rim / 2
    if not shape.diamond:
        return f'circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(reach)}"'
    far = reach * 2**0.5
    path = (
        f"M{_n(x)} {_n(y - far)}L{_n(x + far)} {_n(y)}L{_n(x)} {_n(y + far)}L{_n(x - far)} {_n(y)}Z"
    )
    return f'path d="{path}"'


def _faint(name: str, alpha: float) -> str:
    return "" if alpha >= 1 else f' {name}="{_n(alpha)}"'


def _code(colour: Sequence[int]) -> str:
    return "#" + "".join(f"{int(v):02x}" for v in colour)


def _n(value: float) -> str:
    """Hundredths of a pixel are enough."""
    return f"{np.round(value, 2):.2f}".rstrip("0").rstrip(".")
