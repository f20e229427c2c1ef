"""The live map: where each probe sample is drawn, frame after frame, and how true the picture is.

``reference(z, seed, label)`` lays out the original model once, ``at_once`` without umap-learn, and
``Layout(reference_xy, seed)`` follows a run, ``place`` by ``place``; ``ghost`` places another model
by the same procedure; ``exact`` fits one frame afresh, for a sceptic. ``warm_up()`` pays
umap-learn's compilation ahead of time.
"""

from cu_core.projection.exact import exact
from cu_core.projection.ghost import ghost
from cu_core.projection.layout import Layout, scale_of
from cu_core.projection.reference import VERSION, at_once, reference, warm_up

__all__ = [
    "VERSION",
    "Layout",
    "at_once",
    "exact",
    "ghost",
    "reference",
    "scale_of",
    "warm_up",
]
