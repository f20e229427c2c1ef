"""Pages run by AppTest on a home folder of their own; no worker is ever started."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.service import spawn
from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("LETHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(spawn, "ensure_worker", lambda *args: False)
    monkeypatch.setattr(spawn, "settle", lambda *args: None)
    return Store(tmp_path / "home", bundled=None)


@pytest.fixture
def page(store: Store) -> Callable[..., AppTest]:
    """``page("unlearn", run=id)``: the app, opened on that page, having run once."""

    def open_page(name: str = "watch", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "ui/entry.py"), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if name != "watch":
            app.switch_page(str(ROOT / f"pages/{name}.py")).run()
        return app

    return open_page
