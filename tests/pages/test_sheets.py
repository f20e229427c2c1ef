"""From a pin in the Stage to what its sheet says: session, header, and no more than was asked."""

from typing import Any

import numpy as np
import pytest

from cu_core.spec import (
    GhostFacts,
    Leg,
    Opposed,
    OpposedFacts,
    RunProgress,
    UnlearnRequest,
    WhoOpposes,
)
from cu_core.stage import unpack
from tests.pages import fabricate
from ui import asked, sheets


@pytest.fixture
def run(store):
    store.save_catalog(fabricate.CATALOG)
    return fabricate.finished(store)


def header(app) -> Any:
    return unpack(app.session_state["sent"].data)[0]["sheets"]


def pinned(app, run: str, *index: int, step: int = 8) -> Any:
    """What the callback notes: AppTest cannot fire a component's own events."""
    app.session_state["pins"] = sheets.Pins(run, index, step)
    app.run()
    assert not app.exception
    return header(app)


def test_a_page_says_that_it_may_be_asked_and_answers_for_what_is_pinned(page, store, run):
    app = page("unlearn", run=run)
    assert header(app) == {}
    told = pinned(app, run, 7, 12)
    assert told["step"] == told["at"] == 8 and told["steps"] == [0, 4, 8, 12, 16, 20]
    assert list(told["of"]) == ["7", "12"]
    assert len(told["of"]["7"]["now"]) == 15 and 7 not in told["of"]["7"]["now"]
    assert "No retrained model" in told["missing"]["retrained"]
    assert list(pinned(app, run, 12)["of"]) == ["12"]
    assert pinned(app, run) == {}


def test_the_pins_of_another_run_are_not_answered(page, store, run):
    other = fabricate.finished(store)
    app = page("unlearn", run=run)
    assert pinned(app, other, 7) == {}


def test_the_retrained_model_is_seen_when_it_comes(page, store, run):
    app = page("unlearn", run=run)
    pinned(app, run, 7)
    writer = store.writer(run)
    z = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float16)
    ghost = np.full((60, 2), np.nan, np.float32)
    share = np.zeros((60, 10), np.uint8)
    writer.probe_extras(ghost=ghost, ghost_z=z, ghost_share=share)
    writer.put(RunProgress(ghost=GhostFacts(fidelity=0.9)))
    writer.close()
    told = pinned(app, run, 7)
    assert told["missing"] == {} and len(told["of"]["7"]["retrained"]) == 15


def test_a_damaged_probe_is_said_in_the_sheet(store, run, monkeypatch):
    monkeypatch.setattr(sheets.st, "session_state", {"pins": sheets.Pins(run, (7,), 8)})
    store.reader(run).folder.joinpath("probe.safetensors").write_bytes(b"?")
    told = asked.answers(store.run(run), store.reader(run))["sheets"]
    assert "is damaged" in told["fault"] and told["step"] == 8


def test_what_pushed_and_pulled_is_asked_of_a_worker_and_awaited(page, store, run):
    def told(app) -> Any:
        return unpack(app.session_state["sent"].data)[0]["opposed"]

    app = page("unlearn", run=run)
    assert told(app) == {} and not sheets_awaited(app, run)
    app.session_state["opposed"] = sheets.Pins(run, (7,), 8)
    app.run()
    assert told(app) == {"index": 7, "step": 8, "state": "working"} and sheets_awaited(app, run)
    found = OpposedFacts(of={7: Opposed(update=5, push=(3,), pull=(1, 2))})
    fabricate.answer_all(store, **{WhoOpposes.kind: found})
    app.run()
    which = {"index": 7, "step": 8, "state": "done"}
    assert told(app) == {**which, "update": 5, "push": [3], "pull": [1, 2]}
    assert not sheets_awaited(app, run)  # the page stops looking
    app.session_state["opposed"] = sheets.Pins(run, (9,), 8)
    app.run()
    fabricate.answer_all(store, **{WhoOpposes.kind: "The data are gone."})
    app.run()
    assert told(app)["state"] == "failed" and told(app)["message"] == "The data are gone."


def sheets_awaited(app, run: str) -> bool:
    return app.session_state["opposed_awaited"] == run


def test_nothing_is_offered_where_the_method_sets_nothing_against_each_other(store):
    run = store.enqueue(UnlearnRequest(method="fine-tune"))
    assert sheets.opposed(store.run(run), store.reader(run)) == {"opposed": None}


def test_it_is_offered_where_any_stretch_of_a_branch_does(store, monkeypatch):
    monkeypatch.setattr(sheets.st, "session_state", {})
    leg = Leg(until=4, method="contrastive")
    run = store.enqueue(UnlearnRequest(method="fine-tune", first=(leg,)))
    assert sheets.opposed(store.run(run), store.reader(run)) == {"opposed": {}}


@pytest.mark.parametrize(
    "payload",
    [{}, {"index": 7, "step": 1}, {"index": ["7"], "step": 1}, {"index": [7], "step": None}],
)
def test_what_is_no_pin_is_left_alone(store, run, payload, monkeypatch):
    state: dict[str, Any] = {}
    monkeypatch.setattr(sheets.st, "session_state", state)
    sheets.pin(store.run(run), payload)
    assert state == {}
