"""What a run will take: nothing for what is cached, measured rates where there are some."""

from pathlib import Path

import pytest

from cu_core.runs import forecast as module
from cu_core.runs.clock import Clock
from cu_core.runs.forecast import by_part, forecast, remember
from cu_core.runs.rates import Rates, training, updating
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import Method, UnlearnRequest
from cu_core.spec.phases import MEASURING, RETRAINING, TRAINING, UNLEARNING
from cu_core.store import Store

IMAGES = 200  # of a look


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Store, Setup, Method]:
    store = Store(tmp_path, bundled=None)
    setup = Setup(UnlearnRequest(probe_size=200), store.home)
    assert setup.forget is not None
    return store, setup, method_of(setup.request, setup.forget)  # type: ignore[arg-type]


def seconds(asked: tuple[Store, Setup, Method]) -> dict[str, float | None]:
    return {work.phase: work.seconds for work in forecast(*asked, 60, 61, IMAGES)}


def test_where_nothing_was_measured_nothing_is_made_up(asked: tuple[Store, Setup, Method]) -> None:
    found = seconds(asked)
    assert found[TRAINING.key] is None and found[UNLEARNING.key] is None
    waits = by_part(forecast(*asked, 60, 61, IMAGES))
    assert waits["forget"].left is None and waits["learn"].guess


def test_measured_rates_are_what_is_told(asked: tuple[Store, Setup, Method]) -> None:
    _, setup, method = asked
    rates = Rates(setup)
    rates.keep(0.5, *training(setup))
    rates.keep(0.1, *updating(method))
    rates.keep(0.01, "frame", IMAGES)
    rates.keep(7.0, "measuring", setup.dataset.hash)
    found = seconds(asked)
    updates = setup.recipe.epochs * -(-len(setup.dataset.train_y) // setup.recipe.batch_size)
    assert found[TRAINING.key] == pytest.approx(0.5 * updates)
    assert found[UNLEARNING.key] == pytest.approx(60 * 0.1 + 61 * 0.01)
    assert found[MEASURING.key] == 7.0 and found[RETRAINING.key] is not None
    assert not by_part(forecast(*asked, 60, 61, IMAGES))["forget"].guess


def test_what_is_cached_takes_nothing(
    asked: tuple[Store, Setup, Method], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, *_ = asked
    monkeypatch.setattr(store, "has_model", lambda model_id: True)
    monkeypatch.setattr(module, "_has_layout", lambda *asked: True)
    assert {*seconds(asked)} == {UNLEARNING.key, MEASURING.key}
    assert by_part(forecast(*asked, 60, 61, IMAGES))["learn"].left == 0.0


def test_a_run_leaves_the_rates_that_it_had(asked: tuple[Store, Setup, Method]) -> None:
    _, setup, method = asked
    clock = Clock()
    clock.seconds = {"step": 6.0, "snapshot": 1.0, "map": 2.0, "final metrics": 4.0}
    clock.seconds |= {"reference map": 9.0}
    clock.counts = {"step": 60, "snapshot": 10}
    remember(setup, method, clock, IMAGES)
    rates = Rates(setup)
    assert rates.known(*updating(method)) == pytest.approx(0.1)
    assert rates.known("frame", IMAGES) == pytest.approx(0.3)
    assert rates.known("look", IMAGES) == pytest.approx(0.1)
    assert rates.known("map", 200) == 9.0


def test_a_damaged_file_of_rates_counts_as_none(asked: tuple[Store, Setup, Method]) -> None:
    store, setup, method = asked
    (store.home / "rates.json").write_text("}{")
    assert Rates(setup).known(*updating(method)) is None
    Rates(setup).keep(0.2, *updating(method))
    assert Rates(setup).known(*updating(method)) == 0.2
