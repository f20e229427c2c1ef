"""Two apps on one home know the same runs; one on another home beside them knows none of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cu_core.service.catalog import catalog
from tests.e2e.serving import ROOT, App
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], App]]:
    """``started(name)``: an app on the home of that name, for which no worker ever starts."""
    with ExitStack() as stack:

        def start(name: str) -> App:
            (home := tmp_path / name).mkdir(exist_ok=True)
            app = stack.enter_context(App(ROOT, home))
            if app.store.catalog() is None:
                app.store.save_catalog(catalog(home))
                stack.enter_context(app.store.only_one("spawn"))
            return app

        yield start


def train(visitor: Visitor, seed: int) -> None:
    visitor.enter("Seed", seed)
    visitor.click("Train")


def test_two_apps_on_one_home_share_its_runs_and_a_third_has_its_own(
    started: Callable[[str], App],
) -> None:
    here, beside, elsewhere = started("one"), started("one"), started("other")
    first, second, third = (Visitor(app, "models") for app in (here, beside, elsewhere))
    train(first, 1)
    [run] = here.store.runs("train")
    second.rerun()
    third.rerun()
    assert run.name in second.text and run.name not in third.text
    train(second, 1)  # a twin that waits is not doubled, whichever app it waits in
    train(third, 2)
    assert [r.run_id for r in beside.store.runs("train")] == [run.run_id]
    assert len(elsewhere.store.runs()) == 1
    here.process.kill()
    here.process.wait(20)
    train(second, 3)
    assert [r.state for r in beside.store.runs("train")] == ["queued"] * 2
    for app in (here, beside, elsewhere):
        assert "Traceback" not in app.log.read_text()
    for visitor in (first, second, third):
        visitor.close()
