"""The player of a watched loop in a notebook's cell: a frame that loads nothing from anywhere."""

from __future__ import annotations

from html import escape

from cu_core.service.catalog import catalog
from cu_core.stage.export import formats
from cu_core.store import Store

HEIGHT = 860  # pixels: the picture, the player below it and a line of curves
FORMAT = "html"


class Cell:
    """What a notebook draws. ``html``: one element."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return "<the player of a watched loop, for a notebook>"


def player(store: Store, run_id: str) -> Cell:
    """The run so far. StoreError when it has no frame, or cannot be read."""
    if store.catalog() is None:
        store.save_catalog(catalog(store.home))  # else its curves have no names
    page = formats()[FORMAT].make(store, store.run(run_id)).decode()
    style = f"width: 100%; height: {HEIGHT}px; border: 0"
    return Cell(f'<iframe srcdoc="{escape(page)}" style="{style}" title="Lethe"></iframe>')


def sentence(text: str) -> Cell:
    """In the player's place."""
    return Cell(f"<p>{escape(text)}</p>")


def show(cell: Cell) -> bool:
    """Draws it where there is a notebook; False where there is none."""
    try:
        from IPython import display, get_ipython
    except ImportError:
        return False
    if get_ipython() is None:
        return False
    display.display(cell)  # type: ignore[no-untyped-call]
    return True
