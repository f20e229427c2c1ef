"""A store of its own for every test, in a home whose name tries the patience of paths and URIs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cu_core.store import Store
from tests.store.samples import IN_MEMORY


@pytest.fixture
def home() -> Iterator[Path]:
    """In memory where the system offers it: the tests make thousands of fsyncs."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder) / "ünï côdé 数据 #?%20"


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home, bundled=None)
