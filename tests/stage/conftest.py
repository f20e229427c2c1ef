"""A store of its own for each test."""

from pathlib import Path

import pytest

from cu_core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", bundled=None)
