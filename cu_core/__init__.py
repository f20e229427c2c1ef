"""Lethe's library: train, unlearn, measure, lay out and store, with no page in sight.

Importing this package costs nothing: torch, umap and scikit-learn load where they are used.
"""

__version__ = "0.2.0"
