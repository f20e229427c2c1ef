"""What happened, in the header of what a tab is sent: on record, and derived from the curves."""

from typing import Any

import numpy as np
import pytest

from cu_core.spec import ForgetFacts, RunProgress, Summary, UnlearnRequest
from cu_core.stage import marks
from cu_core.store import Store
from tests.stage.test_replay import Worker, exported
from tests.tab import Tab

ACCURACY = {0: 98.0, 1: 60.0, 2: 30.0, 3: 9.0}


@pytest.fixture
def worker(store: Store) -> Worker:
    worker = Worker(store)
    worker.writer.put(RunProgress(forget=ForgetFacts(classes=(1,))))
    return worker


def go(worker: Worker, *steps: int) -> None:
    for step in steps:
        worker.go(step)
        worker.writer.metrics(step, {"forget_acc_test": ACCURACY[step], "ra": 99.0})


def told(tab: Tab) -> list[tuple[int, str]]:
    return [(mark["step"], mark["kind"]) for mark in tab.header["events"]]


def test_a_retrained_model_that_comes_last_brings_its_marks(store: Store, worker: Worker) -> None:
    tab = Tab(store, worker.run_id)
    go(worker, 0, 1, 2)
    worker.writer.event(1, "rewind", "Rewound to step 1")
    tab.poll()
    assert told(tab)[0] == (1, "rewind") and "forget-crossing" not in dict(map(reversed, told(tab)))
    had = tab.blobs
    worker.writer.put(RunProgress(retrained={"forget_acc_test": 61.0}))
    tab.poll()
    assert tab.blobs == had + 1 and (1, "forget-crossing") in told(tab)
    tab.poll()
    tab.poll()
    assert tab.blobs == had + 1  # nothing new is nothing sent
    assert store.reader(worker.run_id).events()[-1].kind == "rewind"  # and nothing is stored

    end = Summary(retrained={"forget_acc_test": 40.0}, band={"forget_acc_test": (35.0, 45.0)})
    worker.writer.finish(end)
    worker.writer.move("running", "done")
    tab.poll()
    assert (2, "forget-crossing") in told(tab) and (2, "over-forgetting") in told(tab)
    assert [mark["step"] for mark in tab.header["events"]] == sorted(
        mark["step"] for mark in tab.header["events"]
    )
    page = exported(store, worker.run_id)
    assert page.header["events"] == tab.header["events"]


def test_marks_grow_with_the_run_and_have_a_tone_when_they_are_derived(
    store: Store, worker: Worker
) -> None:
    tab = Tab(store, worker.run_id)
    worker.writer.put(RunProgress(retrained={"forget_acc_test": 10.0}))
    go(worker, 0, 1)
    tab.poll()
    assert "forget-crossing" not in [kind for _, kind in told(tab)]
    go(worker, 2, 3)
    tab.poll()
    (mark,) = [m for m in tab.header["events"] if m["kind"] == "forget-crossing"]
    assert mark["tone"] == "goal"
    assert mark["text"] == "the forget accuracy, 9 %, is below the retrained model's 10 %"


def test_a_rule_that_ended_the_run_is_told_once(store: Store) -> None:
    request = UnlearnRequest(stop_rule="class-accuracy")
    run_id = store.enqueue(request)
    with store.claim_run(run_id):
        writer = store.writer(run_id)
        facts = {"class_names": tuple("abcdefghij"), "forget": ForgetFacts(classes=(1,))}
        writer.put(RunProgress(**facts))
        values = {"forget_acc_test": 9.0, "forget_acc_train": 40.0, "ta": 90.0}
        writer.metrics(4, values)
        writer.event(4, "stop-rule", "The run stops, Eq. 8: at most 10 %")
        reader, record = store.reader(run_id), store.run(run_id)
        found = marks.marks(reader.events(), reader.metrics(), record, reader.progress())
        writer.close()
    assert [m["text"] for m in found] == [
        "The run stops, Eq. 8: at most 10 %",
        "the stopping rule “Stop at test accuracy (Eq. 9)” is met",
    ]


def recording(**more: Any) -> dict[str, Any]:
    lines = [{"key": "ra", "steps": [0, 4, 8], "values": [99.0, 90.0, 90.0], "retrained": 99.0}]
    said = {"curves": lines, "steps": [0, 4, 8], "classes": ["a", "b"], "forget_classes": [1]}
    return {**said, "events": [{"step": 4, "kind": "pause", "text": "Paused"}], **more}


def test_an_older_recording_is_marked_by_what_it_shows() -> None:
    pred = np.zeros((3, 10), np.uint8)
    pred[2] = 1
    found = marks.of_recording(recording(), pred)
    assert [(m["step"], m["kind"]) for m in found] == [
        (4, "pause"),
        (4, "retain-falls"),
        (8, "mass-change"),
    ]


def test_a_recording_that_has_derived_marks_keeps_its_own() -> None:
    own = [{"step": 4, "kind": "against-loss", "text": "as it was", "tone": "change"}]
    assert marks.of_recording(recording(events=own), np.zeros((3, 10), np.uint8)) == own


def test_of_a_recording_of_some_frames_nobody_knows_how_many_changed_in_one() -> None:
    pred = np.array([[0] * 10, [0] * 10, [1] * 10], np.uint8)
    found = marks.of_recording(recording(every=2, on_record=6), pred)
    assert "mass-change" not in [mark["kind"] for mark in found]
