"""Libraries that only some people's loops come from: taken where they are, missed in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from cu_core.errors import BadRequest


def needed(names: Sequence[str], hint: str) -> Any:
    """The first of these modules that is there. BadRequest with ``hint`` where none is."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise BadRequest(f"This callback needs {names[-1]}, which is not installed: {hint}")
