"""Measurements, run by hand: ``python -m cu_core bench NAME`` or ``python -m bench.NAME``."""
