"""The fold of the attacks in a real browser, on a real run: what it says is what the table has, and
a threshold that is moved counts as a loop does."""

import re
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cu_core.metrics import attacks
from cu_core.metrics.attacked import Attacked, kept
from cu_core.runs.execute import execute
from cu_core.service import attacking
from cu_core.spec import ATTACKS, Attacks, UnlearnRequest
from tests.e2e.conftest import opened
from tests.e2e.screen import expect
from tests.e2e.serving import LONG_MS, App

pytestmark = pytest.mark.e2e

REQUEST = UnlearnRequest(model="mlp", forget="random:0.2", train_epochs=2, max_steps=6, every=3)


@pytest.fixture(scope="module")
def run(app: App) -> str:
    claimed = app.store.claim_new(REQUEST)
    execute(app.store, claimed)
    return claimed.run_id


@pytest.fixture(scope="module")
def found(app: App, run: str) -> Attacked:
    """The loss attack, as a worker keeps it."""
    facts = attacking.attack(app.store, Attacks(run=run))
    view = app.store.reader(run).view(ATTACKS)
    assert view is not None
    return kept(attacks()["loss"], view[0], facts.readings["loss"])


@pytest.fixture
def page(app: App, run: str, found: Attacked, browser: Any) -> Iterator[Any]:
    """The run's page with the fold open; an uncaught error of a script fails the test."""
    faults: list[str] = []
    context = opened(browser, viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(LONG_MS)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(f"{app.url}/unlearn?run={run}")
    fold_of(tab).locator("summary").click()
    fold_of(tab).locator(".lethe-attack").wait_for()
    yield tab
    expect(tab.locator(".stException")).to_have_count(0)
    context.close()
    assert not faults, faults


def fold_of(page: Any) -> Any:
    return page.locator(".stExpander").filter(has_text="Attacks: can one tell who was forgotten?")


def counts(fold: Any) -> list[list[str]]:
    rows = fold.locator(".lethe-attack tbody tr").all()
    return [re.findall(r"([\d,]+) of [\d,]+", row.inner_text()) for row in rows]


def row_of(page: Any, title: str) -> list[str]:
    """The values of a metric in the table of all, which may be folded."""
    row = page.locator(".lethe-table tr").filter(has_text=title)
    row.wait_for(state="attached")
    values: list[str] = row.locator("td").evaluate_all(
        "cells => cells.map(cell => cell.firstChild.textContent)"
    )
    return values


@pytest.mark.timeout(600)
def test_the_sentences_have_the_numbers_of_the_table(page: Any, found: Attacked) -> None:
    fold = fold_of(page)
    own, original, retrained, _ = row_of(page, "Loss attack, true positives at 1 %")
    area, *_ = row_of(page, "Loss attack, AUC")
    for words in (
        f"finds {own} of the forget samples",
        f"the retrained model {retrained}, on the original model {original}.",
        f"AUC of {area} ",
    ):
        said = fold.locator(".lethe-words, .lethe-said").filter(has_text=words)
        expect(said.first).to_be_visible()


@pytest.mark.timeout(600)
def test_a_threshold_that_is_moved_counts_anew(page: Any, found: Attacked) -> None:
    fold = fold_of(page)
    cuts, at = found.cuts("unlearned"), found.usual_cut("unlearned")

    def expected(cut: float) -> list[list[str]]:
        sides = ("forget", "test", "retain")
        scores = [found.scores[model] for model in ("unlearned", "retrained", "original")]
        return [
            [f"{sum(s >= cut for s in one[side].tolist()):,}" for side in sides] for one in scores
        ]

    def counted(wanted: list[list[str]]) -> None:
        until = time.monotonic() + 60  # a model's row may have said the same before it moved
        while counts(fold) != wanted and time.monotonic() < until:
            page.wait_for_timeout(200)
        assert counts(fold) == wanted

    counted(expected(at))
    thumb = fold.get_by_role("slider")
    thumb.focus()
    page.keyboard.press("Home")
    counted(expected(cuts[0]))
    fold.locator("figure img").first.wait_for()
    expect(fold.locator(".js-plotly-plot")).to_have_count(2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.stExpander figure img')].every(i => i.complete)"
    )
    images = fold.locator("figure img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert images and all(np.array(images) >= 48)
