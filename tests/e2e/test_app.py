"""The app as a person meets it: a real server, a real worker, a real browser."""

import re
from pathlib import Path
from typing import Any

import pytest

from cu_core.runs.execute import execute
from cu_core.spec import FINAL, UnlearnRequest
from cu_core.stage import gallery
from tests.e2e.conftest import changed, pixels
from tests.e2e.screen import at_rest, expect, shown
from tests.e2e.serving import LONG_MS, App
from tests.pages.fabricate import finished

pytestmark = pytest.mark.e2e


def frames(page: Any) -> int:
    return int(page.evaluate("() => window.__lethe ? window.__lethe.frames : 0"))


def test_watch_paints_at_once_and_moves(app: App, tab: Any) -> None:
    tab.goto(f"{app.url}/?debug=1")
    tab.locator(".lethe-verdict").wait_for()
    tab.wait_for_function("() => window.__lethe && window.__lethe.ready")
    stage = tab.locator("[data-testid=stBidiComponentIsolated]")
    before = pixels(stage.screenshot())
    at = tab.evaluate("__lethe.frame")  # at the end it begins anew
    tab.wait_for_function("t => Math.abs(__lethe.frame - t) > 2", arg=at)
    assert changed(before, pixels(stage.screenshot())) > 500
    expect(tab.locator(".stException")).to_have_count(0)
    tab.get_by_role("button", name="Forget something else, live").click()
    tab.get_by_text("Forget something, and watch it go").wait_for()


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
    expect(tab).to_have_url(re.compile(f"show={second}"))


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
    expect(tab).to_have_url(re.compile(f"run={record.run_id}"))

    parts = tab.locator(".lethe-parts [role=progressbar]")
    expect(parts).to_have_count(3)
    expect(parts.first).to_have_text(re.compile("^Learn"))
    expect(tab).to_have_title("Class 5 of digits · Lethe")

    had = frames(tab)
    tab.reload()
    tab.wait_for_function("n => window.__lethe && __lethe.frames > n", arg=had, timeout=LONG_MS)
    assert app.store.run(record.run_id).state == "running"

    tab.locator(".st-key-run-pause button").click()
    tab.locator(".st-key-run-resume [data-testid$='-primary']").wait_for()
    assert app.store.run(record.run_id).state == "paused"

    tab.get_by_role("link", name="Models & data").click()
    tab.get_by_text("Train a model").wait_for()
    tab.get_by_role("link", name="Unlearn").click()  # the address has lost the run; the tab has not
    tab.locator(".st-key-run-stop button").click()
    tab.get_by_role("button", name="Resume from step").wait_for()
    assert app.store.run(record.run_id).state in FINAL
    tab.get_by_text("Stopped at step").first.wait_for()
    expect(tab.locator(".stException")).to_have_count(0)


@pytest.fixture(scope="module")
def ended(app: App) -> str:
    """A short run, made here: it has ended before a page asks anything of it."""
    request = UnlearnRequest(max_steps=6, every=2, probe_size=200, reference=False)
    claimed = app.store.claim_new(request)  # the app's own worker may be looking for runs
    execute(app.store, claimed)
    return claimed.run_id


def rests(tab: Any, heard: list[Any]) -> bool:
    """Whether the server comes to say nothing for a while: no fragment polls any more, but for the
    rare look at whether the run is still there."""
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
    expect(tab.locator(".stException")).to_have_count(0)


@pytest.mark.timeout(600)
def test_an_ended_run_is_taken_home_as_one_page(
    app: App, tab: Any, ended: str, tmp_path: Path
) -> None:
    heard: list[Any] = []
    tab.on("websocket", lambda socket: socket.on("framereceived", lambda it: heard.append(it)))
    tab.goto(f"{app.url}/unlearn?run={ended}")
    tab.get_by_role("button", name="Hand over").wait_for(timeout=LONG_MS)
    assert rests(tab, heard)  # the sidebar's questions are answered
    tab.get_by_role("button", name="Hand over").click(timeout=LONG_MS)
    tab.get_by_role("button", name="Make the page").click(timeout=LONG_MS)
    tab.get_by_role("button", name="Save the page").wait_for(timeout=LONG_MS)
    at_rest(tab)  # rows that are still to be drawn move the button from under the hand
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


@pytest.mark.timeout(600)
def test_of_a_thousand_pictures_the_page_holds_some_and_goes_to_any(app: App, tab: Any) -> None:
    run_id = finished(app.store, points=500, frames=1000)  # at steps 0, 4, ..., 3996
    tab.goto(f"{app.url}/unlearn?run={run_id}&debug=1")
    shown(tab)
    expect(tab.locator(".left-out")).to_have_text(
        "Shows every 4th of 1,000 pictures on record, and the newest."
    )
    # Drawn anew while the engine starts, a page first gets an overview of few pictures again.
    at = """([t, step]) => { const { stage } = __lethe; stage.seekTo(t);
        return stage.run.frames === 251 && stage.run.stepAt(stage.clock.t) === step; }"""
    for frame in (250, 0, 1, 124, 249):  # at most 300 are held, however many are on record
        tab.wait_for_function(at, arg=[frame, min(16 * frame, 3996)])
    tab.evaluate("() => { __lethe.stage.seekTo(200); __lethe.stage.toggle(); }")
    tab.wait_for_function("() => __lethe.frame > 203 && __lethe.frames === 251")
    assert tab.evaluate("__lethe.errors") == []
