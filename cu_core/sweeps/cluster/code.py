"""Lethe as it travels to other machines: the package with its app's assets inside, as installed."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from cu_core.files import ASSETS, INSTALLED, PACKAGE

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


@cache
def package() -> Path:
    """A folder that is ``cu_core`` and needs nothing beside it; this process's own copy."""
    if INSTALLED:
        return PACKAGE
    folder = tempfile.mkdtemp(prefix="lethe-code-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    staged = Path(folder) / PACKAGE.name
    shutil.copytree(PACKAGE, staged, ignore=LEFT_OUT)
    shutil.copytree(ASSETS, staged / "_app" / "assets", ignore=LEFT_OUT)
    return staged


def runtime_env(threads: int = 1) -> dict[str, Any]:
    """What Ray gives every process of a job: Lethe's code and the number of threads."""
    said = os.environ.get("OMP_NUM_THREADS") or str(threads)
    return {"py_modules": [str(package())], "env_vars": {"OMP_NUM_THREADS": said}}
