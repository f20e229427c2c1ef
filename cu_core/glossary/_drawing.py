"""The marks of which a term's drawing is made: those of the map, lines and bars.

Classes: ``k`` what is kept, ``f`` what is to be forgotten, ``o`` an outline, ``l`` a line, ``a``
one about what is to be forgotten, ``t`` letters; ``x`` makes any of them step back. The colours lie
between those for a light and for a dark ground, so that a drawing is seen on both.
"""

from collections.abc import Iterable

SIZE = (72, 40)
FRAME = f'viewBox="0 0 {SIZE[0]} {SIZE[1]}"'
CLUSTER = ((0, 0), (-6, -3), (5, -4), (-4, 5), (4, 5), (0, -8), (-9, 2), (9, 1))
DOT, DIAMOND = 2.1, 3.3
INK, FORGET = "#7A808B", "#3D7EFF"
STYLE = (
    f".k{{fill:{INK};opacity:.8}}.f{{fill:{FORGET}}}.t{{fill:{INK};font:600 16px sans-serif}}"
    f".o,.l{{fill:none;stroke:{INK};stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}}"
    f".a{{stroke:{FORGET}}}.x{{opacity:.35}}"
)


def whole(inside: str) -> str:
    """The drawing as an SVG file."""
    box = f'{FRAME} width="{SIZE[0]}" height="{SIZE[1]}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{STYLE}</style>{inside}</svg>'


def part(inside: str) -> str:
    """The drawing as a part of a page, which has the ``STYLE`` once for all of them. It says
    nothing to a screen reader: its words stand beside it."""
    return f'<svg {FRAME} aria-hidden="true">{inside}</svg>'


def dot(x: float, y: float, kind: str = "k", r: float = DOT) -> str:
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{r:g}"/>'


def diamond(x: float, y: float, kind: str = "f", r: float = DIAMOND) -> str:
    return f'<path class="{kind}" d="M{x:g} {y - r:g}l{r:g} {r:g}l{-r:g} {r:g}l{-r:g} {-r:g}z"/>'


def dots(x: float, y: float, n: int = 7, kind: str = "k") -> str:
    """A class of ``n`` kept samples around a place."""
    return "".join(dot(x + dx, y + dy, kind) for dx, dy in CLUSTER[:n])


def diamonds(x: float, y: float, n: int = 5, kind: str = "f", spread: float = 1.0) -> str:
    """The same of samples to forget; ``spread``: how far they lie apart."""
    places = ((x + dx * spread, y + dy * spread) for dx, dy in CLUSTER[:n])
    return "".join(diamond(*place, kind) for place in places)


def line(d: str, kind: str = "l") -> str:
    """A path, stroked."""
    return f'<path class="{kind}" d="{d}"/>'


def arrow(x: float, y: float, dx: float, dy: float, kind: str = "l") -> str:
    """From a place, so far; its head is a sixth of a turn wide."""
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = 4 * dx / length, 4 * dy / length
    ends = [(-0.87 * ux - turn * uy, turn * ux - 0.87 * uy) for turn in (0.5, -0.5)]
    head = "".join(f"M{x + dx:.1f} {y + dy:.1f}l{a:.1f} {b:.1f}" for a, b in ends)
    return line(f"M{x:g} {y:g}l{dx:g} {dy:g}{head}", kind)


def bars(shares: Iterable[tuple[float, str]]) -> str:
    """Bars from the left, one under the other: (share in 0..1, class)."""
    found = []
    for i, (share, kind) in enumerate(shares):
        y = 6 + 11 * i
        found.append(f'<rect class="k x" x="6" y="{y}" width="60" height="6" rx="3"/>')
        if share:
            found.append(
                f'<rect class="{kind}" x="6" y="{y}" width="{60 * share:g}" height="6" rx="3"/>'
            )
    return "".join(found)


def letters(x: float, y: float, text: str, kind: str = "t") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{text}</text>'


def box(x: float, y: float, width: float, height: float, kind: str = "o") -> str:
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3"/>'
    )
