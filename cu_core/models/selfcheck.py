"""A start-up check: torch and torchvision of one origin.

pip does not notice when torch comes from one package index (say, the CPU builds) and torchvision
from another; torchvision then fails at import with ``operator torchvision::nms does not exist``.
"""

from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import torch

REMEDY = (
    "Install both from one index: `pip install --force-reinstall torch torchvision`, or for CPU "
    "builds add `--index-url https://download.pytorch.org/whl/cpu`."
)


@cache
def check_torchvision() -> str | None:
    """None when torchvision can be used, else one sentence with its remedy."""
    if _operators_load():
        return None
    try:
        import_module("torchvision")
    except ModuleNotFoundError as error:
        return f"torchvision cannot be imported ({error}). {REMEDY}"
    except (ImportError, OSError, RuntimeError) as error:
        if "torchvision::" not in str(error):
            return f"torchvision {_version('torchvision')} cannot be imported: {error}. {REMEDY}"
        return (
            f"torch {_version('torch')} and torchvision {_version('torchvision')} do not belong "
            f"together: they come from different package indexes. {REMEDY}"
        )
    return None


def _operators_load() -> bool:
    """Whether torchvision's own library loads into this torch. Tells it without importing the
    package: that takes 150 MB and over a second of each worker, and few runs need it."""
    found = find_spec("torchvision")
    folder = Path(found.origin).parent if found and found.origin else None
    libraries = [*folder.glob("_C*.so"), *folder.glob("_C*.pyd")] if folder else []
    try:
        for library in libraries:
            torch.ops.load_library(str(library))
    except OSError:
        return False  # the import says of what it is a sign
    return bool(libraries) and hasattr(torch.ops.torchvision, "nms")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
