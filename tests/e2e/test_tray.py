"""Chosen by hand in a real browser: from the picture to the tray, and from there to the run."""

import re
from typing import Any

import pytest

from cu_core.spec import Overview, UnlearnRequest
from tests.e2e.screen import comes, expect
from tests.e2e.serving import LONG_MS, App
from ui import hand

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

SLOTS = [*range(3, 93, 9)]


def opened(app: App, tab: Any) -> None:
    """Unlearn with the original model's picture on it."""
    tab.set_default_timeout(LONG_MS)  # its worker trains the original model before
    tab.goto(f"{app.url}/unlearn?debug=1")
    tab.wait_for_function("() => window.__lethe && __lethe.ready && __lethe.stage.run.header.still")


def in_the_tray(tab: Any, count: int) -> list[int]:
    """The rows on the page, once it says that there are so many."""
    tab.locator(".st-key-tray").get_by_text(f"{count} images chosen by hand").wait_for()
    tab.wait_for_function(
        "n => document.querySelectorAll('[class*=st-key-tile-]').length === n", arg=min(count, 24)
    )
    tiles = tab.locator("[class*=st-key-tile-]").evaluate_all(
        "all => all.map(one => one.className)"
    )
    return [int(words.split("st-key-tile-")[1].split()[0]) for words in tiles]


def test_what_is_chosen_on_the_picture_is_what_the_run_forgets(app: App, tab: Any) -> None:
    opened(app, tab)
    tab.evaluate("slots => __lethe.stage.select(slots, 'set')", SLOTS)
    index = tab.evaluate("slots => slots.map(slot => __lethe.stage.run.index[slot])", SLOTS)
    assert in_the_tray(tab, len(SLOTS)) == sorted(index)  # of digits the rows are the indices
    tab.evaluate("slots => __lethe.stage.select(slots, 'remove')", SLOTS[:3])
    rows = sorted(index[3:])
    assert in_the_tray(tab, len(rows)) == rows == [*app.store.choice("digits").rows]
    tab.locator(".lethe-entangled").wait_for()

    tab.reload()
    tab.wait_for_function("() => window.__lethe && __lethe.ready")
    assert in_the_tray(tab, len(rows)) == rows
    comes(tab, CHOSEN, rows)
    tab.get_by_role("link", name="Methods").click()
    tab.locator(".st-key-tray").wait_for(state="detached")
    tab.get_by_role("link", name="Unlearn").click()
    assert in_the_tray(tab, len(rows)) == rows

    tab.wait_for_function(f"() => ({HASH})()")
    before = tab.evaluate(HASH)
    tab.get_by_role("button", name=f"Take out row {rows[-1]}").press("Enter")  # by the keyboard
    assert in_the_tray(tab, len(rows) - 1) == rows[:-1]
    tab.locator(".st-key-dock").get_by_text(f"{len(rows) - 1} of 1,347 images").wait_for()
    another = f"before => {{ const now = ({HASH})(); return now && now !== before; }}"
    tab.wait_for_function(another, arg=before)
    shown = tab.evaluate(HASH)
    tab.locator(".st-key-dock button:enabled").click()
    tab.wait_for_url(re.compile(r"/unlearn\?(.*&)?run="))
    (record,) = app.store.runs()
    tab.goto(f"{app.url}/unlearn?debug=1&run={record.run_id}")
    tab.wait_for_function("() => window.__lethe && __lethe.frames > 1")
    forgotten = app.store.reader(record.run_id).progress().forget
    assert forgotten.hash == shown and forgotten.n_forget == len(rows) - 1
    assert in_the_tray(tab, len(rows) - 1) == rows[:-1]  # beside the run's own picture
    comes(tab, CHOSEN, rows[:-1])
    said = "() => document.title.startsWith('6 listed images (chosen by hand.csv) of digits')"
    tab.wait_for_function(said)


CHOSEN = "[...(window.__lethe?.stage.run?.header.chosen ?? [])].sort((a, b) => a - b)"
HASH = "() => document.querySelector('[data-hash]')?.dataset.hash"


def test_the_picture_is_there_at_once_for_the_next_tab(app: App, tab: Any) -> None:
    """It is kept in the home: no worker is needed to show it again."""
    opened(app, tab)
    asked = Overview(request=hand.standing(UnlearnRequest().model_dump()))
    assert app.store.overview(asked) is not None
    expect(tab.get_by_text("No run is open")).to_have_count(0)
