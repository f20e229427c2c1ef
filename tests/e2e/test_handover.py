"""A slow file in the real app: it counts, is cancelled, is made and saved. The format is made up,
and comes from an installed package, so that the process that makes it knows it too."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cu_core.store import Store
from tests.e2e.screen import at_rest
from tests.e2e.serving import LONG_MS, ROOT, App
from tests.pages.fabricate import CATALOG, finished
from tests.test_extensions import installed

pytestmark = pytest.mark.e2e

SLOWLY = """
import time
from cu_core.stage.export import ExportFormat

def make(store, record, order):
    for done in range(1, 2001):
        if not (store.home / "go").exists():  # until then a frame takes a moment
            order.tick(done, 2000)
            time.sleep(0.05)
    return b"GIF89a of " + record.run_id.encode()

SLOW = ExportFormat(key="slowly", title="an animation", noun="animation", ending=".gif",
    mime="image/gif", help="A made-up one.", make=make, slow=True)
"""
COUNTS = re.compile(r"Frame \d+ of 2,000")


@pytest.fixture
def app(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The app with the made-up format, and who seems to wait for runs: no engine starts."""
    env = installed(tmp_path / "beside", {"lethe.exports": ("slowly", SLOWLY)})
    monkeypatch.setenv("PYTHONPATH", env["PYTHONPATH"])
    store = Store(tmp_path / "home", bundled=None)
    store.save_catalog(CATALOG)
    place = store.register_worker(os.getpid())
    with App(ROOT, store.home) as running:
        try:
            yield running
        finally:
            place.release()


def until(holds: Any, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_a_slow_file_counts_is_cancelled_and_is_made(app: App, tab: Any, tmp_path: Path) -> None:
    run_id = finished(app.store)
    tab.goto(f"{app.url}/unlearn?run={run_id}")
    tab.get_by_role("button", name="Hand over").click(timeout=LONG_MS)
    panel = tab.get_by_role("dialog")
    panel.get_by_role("button", name="Make the animation").click()
    count = panel.get_by_text(COUNTS)
    count.wait_for(timeout=LONG_MS)
    first = count.inner_text()
    panel.get_by_text(COUNTS).filter(has_not_text=re.compile(f"^{first}$")).wait_for()

    panel.get_by_role("button", name="Cancel the animation").click()
    panel.get_by_text("Cancelled; nothing was kept of it.").wait_for()
    until(lambda: [one.role for one in app.store.workers()] == ["idle"])  # the process is gone
    assert list(app.store.paths.handouts.iterdir()) == []

    (app.store.home / "go").touch()
    panel.get_by_role("button", name="Make the animation").click()
    save = panel.get_by_role("button", name="Save the animation (0 kB)")
    save.wait_for(timeout=LONG_MS)
    at_rest(tab)
    with tab.expect_download() as download:
        save.click()
    assert download.value.suggested_filename.endswith(".gif")
    saved = tmp_path / "saved.gif"
    download.value.save_as(saved)
    assert saved.read_bytes() == b"GIF89a of " + run_id.encode()
    tab.locator(".stException").wait_for(state="detached")
