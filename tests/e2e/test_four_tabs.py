"""Four tabs on one app, and a tab whose server ends: what others do is said, and none is stuck.

Nothing is computed: this process stands in for the worker, which lives as long as its lock does.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from cu_core.spec import (
    DescribeDataset,
    ExactMap,
    ExactMapFacts,
    Overview,
    OverviewFacts,
    Preflight,
    UnlearnRequest,
)
from cu_core.store import RESUMABLE, Store
from tests.e2e.conftest import opened
from tests.e2e.screen import expect
from tests.e2e.serving import LONG_MS, App
from tests.pages import fabricate
from ui.session import DELETED

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]
STEP = 20  # of the newest frame of a made-up run
KNOWN = {
    DescribeDataset.kind: fabricate.digits_info(),
    Preflight.kind: fabricate.PREFLIGHT,
    Overview.kind: OverviewFacts(why="The original model is not trained yet."),
}


class Worker:
    """Answers whatever pages ask. ``dies_of``: a kind of question that it takes, to die over it."""

    def __init__(self, home: Any, dies_of: str = "") -> None:
        self.store, self.dies_of, self.died = Store(home), dies_of, threading.Event()
        self.place = self.store.register_worker(os.getpid())
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        facts = ExactMapFacts(step=STEP, quality={"trustworthiness": 0.98}, seconds=2.5)
        while not self.died.wait(0.05):
            question = self.store.next_question()
            if question is None:
                continue
            if question.kind == self.dies_of:
                self.died.set()
            elif question.kind == ExactMap.kind:
                xy = {"xy": np.random.default_rng(0).random((60, 2))}
                run = question.payload["run"]
                self.store.save_view(run, f"exact-{STEP}", xy, facts.model_dump())
                self.store.reply(question.id, facts)
            else:
                self.store.reply(question.id, KNOWN[question.kind])

    def end(self) -> None:
        self.died.set()
        self.thread.join()
        self.place.release()


@pytest.fixture
def tab_of(browser: Any, app: App) -> Iterator[Callable[[str], Any]]:
    """``tab_of(address)``: a session of its own."""
    contexts = []

    def open_tab(address: str) -> Any:
        contexts.append(opened(browser, viewport={"width": 1440, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(LONG_MS)
        page.goto(f"{app.url}/{address}")
        return page

    yield open_tab
    for context in contexts:
        context.close()


def frames(page: Any, count: int) -> None:
    page.wait_for_function("n => window.__lethe && __lethe.frames == n", arg=count)


def in_order(page: Any) -> None:
    expect(page.locator(".stException")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_two_watch_one_starts_another_and_one_deletes_a_third(
    app: App, tab_of: Callable[[str], Any]
) -> None:
    store = app.store
    store.save_catalog(fabricate.CATALOG)
    doomed = fabricate.finished(store, "Doomed")
    live = fabricate.finished(store, "Live", end=None, request=UnlearnRequest(seed=7))
    worker = Worker(store.home)
    try:
        with store.claim_run(live, RESUMABLE), closing(store.writer(live)) as writer:
            writer.move("starting", "running")
            watching = [tab_of(f"unlearn?debug=1&run={live}") for _ in range(2)]
            starting, deleting = (tab_of(f"unlearn?debug=1&run={doomed}") for _ in range(2))
            for page in (*watching, starting, deleting):
                frames(page, 6)

            deleting.locator(f".st-key-row-{doomed}").get_by_text("Delete").click()
            deleting.locator(f".st-key-delete-{doomed} button").click()
            starting.evaluate("setInterval(() => dispatchEvent(new Event('focus')), 2000)")
            starting.get_by_text(DELETED).wait_for()  # once somebody comes back to the tab
            assert doomed not in {record.run_id for record in store.runs()}

            xy = np.random.default_rng(1).random((60, 2))
            logits = np.eye(10, dtype=np.float32)[np.zeros(60, int)]
            writer.snapshot(24, z=xy, logits=logits, test_logits=logits[:20], xy=xy, quality={})
            for page in watching:
                frames(page, 7)

            starting.locator(".st-key-dock button:enabled").click()
            starting.get_by_text("Waiting: one run is ahead").wait_for()
            for page in (*watching, starting, deleting):
                in_order(page)
        assert {record.state for record in store.runs()} == {"queued", "lost"}
    finally:
        worker.end()


def test_an_exact_map_is_there_though_its_worker_and_the_app_were_killed(
    app: App, tab_of: Callable[[str], Any]
) -> None:
    app.store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(app.store)
    first = Worker(app.store.home, dies_of=ExactMap.kind)
    page = tab_of(f"unlearn?debug=1&run={run}")
    frames(page, 6)
    page.evaluate("() => __lethe.stage.seek(5)")
    page.get_by_role("button", name="Compare with an exact map").click()
    assert first.died.wait(LONG_MS / 1000)
    first.end()
    app.begin_anew()
    second = Worker(app.store.home)
    try:
        page.get_by_text(f"Exact UMAP of step {STEP}").first.wait_for()
        in_order(page)
    finally:
        second.end()
