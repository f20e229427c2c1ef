"""A real headless Chromium for the browser tests; without one they skip and say why."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Any]]:
    """``launch(args)`` starts a Chromium; it is closed when the session ends."""
    reason = "playwright is not installed (pip install -r requirements-dev.txt)"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if path is None:
        pytest.skip("no Chromium on PATH (Debian, Ubuntu: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        started = []

        def start(args: list[str] = ARGS) -> Any:
            started.append(
                playwright.chromium.launch(executable_path=path, headless=True, args=args)
            )
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Any]) -> Any:
    return launch()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """``new_page(**context options)``: a page whose errors fail the test that caused them."""
    contexts, faults = [], []

    def make(other: Any = None, **options: Any) -> Any:
        wanted = {"viewport": {"width": 1200, "height": 800}, "bypass_csp": True, **options}
        contexts.append((other or browser).new_context(**wanted))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console", lambda line: line.type == "error" and faults.append(f"console: {line.text}")
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults


def pixels(shot: bytes) -> np.ndarray:
    """A screenshot as int16 (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(np.int16)


def changed(a: np.ndarray, b: np.ndarray) -> int:
    """How many pixels differ visibly."""
    return int((np.abs(a - b).max(2) > 24).sum())


def write(folder: Path, name: str, text: str) -> str:
    """Writes a page and returns its address."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path.as_uri()
