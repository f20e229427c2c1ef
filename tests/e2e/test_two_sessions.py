"""Two people at one run: who pauses second is told so, and undoes nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from cu_core.errors import Cancelled
from cu_core.runs.execute import execute
from cu_core.service.catalog import catalog
from cu_core.spec import UnlearnRequest
from tests.e2e.conftest import opened
from tests.e2e.screen import expect
from tests.e2e.serving import LONG_MS, ROOT, App

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]

VERBS = ("pause", "resume")


@pytest.fixture(scope="module")
def app(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(ROOT, tmp_path_factory.mktemp("home")) as running:
        running.store.save_catalog(catalog(running.store.home))
        yield running


@pytest.fixture
def run_id(app: App) -> Iterator[str]:
    """A run with two pictures that rests, as nobody's doing, and can go on for as long as a test
    wants: on two cores a page takes half a minute to open beside one that works."""
    request = UnlearnRequest(hparams={"epochs": 200}, every=50, probe_size=200, reference=False)
    claimed = app.store.claim_new(request)
    app.store.command(claimed.run_id, "pause")
    app.store.command(claimed.run_id, "step", 60)

    def work() -> None:
        with suppress(Cancelled):
            execute(app.store, claimed)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    yield claimed.run_id
    app.store.command(claimed.run_id, "stop")
    worker.join(LONG_MS / 1000)


@pytest.fixture
def tabs(browser: Any, app: App, run_id: str) -> Iterator[list[Any]]:
    """Two sessions that both see the run."""
    contexts = [opened(browser, viewport={"width": 1440, "height": 900}) for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.set_default_timeout(LONG_MS)
        page.goto(f"{app.url}/unlearn?debug=1&run={run_id}")
        page.wait_for_function("() => window.__lethe && __lethe.frames == 2")
        press(page, "pause").wait_for()
    yield pages
    for context in contexts:
        context.close()


def press(page: Any, verb: str) -> Any:
    return page.locator(f".st-key-run-{verb} button:enabled")


def until(app: App, run_id: str, state: str) -> None:
    end = time.monotonic() + 60
    while app.store.run(run_id).state != state:
        assert time.monotonic() < end, f"never {state}: {app.store.run(run_id).state}"
        time.sleep(0.02)


def stands_out(page: Any, verb: str) -> None:
    """Of the two buttons this one alone is the one to press."""
    for each in VERBS:
        found = page.locator(f".st-key-run-{each} [data-testid$='-primary']")
        expect(found).to_have_count(int(each == verb), timeout=LONG_MS)


def test_who_pauses_or_resumes_second_is_told_and_undoes_nothing(
    app: App, run_id: str, tabs: list[Any]
) -> None:
    one, other = tabs
    places = [press(other, verb).bounding_box() for verb in VERBS]
    app.store.command(run_id, "resume")
    until(app, run_id, "running")
    stands_out(other, "pause")

    press(one, "pause").click()
    until(app, run_id, "paused")
    press(other, "pause").click()  # within five seconds, as people do in a classroom
    other.get_by_text("Already paused by another session.").wait_for()
    assert app.store.run(run_id).state == "paused"
    press(one, "pause").click()
    one.get_by_text("Already paused by you.").wait_for()
    stands_out(other, "resume")
    now = [press(other, verb).bounding_box() for verb in VERBS]
    assert [(p["x"], p["width"]) for p in now] == [(p["x"], p["width"]) for p in places]

    press(other, "resume").click()
    until(app, run_id, "running")
    press(one, "resume").click()
    one.get_by_text("Already resumed by another session.").wait_for()
    assert app.store.run(run_id).state == "running"


def test_what_one_session_watches_for_the_other_sees_and_both_learn_why_it_paused(
    app: App, run_id: str, tabs: list[Any]
) -> None:
    one, other = tabs
    one.get_by_role("button", name="Pause at…").click()
    one.get_by_role("button", name="A paper's stopping rule is met").click()
    other.get_by_text("Pauses at: A paper's stopping rule is met.").wait_for()
    assert app.store.reader(run_id).progress().watch_for == ("stop-rule",)
    app.store.command(run_id, "rewind", 0)
    app.store.command(run_id, "resume")
    for page in tabs:
        page.get_by_role("heading", name="the stopping rule “Stop at").wait_for()
        expect(page.get_by_role("heading", name="Paused at step 50 of")).to_have_count(1)
    assert app.store.run(run_id).state == "paused"
