"""A branch as a person makes one: from where the picture stands, by the settings beside it."""

import re
from typing import Any

import pytest

from cu_core.runs.execute import execute
from cu_core.spec import UnlearnRequest
from cu_core.store import Store
from tests.e2e.screen import expect
from tests.e2e.serving import LONG_MS, App

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]
BUTTON = "Branch from here"


@pytest.fixture(scope="module")
def parent(app: App) -> str:
    claimed = app.store.claim_new(UnlearnRequest(max_steps=20, every=4, reference=False))
    execute(app.store, claimed)
    return claimed.run_id


def sha(store: Store, run_id: str) -> str:
    return store.run(run_id).summary.weights_sha256


def branched(page: Any, app: App, run_id: str, frame: int) -> str:
    """Presses the button at this picture of a run, and waits for the end of what came of it."""
    page.goto(f"{app.url}/unlearn?run={run_id}&debug=1")
    page.wait_for_function("() => window.__lethe && window.__lethe.ready", timeout=LONG_MS)
    page.evaluate(f"() => window.__lethe.stage.seekTo({frame})")
    able = "() => window.__lethe.stage.run.header.branch?.ways"
    page.wait_for_function(able, timeout=LONG_MS)
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_function(
        "run => new URLSearchParams(location.search).get('run') !== run",
        arg=run_id,
        timeout=LONG_MS,
    )
    made = page.evaluate("() => new URLSearchParams(location.search).get('run')")
    page.wait_for_function(
        "run => window.__lethe.stage.run?.id === run && !window.__lethe.stage.run.header.live",
        arg=made,
        timeout=LONG_MS,
    )
    return str(made)


def test_with_nothing_changed_it_ends_as_its_parent(app: App, tab: Any, parent: str) -> None:
    made = branched(tab, app, parent, 2)
    record = app.store.run(made)
    assert isinstance(record.request, UnlearnRequest)
    assert record.request.parent == parent and record.request.branched_at == 8
    assert sha(app.store, made) == sha(app.store, parent)

    members = tab.locator(".tree .member")
    tab.wait_for_function("() => window.__lethe.stage.run.header.family.length === 2")
    expect(members.nth(0)).to_contain_text("As it began")
    expect(members.nth(1)).to_contain_text("From step 8 with nothing changed")
    expect(members.nth(1)).to_have_attribute("aria-current", "true")
    rows = tab.locator("[class*=st-key-row-] .lethe-entry")
    expect(rows.nth(1)).to_have_text(re.compile("^↳ From step 8"))
    members.nth(0).click()
    tab.wait_for_function("run => window.__lethe.stage.run.id === run", arg=parent)


def test_settings_of_another_task_are_no_branch(app: App, tab: Any, parent: str) -> None:
    tab.goto(f"{app.url}/unlearn?run={parent}&debug=1")
    able = "() => window.__lethe?.stage.run?.header.branch?.ways"
    tab.wait_for_function(able, timeout=LONG_MS)
    tab.get_by_text("Run settings").click()
    seed = tab.get_by_role("spinbutton", name="Seed of the run")
    seed.fill("3")
    seed.press("Enter")
    tab.wait_for_function(f"() => !({able})()", timeout=LONG_MS)
    expect(tab.get_by_role("button", name=BUTTON)).to_be_disabled()
    told = tab.locator(".branch-words")
    expect(told).to_have_text(re.compile("^A branch keeps everything but the method"))
    expect(told).to_contain_text("seed of the run")
