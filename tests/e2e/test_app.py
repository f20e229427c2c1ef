"""The app as a person meets it: a real server, a real worker, a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cu_core.runs.execute import execute
from cu_core.spec import FINAL, UnlearnRequest
from cu_core.stage import gallery
from cu_core.store import Store
from tests.e2e.conftest import changed, pixels

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
LONG_MS = 300_000  # a shared machine trains the first model, and compiles umap, in minutes


class App:
    """A running server, its address and its home."""

    def __init__(self, folder: Path, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url, self.store = f"http://127.0.0.1:{self.port}", Store(home)
        self.log = home / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        self.process = subprocess.Popen(
            [*command, f"--server.port={self.port}"],
            cwd=folder,
            env=os.environ | {"LETHE_HOME": str(home)},
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> "App":
        try:
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"The server did not start:\n{self.log.read_text()}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        for worker in self.store.workers():
            if psutil.pid_exists(worker.pid):
                psutil.Process(worker.pid).kill()


@pytest.fixture(scope="module")
def app(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of this tree, with a home of its own."""
    with App(ROOT, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab in which any uncaught error of a script fails the test."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults, faults


def frames(page: Any) -> int:
    return int(page.evaluate("() => window.__lethe ? window.__lethe.frames : 0"))


def test_watch_paints_at_once_and_moves(app: App, tab: Any) -> None:
    tab.goto(f"{app.url}/?debug=1")
    tab.locator(".lethe-verdict").wait_for()
    tab.wait_for_function("() => window.__lethe && window.__lethe.ready")
    stage = tab.locator("[data-testid=stBidiComponentIsolated]")
    before = pixels(stage.screenshot())
    tab.wait_for_function("t => window.__lethe.frame > t", arg=tab.evaluate("__lethe.frame + 2"))
    assert changed(before, pixels(stage.screenshot())) > 500
    assert tab.locator(".stException").count() == 0
    tab.get_by_role("button", name="Forget something else, live").click()
    tab.get_by_text("No run is open").wait_for()


def test_a_card_of_the_gallery_opens_its_run_in_the_same_stage(app: App, tab: Any) -> None:
    first, second, *_ = gallery.names()
    tab.goto(f"{app.url}/?debug=1")
    tab.wait_for_function("() => window.__lethe && window.__lethe.ready")
    run = "() => window.__lethe.stage.run.id"
    assert tab.evaluate(run) == gallery.recording(first).header["run"]
    tab.evaluate("() => (window.same = window.__lethe.stage)")
    # the whole card is the button: it lies over the picture
    tab.locator(f".st-key-card-{second} img").click(force=True)
    wanted = gallery.recording(second).header["run"]
    tab.wait_for_function("id => window.__lethe.stage.run.id === id", arg=wanted)
    assert tab.evaluate("() => window.same === window.__lethe.stage")
    assert f"show={second}" in tab.url


@pytest.mark.timeout(600)
def test_a_live_run_survives_a_reload_and_stops(app: App, tab: Any) -> None:
    tab.goto(f"{app.url}/unlearn?debug=1")
    tab.get_by_text("More knobs").click(timeout=LONG_MS)
    epochs = tab.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("150")
    epochs.press("Enter")
    run = tab.get_by_role("button", name="Run", exact=False).and_(
        tab.locator(".st-key-dock button:enabled")
    )
    run.click(timeout=LONG_MS)
    tab.wait_for_function("() => window.__lethe && __lethe.frames >= 3", timeout=LONG_MS)
    (record,) = app.store.runs()
    assert record.request.hparams == {"epochs": 150}
    assert f"run={record.run_id}" in tab.url

    parts = tab.locator(".lethe-parts [role=progressbar]")
    assert parts.all_inner_texts()[0].startswith("Learn") and parts.count() == 3
    assert tab.title() == "Class 5 of digits · Lethe"

    had = frames(tab)
    tab.reload()
    tab.wait_for_function("n => window.__lethe && __lethe.frames > n", arg=had, timeout=LONG_MS)
    assert app.store.run(record.run_id).state == "running"

    tab.locator(".st-key-run-pause button").click()
    tab.locator(".st-key-run-resume button").wait_for()
    assert app.store.run(record.run_id).state == "paused"

    tab.get_by_role("link", name="Models & data").click()
    tab.get_by_text("Train a model").wait_for()
    tab.get_by_role("link", name="Unlearn").click()  # the address has lost the run; the tab has not
    tab.locator(".st-key-run-stop button").click()
    tab.get_by_role("button", name="Resume from step").wait_for()
    assert app.store.run(record.run_id).state in FINAL
    tab.get_by_role("heading", name="Stopped at step").wait_for()
    assert tab.locator(".stException").count() == 0


@pytest.fixture(scope="module")
def ended(app: App) -> str:
    """A short run, made here: it has ended before a page asks anything of it."""
    request = UnlearnRequest(max_steps=6, every=2, probe_size=200, reference=False)
    run_id = app.store.enqueue(request)
    execute(app.store, app.store.claim_run(run_id))
    return run_id


def rests(tab: Any, heard: list[Any]) -> bool:
    """Whether the server comes to say nothing for a while: no fragment polls any more."""
    for _ in range(60):
        heard.clear()
        tab.wait_for_timeout(2500)
        if not heard:
            return True
    return False


@pytest.mark.timeout(600)
def test_an_ended_run_is_checked_against_an_exact_map(app: App, tab: Any, ended: str) -> None:
    """The click reaches a worker, its answer the Stage; then the page is at rest again."""
    heard: list[Any] = []
    tab.on("websocket", lambda socket: socket.on("framereceived", lambda it: heard.append(it)))
    tab.goto(f"{app.url}/unlearn?debug=1&run={ended}")
    tab.wait_for_function("() => window.__lethe && __lethe.frames == 4", timeout=LONG_MS)
    assert rests(tab, heard)  # the sidebar's questions are answered
    tab.get_by_role("button", name="Compare with an exact map").click()
    tab.get_by_text("Exact UMAP of step").first.wait_for(timeout=LONG_MS)
    (name,) = app.store.reader(ended).views()
    facts = app.store.reader(ended).view_facts(name)
    assert name.startswith("exact-") and facts is not None and facts["seconds"] > 0
    assert rests(tab, heard)
    assert tab.locator(".stException").count() == 0


@pytest.mark.timeout(600)
def test_an_ended_run_is_taken_home_as_one_page(
    app: App, tab: Any, ended: str, tmp_path: Path
) -> None:
    tab.goto(f"{app.url}/unlearn?run={ended}")
    tab.get_by_role("button", name="Download as one page").click(timeout=LONG_MS)
    with tab.expect_download(timeout=LONG_MS) as download:
        tab.get_by_role("button", name="Save the page").click(timeout=LONG_MS)
    assert download.value.suggested_filename == "lethe-contrastive-class-5-digits.html"
    page = tmp_path / "run.html"
    download.value.save_as(page)
    app_requests: list[str] = []
    tab.on("request", lambda request: app_requests.append(request.url))
    tab.goto(f"{page.as_uri()}?debug=1")
    tab.wait_for_function("() => window.__lethe && __lethe.ready && __lethe.frames == 4")
    ten_words = app.store.run(ended).summary.headline
    tab.locator(".line", has_text=ten_words).wait_for()  # when the clock has come to the end
    assert [url for url in app_requests if not url.startswith(("file:", "blob:", "data:"))] == []
