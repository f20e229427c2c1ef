"""One thread a process: two run side by side, and a sum's order must not depend on the machine.

Where a setting of ``make test-anywhere`` wants two threads, they wait for one another asleep.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cu_core.process import PATIENT

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.update(PATIENT | os.environ)  # torch, which nothing has loaded yet, reads it once
# Temporary folders are in memory where there is room: on a disk a run waits for a hundred fsyncs.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
# A machine that is busy with something else is slow to draw inputs, which says nothing of ours.
settings.register_profile("lethe", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lethe")


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts its script in the place of ``__main__``, which a process spawned later in this
    one, by another test, would run as its own."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
