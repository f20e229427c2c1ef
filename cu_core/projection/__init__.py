"""The live map: where each probe sample is drawn, frame after frame, and how true the picture is.

``reference(z, seed, label)`` lays out the original model once, and
``Layout(reference_xy, seed)`` follows a run, ``place`` by ``place``; ``ghost`` places another model
by the same procedure; ``exact`` fits one frame afresh by umap-learn, for a sceptic.
"""

from cu_core.projection.exact import exact
from cu_core.projection.ghost import ghost
from cu_core.projection.layout import Layout, scale_of
from cu_core.projection.reference import VERSION, reference

__all__ = [
    "VERSION",
    "Layout",
    "exact",
    "ghost",
    "reference",
    "scale_of",
]
