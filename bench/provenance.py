"""What every measurement of the command line says of itself, and how it is asked."""

import argparse
import os
import platform
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

PACKAGES = ("torch", "umap-learn", "numba", "numpy", "scikit-learn")


def parser(bench: str, doc: str | None) -> argparse.ArgumentParser:
    """Of ``python -m cu_core bench <bench>``, explained by the first line of its docstring."""
    found = argparse.ArgumentParser(
        prog=f"python -m cu_core bench {bench}", description=(doc or "").partition("\n")[0]
    )
    found.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return found


def about(bench: str, given: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """The command that gives the numbers, the date (UTC), the machine, and all settings."""
    return {
        "bench": bench,
        "command": shlex.join(["python", "-m", "cu_core", "bench", bench, *given]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(options),
        "settings": vars(options),
    }


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """What the numbers were measured on."""
    import numba
    import torch

    from cu_core.models.calibrate import processor

    on_gpu = options.device.startswith("cuda") and torch.cuda.is_available()
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if on_gpu else None,
        "torch threads": torch.get_num_threads(),
        "numba threads": numba.get_num_threads(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
