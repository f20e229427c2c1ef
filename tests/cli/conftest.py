"""A home in memory for every test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cu_core.store import Store
from tests.store.samples import IN_MEMORY


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder) / "hömé of lethe"


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)
