"""One thread a process: two run side by side, and a sum's order must not depend on the machine."""

import os
import sys

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts its script in the place of ``__main__``, which a process spawned later in this
    one, by another test, would run as its own."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
