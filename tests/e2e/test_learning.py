"""Nothing is cached: the model is seen while it learns, then the run's own picture begins."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cu_core.runs.execute import execute
from cu_core.runs.learning import Learning
from cu_core.spec import UnlearnRequest
from cu_core.spec.phases import TRAINING
from tests.e2e.conftest import opened
from tests.e2e.serving import LONG_MS, ROOT, App

pytestmark = pytest.mark.e2e


@pytest.fixture
def app(browser: Any, tmp_path: Path) -> Iterator[App]:
    with App(ROOT, tmp_path) as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = opened(browser, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.timeout(600)
def test_points_are_drawn_while_the_model_is_trained(
    app: App, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = threading.Event()

    class Held(Learning):
        """The training waits after its first picture until a browser has drawn it."""

        def begin(self, model: Any, done: int, total: int) -> None:
            super().begin(model, done, total)
            assert seen.wait(LONG_MS / 1000)

    monkeypatch.setattr("cu_core.runs.prepare.Learning", Held)
    request = UnlearnRequest(model_seed=1, train_epochs=2, max_steps=2, reference=False)
    claimed = app.store.claim_new(request)
    run_id = claimed.run_id
    worker = threading.Thread(target=execute, args=(app.store, claimed))
    worker.start()
    try:
        page.goto(f"{app.url}/unlearn?debug=1&run={run_id}")
        own = "() => window.__lethe && __lethe.frames >= 1 && __lethe.stage.run.id"
        page.wait_for_function(f"{own} === 'learning-{run_id}'", timeout=LONG_MS)
        assert app.store.reader(run_id).progress().phase == TRAINING.key
        assert page.evaluate("() => __lethe.stage.run.n") == 1347
        page.get_by_text("Nothing is forgotten yet").wait_for()
    finally:
        seen.set()
        worker.join(LONG_MS / 1000)
    page.wait_for_function(f"{own} === '{run_id}'", timeout=LONG_MS)
    page.get_by_text("Nothing is forgotten yet").wait_for(state="detached")
    assert app.store.run(run_id).state == "done"
