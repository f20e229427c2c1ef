"""A real headless Chromium for the browser tests; without one they skip and say why.

A page draws with its next animation frame, or when its server answers, and both are late on a busy
machine. So a test waits for what it asserts of a page (``screen.expect``), and reads at once only
what the page's own event handler has computed. What does not wait is found by ``LETHE_SLOW=8 pytest
tests/e2e/...``: pages compute so many times slower, and draw each frame as many times 25 ms late.
"""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.serving import ROOT, App

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
    # Two windows of an address bar that nobody sees are started with each context: .8 s of a
    # processor. The rest Playwright names too, and Chromium hears the last list alone.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,DestroyProfileOnBrowserClose,"
    "HttpsUpgrades,MediaRouter,OptimizationHints,PaintHolding,PreconnectToSearch",
]

SLOW = int(os.environ.get("LETHE_SLOW", "1"))
LATE_MS = 25 * SLOW
LATE_FRAMES = f"""(() => {{
    const [draw, drop] = [requestAnimationFrame, cancelAnimationFrame].map(f => f.bind(window));
    const asked = new Map();
    window.requestAnimationFrame = (act) => {{
      const id = setTimeout(() => asked.set(id, draw((now) => {{ asked.delete(id); act(now); }})),
        {LATE_MS});
      return id; }};
    window.cancelAnimationFrame = (id) => {{
      clearTimeout(id);
      if (asked.has(id)) drop(asked.get(id)); }}; }})()"""


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


def opened(browser: Any, **options: Any) -> Any:
    """A context of its own, whose pages are as slow as ``LETHE_SLOW`` says."""
    context = browser.new_context(**options)
    if SLOW > 1:
        context.add_init_script(LATE_FRAMES)
        context.on("page", _slowed)
    return context


def _slowed(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """``new_page(**context options)``: a page whose errors fail the test that caused them."""
    contexts, faults = [], []

    def make(other: Any = None, **options: Any) -> Any:
        wanted = {"viewport": {"width": 1200, "height": 800}, "bypass_csp": True, **options}
        contexts.append(opened(other or browser, **wanted))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
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


@pytest.fixture(scope="module")
def app(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of this tree, with a home of its own."""
    with App(ROOT, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab in which any uncaught error of a script fails the test."""
    faults: list[str] = []
    context = opened(browser, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults, faults
