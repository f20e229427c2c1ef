"""A person asks for the exact map of a frame, or for the map in 3-D: from click to Stage."""

from typing import Any

import numpy as np
import pytest

from cu_core.spec import (
    DescribeDataset,
    ExactMap,
    ExactMapFacts,
    GhostFacts,
    Map3D,
    Map3DCount,
    RunProgress,
)
from cu_core.stage import export, unpack
from tests.pages import fabricate
from ui import map_requests

FACTS = ExactMapFacts(step=20, quality={"trustworthiness": 0.98}, seconds=2.5)
ANSWER = FACTS.model_dump()


@pytest.fixture
def run(store):
    store.save_catalog(fabricate.CATALOG)
    return fabricate.finished(store)


def header(app) -> dict[str, Any]:
    return unpack(app.session_state["sent"].data)[0]


def sections(app) -> dict[str, Any]:
    return unpack(app.session_state["sent"].data)[1]


def ask_for(app, run: str, **fields: Any) -> None:
    """What the callbacks note: AppTest cannot fire a component's own events."""
    app.session_state["map_requests"] = map_requests.MapRequests(
        run, clicks=1, awaited=True, **fields
    )
    app.run()
    assert not app.exception


def waiting(store) -> list[tuple[str, Any]]:
    """The open questions on views; others are answered on the way."""
    found = []
    while question := store.next_question():
        if question.kind in (ExactMap.kind, Map3D.kind):
            found.append(question)
        else:
            described = question.kind == DescribeDataset.kind
            store.reply(question.id, fabricate.digits_info() if described else fabricate.PREFLIGHT)
    return found


def test_a_run_offers_both_and_asks_for_neither(page, store, run):
    app = page("unlearn", run=run)
    assert header(app)["exact"] == {"state": "none"} and header(app)["solid"]["state"] == "none"
    assert waiting(store) == []


def test_the_exact_map_is_asked_for_awaited_and_sent(page, store, run):
    app = page("unlearn", run=run)
    ask_for(app, run, exact=20)
    assert header(app)["exact"] == {
        "state": "fitting",
        "step": 20,
        "doing": "Waiting for the engine…",
    }
    (question,) = waiting(store)
    assert question.payload == {"run": run, "step": 20}
    app.run()
    assert waiting(store) == [] and app.session_state["map_requests"].awaited  # once is enough
    store.save_view(run, "exact-20", {"xy": np.random.default_rng(0).random((60, 2))}, ANSWER)
    store.reply(question.id, FACTS)
    app.run()
    assert header(app)["exact"].items() >= ({"state": "done"} | ANSWER).items()
    assert sections(app)["exact"].shape == (60, 2)
    assert not app.session_state["map_requests"].awaited  # the page stops looking


def test_what_is_on_record_is_shown_at_once(page, store, run):
    store.save_view(run, "exact-8", {"xy": np.zeros((60, 2), np.float32)}, ANSWER | {"step": 8})
    app = page("unlearn", run=run)
    assert "exact" not in sections(app)
    ask_for(app, run, exact=8)
    assert header(app)["exact"]["state"] == "done" and waiting(store) == []


def test_a_refusal_is_said_in_the_stage_and_can_be_tried_again(page, store, run):
    app = page("unlearn", run=run)
    ask_for(app, run, exact=20)
    (question,) = waiting(store)
    store.reply(question.id, None, "The snapshot of step 20 is damaged: its file is missing.")
    app.run()
    told = header(app)["exact"]
    assert told["state"] == "failed" and told["message"].startswith("The snapshot of step 20")
    clicks = told["click"]
    assert not app.session_state["map_requests"].awaited
    held = app.session_state["map_requests"]
    held.clicks += 1
    app.run()
    assert header(app)["exact"]["state"] == "fitting"
    (question,) = waiting(store)
    store.reply(question.id, None, "Still missing.")
    app.run()
    assert header(app)["exact"]["click"] > clicks  # by which the Stage knows it from the first


