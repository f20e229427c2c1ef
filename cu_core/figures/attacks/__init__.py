"""Figures of an attack on the models of a run: numbers first, then their drawing, a figure a file.

They are made of ``metrics.attacked.Attacked``, which a worker makes for whoever asks, and not of
what every run keeps, so they are no ``FIGURE`` of the run's own.
"""
