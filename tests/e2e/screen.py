"""What a test reads of a page that carries the Stage, once it is there."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import pixels

NO_PLAYWRIGHT = "playwright is not installed (pip install -r requirements-dev.txt)"
sync_api = pytest.importorskip("playwright.sync_api", reason=NO_PLAYWRIGHT)
expect, TooLate = sync_api.expect, sync_api.TimeoutError
expect.set_options(timeout=60_000)  # only what fails ever waits so long

PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def shown(page: Any) -> None:
    """The run is there, and plays where it plays by itself."""
    page.wait_for_function("window.__lethe && window.__lethe.ready")


def ready(page: Any) -> None:
    """The run is there, with the pictures of its samples: these are decoded, and drawn, later."""
    shown(page)
    page.wait_for_function(
        """() => { const { run, map, beside } = __lethe.stage;
            return !run.atlas || (map.card.sheet && (!beside.map || beside.map.card.sheet)); }"""
    )
    painted(page)


def at_rest(page: Any) -> None:
    """No script of the page is under way any more."""
    page.evaluate("() => new Promise(done => setTimeout(done, 300))")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def painted(page: Any) -> None:
    """Waits until what was asked for has been drawn."""
    page.evaluate(f"() => {PAINTED}")


def comes(page: Any, script: str, wanted: Any) -> None:
    """Waits until a script has this value; fails with the one that it has in its place."""
    is_there = f"wanted => JSON.stringify({script}) === JSON.stringify(wanted)"
    with suppress(TooLate):
        page.wait_for_function(is_there, arg=wanted)
    assert page.evaluate(script) == wanted


def seek(page: Any, t: float) -> None:
    """Shows time t, also between two frames, and waits until it is painted."""
    page.evaluate(f"t => {{ __lethe.stage.seek(t); return {PAINTED}; }}", t)


def picture(page: Any, where: str = ".map") -> np.ndarray:
    """A part of the page as the next frame has it, int16 (H, W, 3)."""
    painted(page)
    return pixels(page.locator(where).screenshot())
