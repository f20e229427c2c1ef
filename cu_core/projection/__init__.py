"""The live map: where each probe sample is drawn, frame after frame, and how true the picture is.

``reference(z, seed)`` lays out the original model once; ``Layout(reference_xy, seed)`` follows a
run, ``place`` by ``place``. ``warm_up()`` pays umap-learn's compilation ahead of time.
"""

from cu_core.projection.layout import Layout
from cu_core.projection.reference import reference, warm_up

__all__ = ["Layout", "reference", "warm_up"]
