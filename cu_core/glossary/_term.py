"""What a file of this folder declares."""

import base64
from dataclasses import dataclass

from cu_core.glossary._drawing import part, whole


@dataclass(frozen=True)
class Term:
    """One word, told to whoever meets it first.

    ``key``: of its place on the page of words; ``title``: as it is read there; ``says``: two short
    lines; ``drawing``: what is inside an SVG of ``_drawing``; ``see``: keys of terms that tell
    more; ``also``: what pages call it beside its title; ``metric``: the key of the metric that
    measures it, whose own help is not told again here.
    """

    key: str
    title: str
    says: str
    drawing: str
    see: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    metric: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.title, *self.also)

    @property
    def image(self) -> str:
        """The drawing as a data address."""
        drawn = base64.b64encode(whole(self.drawing).encode()).decode("ascii")
        return f"data:image/svg+xml;base64,{drawn}"

    @property
    def svg(self) -> str:
        """The drawing as a part of a page that has ``glossary.STYLE``."""
        return part(self.drawing)
