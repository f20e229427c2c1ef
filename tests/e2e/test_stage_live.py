"""What the Stage leaves to a run that is live: few pictures, none while nothing moves or unseen."""

from collections.abc import Callable
from typing import Any

import pytest

from cu_core.stage import frames_blob, player_html
from tests.e2e.conftest import changed, write
from tests.e2e.screen import painted, picture, ready, shown
from tests.e2e.test_stage import give, part, run

pytestmark = pytest.mark.e2e

SHOWN = 4  # frames at first
CAUGHT_UP_MS, LIVE_MS = 1000, 80  # clock.js, pace.js
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange")); }"""


@pytest.fixture
def live(new_page: Callable[..., Any], tmp_path: Any) -> Any:
    """The page of a live run, at the newest of its first frames, at rest."""
    page = new_page()
    made = player_html(frames_blob(**run(live=True, run="live", total_steps=60)), "run")
    page.goto(f"{write(tmp_path, 'run.html', made)}?debug=1&renderer=canvas")
    shown(page)
    give(page, part(0, SHOWN, live=True, run="live2", total_steps=60))
    ready(page)
    at_rest(page)
    return page


def at_rest(page: Any) -> None:
    page.wait_for_function("() => !__lethe.moving && !__lethe.stage.pace.later")
    painted(page)


def grow(page: Any, first: int, end: int) -> Any:
    return give(page, part(first, end, ghost=False, live=True, run="live2", total_steps=60))


def test_a_live_run_is_drawn_at_its_own_pace_and_not_at_all_between(live: Any) -> None:
    before = live.evaluate("__lethe.draws")
    live.wait_for_timeout(600)
    assert live.evaluate("__lethe.draws") == before  # nothing moves
    for end in (6, 8, 10):
        had = live.evaluate("__lethe.draws")
        assert grow(live, end - 4, end) == []
        live.wait_for_function("t => __lethe.frame === t", arg=end - 1)
        at_rest(live)
        drawn = live.evaluate("__lethe.draws") - had
        # with what arrives, a second of catching up, and where it rests
        assert 3 <= drawn <= CAUGHT_UP_MS / LIVE_MS + 4


def test_of_a_paused_run_as_of_an_ended_one_every_picture_is_drawn(live: Any) -> None:
    assert live.evaluate("__lethe.stage.works") is True
    give(live, part(2, 6, ghost=False, live=True, state="paused", run="live2", total_steps=60))
    assert live.evaluate("__lethe.stage.works") is False
    give(live, part(4, 8, ghost=False, live=False, run="live2", total_steps=60))
    assert live.evaluate("__lethe.stage.works") is False


def test_in_a_tab_that_nobody_sees_nothing_is_drawn_and_nothing_is_missed(live: Any) -> None:
    before, seen = live.evaluate("__lethe.draws"), picture(live)
    live.evaluate(HIDE, True)
    for end in (8, 12):
        grow(live, end - 6 if end == 8 else end - 5, end)
    live.evaluate("() => { __lethe.stage.layout(); __lethe.stage.chosen(); }")
    live.wait_for_timeout(400)
    assert live.evaluate("__lethe.draws") == before
    assert live.evaluate("__lethe.frames") == 12
    live.evaluate(HIDE, False)
    live.wait_for_function("() => __lethe.frame === 11")
    at_rest(live)
    assert changed(seen, picture(live)) > 60
    assert live.evaluate("__lethe.stage.curves.panels[0].run.frames") == 12
    assert live.evaluate("__lethe.errors") == []
