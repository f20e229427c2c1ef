"""Four real trials that a person starts on the page and leaves alone, in a real browser."""

import re
from typing import Any

import numpy as np
import pytest

from cu_core.comparison.settings import LABELS
from cu_core.spec import OBJECTIVES, SweepRecord
from cu_core.stage.boxes import fixed_box, quantise
from cu_core.store import Store
from tests.e2e import test_trials as gallery
from tests.e2e.screen import comes, expect
from tests.e2e.serving import LONG_MS, App
from tests.e2e.test_form import choose, fill, unfold
from tests.e2e.test_sweep import FADED, FIGURES, ROWS, STRONG, brushed, drag, figure

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

TRIALS = 4
HELD = """(number) => {
    const { xy, pred } = __trials.pictures.held.get(number);
    return [Array.from(xy), Array.from(pred)];
}"""
TICKED = f"({ROWS})().filter(([, is]) => is).map(([number]) => number)"


def begun(app: App, tab: Any) -> str:
    """Four short runs with two objectives are started; the sweep's id."""
    tab.set_default_timeout(LONG_MS)
    tab.goto(f"{app.url}/sweep")
    go = tab.get_by_role("button", name="Start the sweep")
    expect(go).to_be_enabled(timeout=LONG_MS)
    unfold(tab)
    fill(tab, LABELS["max_steps"], "12")
    fill(tab, "Trials", str(TRIALS))
    choose(tab, "Look for", OBJECTIVES["ta_gap"].title)
    tab.keyboard.press("Escape")  # a list of several stays open, and hides the page
    expect(go).to_be_enabled(timeout=LONG_MS)
    go.click()
    tab.wait_for_url(re.compile(r"/sweep\?(.*&)?sweep="))
    return str(app.store.sweeps()[0].sweep_id)


def check_thumbnails(tab: Any, store: Store, record: SweepRecord) -> None:
    """What the gallery holds, and draws, is where the last frame of each run has its samples."""
    for trial in record.progress.trials:
        frames = store.reader(trial.run_id).frames()
        xy, pred = tab.evaluate(HELD, trial.number)
        last = quantise(frames.xy[-1], fixed_box(frames.xy[0]))
        np.testing.assert_array_equal(np.reshape(xy, (-1, 2)), last)
        np.testing.assert_array_equal(pred, frames.pred[-1])
        picture = gallery.drawn(tab, trial.number)
        at = gallery.places((store, record.sweep_id), tab, trial.number).astype(int)
        ink = np.abs(picture - picture[0, 0]).max(2)
        assert (ink[at[:, 1], at[:, 0]] > 12).all()


def test_four_trials_end_without_a_tab_and_one_brush_chooses_them_everywhere(
    app: App, tab: Any
) -> None:
    sweep_id = begun(app, tab)
    context = tab.context
    assert app.store.sweep(sweep_id).state in ("queued", "running")
    tab.close()  # its owner and its trials are processes of their own

    again, faults = context.new_page(), []
    again.on("pageerror", lambda error: faults.append(str(error)))
    again.set_default_timeout(LONG_MS)
    again.goto(f"{app.url}/sweep?sweep={sweep_id}&debug=1")
    again.get_by_text(f"{TRIALS} of {TRIALS} done").first.wait_for()
    record = app.store.sweep(sweep_id)
    everyone = [trial.number for trial in record.progress.trials]
    assert len(everyone) == TRIALS and all(trial.run_id for trial in record.progress.trials)
    for key in FIGURES:
        figure(again, key)
        comes(again, f"({STRONG})({[key, FADED]})", everyone)
    again.wait_for_function(
        f"__trials.pictures.held.size === {TRIALS} && !__trials.wanted && __trials.sheet.covers"
    )
    check_thumbnails(again, app.store, record)

    again.get_by_text("Table of").click()
    figure(again, "parallel")
    drag(again, "parallel", (0.0, 0.02), (0.06, 0.5))  # the upper half of the first axis
    chosen = brushed(again, "parallel", TRIALS)
    knobs = {t.number: t.knobs["temperature"] for t in record.progress.trials}
    least = min(knobs[number] for number in chosen)
    assert chosen == [number for number in everyone if knobs[number] >= least]
    comes(again, gallery.CHOSEN, chosen)
    comes(again, TICKED, chosen)
    assert not faults, faults
