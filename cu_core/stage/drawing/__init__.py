"""A run as pictures, drawn without a browser from the Stage's own bytes: as the Stage shows it.

``Picture`` is a run at one size, of which it draws any moment, in pixels or as SVG; ``film`` says
which moments a moving picture shows, and for how long.
"""

from cu_core.stage.drawing.picture import Picture

__all__ = ["Picture"]
