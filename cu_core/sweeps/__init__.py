"""Sweeps: many runs of one request with other knobs, chosen, begun, read and told by one owner.

``owner`` leads a sweep in a process of its own; ``study`` asks Optuna for the next knobs and tells
it what came out; ``executors`` are the places where the runs are made.
"""
