"""Words between pages and workers: by id, in order, to exactly one taker."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cu_core.errors import BadRequest, StoreError
from cu_core.spec import DatasetFacts, DescribeDataset, Export, Preflight, UnlearnRequest
from cu_core.store import Answer, Store
from tests.store.samples import REQUEST, child

TAKE_AND_WAIT = """
import os, sys, time
from cu_core.store import Answer, Store
store = Store(sys.argv[1], bundled=None)
store.register_worker(os.getpid())
print(store.next_question().id, flush=True)
time.sleep(60)
"""


def test_commands_are_taken_in_order_and_acknowledged_by_id(store: Store) -> None:
    run_id, other = store.enqueue(REQUEST), store.enqueue(REQUEST)
    pause, step = store.command(run_id, "pause"), store.command(run_id, "step", 3)
    store.command(other, "stop")
    assert [(c.id, c.verb, c.value) for c in store.pending(run_id)] == [
        (pause, "pause", None),
        (step, "step", 3),
    ]
    store.acknowledge(step)
    assert store.acknowledged(step) == "" and store.acknowledged(pause) is None
    assert [c.id for c in store.pending(run_id)] == [pause]
    store.acknowledge(pause, "already paused by another session")
    assert store.acknowledged(pause) == "already paused by another session"
    assert [c.verb for c in store.pending(other)] == ["stop"]
    with pytest.raises(BadRequest, match="explode"):
        store.command(run_id, "explode")  # type: ignore[arg-type]


def test_no_page_waits_for_a_run_that_has_ended(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    waiting = store.command(run_id, "pause")
    store.move(run_id, "queued", "stopped")
    late = store.command(run_id, "step", 1)
    assert store.acknowledged(waiting) == store.acknowledged(late) == "The run had already ended."
    assert store.pending(run_id) == []


def test_a_question_is_answered_once(store: Store) -> None:
    asked = store.ask(DescribeDataset(key="digits"))
    assert store.answer(asked) is not None and store.answer(asked).state == "waiting"  # type: ignore[union-attr]
    question = store.next_question()
    assert question is not None and (question.id, question.kind) == (asked, "dataset")
    assert question.payload == DescribeDataset(key="digits").model_dump()
    assert store.next_question() is None
    store.reply(asked, DatasetFacts(n_train=1437))
    answer = store.answer(asked)
    assert answer is not None and (answer.state, answer.answer) == ("answered", {"n_train": 1437})
    failed = store.ask(Preflight(request=UnlearnRequest()))
    store.next_question()
    store.reply(failed, None, "The forget set is empty.")
    answer = store.answer(failed)
    assert answer is not None and (answer.state, answer.error) == (
        "failed",
        "The forget set is empty.",
    )
    with pytest.raises(StoreError):
        store.reply(failed, DatasetFacts(), "both")


def test_what_is_being_done_for_a_question_is_told_until_it_is_answered(store: Store) -> None:
    asked = store.ask(DescribeDataset(key="digits"))
    store.tell(asked, "too early: nobody has taken it")
    assert store.answer(asked) == Answer("waiting")
    store.next_question()
    store.tell(asked, "Reading 50,000 images: 31,000")
    assert store.answer(asked) == Answer("taken", doing="Reading 50,000 images: 31,000")
    store.reply(asked, DatasetFacts(key="digits"))
    told = store.answer(asked)
    assert told is not None and (told.state, told.doing) == ("answered", "")


def test_many_threads_take_each_question_once(store: Store) -> None:
    asked = [store.ask(DescribeDataset(key=str(i))) for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: store.next_question(), range(18)))
    assert sorted(q.id for q in taken if q) == asked


def test_a_question_whose_worker_died_is_a_failure_not_a_wait(store: Store) -> None:
    asked = store.ask(DescribeDataset(key="digits"))
    worker = child(TAKE_AND_WAIT, store.home)
    assert worker.stdout is not None and int(worker.stdout.readline()) == asked
    assert store.answer(asked).state == "taken"  # type: ignore[union-attr]
    assert store.idle_workers() == 1
    worker.kill()
    worker.wait()
    answer = store.answer(asked)
    assert answer is not None and answer.state == "failed" and "Ask again" in answer.error
    assert store.idle_workers() == 0
    assert list((store.home / "workers").iterdir()) == []


def test_questions_of_yesterday_are_swept(store: Store) -> None:
    old = store.ask(DescribeDataset(key="digits"))
    with sqlite3.connect(store.home / "app.db") as connection:
        connection.execute("UPDATE question SET created = ?", (time.time() - 90_000,))
    new = store.ask(DescribeDataset(key="digits"))
    assert store.answer(old) is None and store.answer(new) is not None


def test_workers_are_counted_by_their_role(store: Store) -> None:
    one, two = store.register_worker(101), Store(store.home, bundled=None).register_worker(102)
    assert store.idle_workers() == 2
    store.set_role(one, "busy", "20261121-141523-042-9f3a1c")
    assert store.idle_workers() == 1
    assert [(w.pid, w.role) for w in store.workers()] == [(101, "busy"), (102, "idle")]
    two.release()
    assert [w.run_id for w in store.workers()] == ["20261121-141523-042-9f3a1c"]


def test_only_one_starts_a_worker(store: Store) -> None:
    with store.only_one("spawn") as first, store.only_one("spawn", 0) as second:
        assert (first, second) == (True, False)
    with store.only_one("spawn") as again:
        assert again


def test_a_question_that_is_cancelled_is_answered_by_nobody(store: Store) -> None:
    waiting, taken = (store.ask(DescribeDataset(key=key)) for key in "ab")
    assert store.cancel(waiting)
    question = store.next_question()
    assert question is not None and question.id == taken
    assert store.tell(taken, "Reading")
    assert store.cancel(taken) and not store.cancel(taken)
    assert not store.tell(taken, "Reading on")
    assert not store.reply(taken, DatasetFacts(n_train=1))
    for one in (waiting, taken):
        answer = store.answer(one)
        assert answer is not None and (answer.state, answer.answer) == ("cancelled", None)
        assert answer.error == "Cancelled; nothing was kept of it."
    done = store.ask(DescribeDataset(key="c"))
    store.next_question()
    assert store.reply(done, DatasetFacts(n_train=1)) and not store.cancel(done)


def test_a_question_with_a_process_of_its_own_is_left_to_that(store: Store) -> None:
    asked = Export(run="some-run", format="gif")
    number = store.ask(asked)
    assert store.next_question() is None and store.open_question(asked) == number
    taken = store.take_question(number)
    assert taken is not None and taken.payload == asked.model_dump()
    assert store.take_question(number) is None and store.open_question(asked) == number
    assert store.open_question(asked.model_copy(update={"format": "mp4"})) is None
    store.reply(number, None, "There is no such run.")
    assert store.open_question(asked) is None


def test_a_question_whose_worker_died_is_open_no_more(store: Store) -> None:
    asked = DescribeDataset(key="digits")
    number = store.ask(asked)
    worker = child(TAKE_AND_WAIT, store.home)
    assert worker.stdout is not None and int(worker.stdout.readline()) == number
    assert store.open_question(asked) == number
    worker.kill()
    worker.wait()
    assert store.open_question(asked) is None
