"""A start-up check: torch and torchvision of one origin.

pip does not notice when torch comes from one package index (say, the CPU builds) and torchvision
from another; torchvision then fails at import with ``operator torchvision::nms does not exist``.
"""

from functools import cache
from importlib import import_module, metadata

REMEDY = (
    "Install both from one index: `pip install --force-reinstall torch torchvision`, or for CPU "
    "builds add `--index-url https://download.pytorch.org/whl/cpu`."
)


@cache
def check_torchvision() -> str | None:
    """None when torchvision can be used, else one sentence with its remedy."""
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


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