def solid(steps: list[int], **facts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    xyz = np.random.default_rng(0).random((len(steps), 60, 3)).astype(np.float32)
    known = {"steps": steps, "quality": [{}] * len(steps), "skipped": []}
    return {"xyz": xyz}, {**known, "with_ghost": False, "ghost": None, **facts}


def test_the_solid_map_is_asked_for_until_it_is_whole(page, store, run):
    app = page("unlearn", run=run)
    ask_for(app, run, solid=True)
    every = [0, 4, 8, 12, 16, 20]
    counted = []
    for done in (0, 3, 6):
        (question,) = waiting(store)
        assert (question.kind, question.payload) == (Map3D.kind, {"run": run})
        store.save_view(run, "solid", *solid(every[:done]))
        store.reply(question.id, Map3DCount(done=done, total=6))
        app.run()
        told = header(app)["solid"]
        counted.append((told["state"], told["done"], told["total"]))
    assert counted == [("working", 0, 6), ("working", 3, 6), ("done", 6, 6)]
    assert waiting(store) == [] and not app.session_state["map_requests"].awaited
    assert sections(app)["xyz"].shape == (6, 60, 3) and len(header(app)["solid"]["box"]) == 4


def test_a_solid_map_follows_a_run_and_its_ghost(page, store, run):
    store.save_view(run, "solid", *solid([0, 4, 8, 12, 16, 20]))
    app = page("unlearn", run=run)
    assert "xyz" not in sections(app)  # megabytes that nobody asked for
    ask_for(app, run, solid=True)
    assert header(app)["solid"]["state"] == "done" and waiting(store) == []
    writer = store.writer(run)
    writer.put(RunProgress(ghost=GhostFacts(fidelity=0.9)))  # a retrained model has been found
    writer.close()
    app.run()
    assert header(app)["solid"]["state"] == "working" and len(waiting(store)) == 1


@pytest.mark.parametrize("moves", [False, True])
def test_a_solid_map_that_cannot_be_made_is_refused_in_words(page, store, run, moves):
    app = page("unlearn", run=run)
    ask_for(app, run, solid=True)
    if moves:  # answers that bring nothing do not keep the page asking for ever
        store.save_view(run, "solid", *solid([0]))
        for question in [*waiting(store)]:
            store.reply(question.id, Map3DCount(done=1, total=6))
        app.run()
    for question in waiting(store):
        refusal = "" if moves else "There is no picture of the start."
        store.reply(question.id, Map3DCount(done=1, total=6) if moves else None, refusal)
    app.run()
    assert header(app)["solid"]["state"] == "none" and header(app)["solid"]["message"]
    assert waiting(store) == [] and not app.session_state["map_requests"].awaited


def test_requests_end_with_the_run_that_is_shown_and_with_a_rewind(page, store, run):
    other = fabricate.finished(store, name="Other")
    app = page("unlearn", run=run)
    ask_for(app, run, exact=20)
    app.button(key=f"open-{other}").click().run()
    assert header(app)["exact"] == {"state": "none"}
    ask_for(app, other, exact=20, solid=True)
    writer = store.writer(other)
    writer.truncate(13)
    writer.close()
    app.run()
    assert header(app)["exact"] == {"state": "none"}
    told = header(app)["solid"]  # this one is followed into the run's new life
    assert (told["state"], told["done"], told["total"]) == ("working", 0, 4)


def test_an_ended_run_can_be_downloaded_at_no_cost_until_then(page, store, run, monkeypatch):
    made = []
    whole = export.whole
    monkeypatch.setattr(
        "cu_core.stage.export._whole.whole", lambda *given: made.append(1) or whole(*given)
    )
    app = page("unlearn", run=run)
    assert not app.exception and made == [] and not app.get("download_button")
    app.button(key="handover/open").click().run()
    app.button(key="handover-make-html").click().run()
    (button,) = app.get("download_button")
    assert not app.exception and button.proto.label.startswith("Save the page (") and made == [1]


def test_a_run_that_is_still_going_is_not_a_page_yet(page, store):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, end=None)
    store.requeue(run)
    with store.claim_run(run):
        store.move(run, "starting", "running")
        app = page("unlearn", run=run)
    assert not app.exception and "handover/open" not in [button.key for button in app.button]
