"""A run as something to keep: one kind of file a module of this folder, found by a scan.

``formats()`` gives them by key, the one that a page offers by itself first; ``file_name`` what a
run's file is called; ``whole`` all there is to see of a run, as the Stage's bytes.
"""

import sys
from functools import cache

from cu_core import registry
from cu_core.stage.export._format import PLAIN, ExportFormat, Format, Order, Purpose
from cu_core.stage.export._whole import file_name, whole

__all__ = [
    "PLAIN",
    "ExportFormat",
    "Format",
    "Order",
    "Purpose",
    "file_name",
    "formats",
    "whole",
]


@cache
def formats() -> dict[str, ExportFormat]:
    """Every format by its key. ImportError when two files claim one."""
    found = registry.scan(
        sys.modules[__name__],
        lambda module: [v for v in vars(module).values() if isinstance(v, ExportFormat)],
        lambda item: item.key,
        "export format",
        group="lethe.exports",
    )
    return dict(sorted(found.items(), key=lambda item: not item[1].first))
