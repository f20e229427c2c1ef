"""What is drawn: the map, and what helps to read it."""

from cu_core.glossary._drawing import (
    arrow,
    bars,
    box,
    diamond,
    diamonds,
    dot,
    dots,
    letters,
    line,
)  # fmt: skip
from cu_core.glossary._term import Term

ORDER = 2

EMBEDDING = Term(
    key="embedding",
    title="Embedding",
    also=("features",),
    says="What the network makes of an image before it answers: a row of numbers. Alike images "
    "have alike numbers.",
    drawing=box(4, 10, 20, 20) + letters(10, 26, "8") + arrow(28, 20, 10, 0)
    + "".join(
        f'<rect class="{kind}" x="{44 + 6 * i}" y="{32 - h}" width="4" height="{h}"/>'
        for i, (h, kind) in enumerate(((16, "k"), (6, "k"), (22, "k"), (11, "k")))
    ),
    see=("map", "probe"),
)  # fmt: skip
MAP = Term(
    key="map",
    title="Map",
    says="Embeddings laid out on a plane, a mark an image. Near means alike; how far apart groups "
    "lie says little.",
    drawing=dots(15, 13) + dots(56, 14) + diamonds(37, 27),
    see=("embedding", "trust-line"),
)
SNAPSHOT = Term(
    key="snapshot",
    title="Snapshot",
    also=("picture",),
    says="A look at the network on the way: one of the frames that the map plays.",
    drawing="".join(
        box(6 + 22 * i, 9, 18, 22) + diamonds(15 + 22 * i, 20, 3, spread=0.6 + 0.3 * i)
        for i in range(3)
    ),
    see=("step",),
)
OUTLINES = Term(
    key="outlines",
    title="Outlines",
    also=("ghost",),
    says="Hollow marks: where the same images lie in the retrained network. Also called ghosts.",
    drawing=diamonds(20, 20) + arrow(33, 20, 8, 0) + diamonds(55, 20, 5, "o"),
    see=("retrained",),
)
ISOLATE = Term(
    key="isolate",
    title="Isolate",
    says="Shows some classes alone, and the others step back. Press a class in the legend.",
    drawing=dots(15, 20, 7, "k x") + dots(37, 20) + dots(58, 20, 7, "k x"),
    see=("map",),
)
TRUST_LINE = Term(
    key="trust-line",
    title="Trust line",
    says="Under the map: how well it kept who lies near whom. Read it before you believe a shape.",
    drawing=line("M6 32L66 32")
    + bars(((0.92, "k"),))
    + dot(24, 25)
    + diamond(32, 24)
    + dot(40, 26),
    see=("map",),
)
