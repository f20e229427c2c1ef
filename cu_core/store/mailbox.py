"""What a page says to a worker: commands to a run, and questions that any idle worker answers.

A command has an id and is acknowledged by id; a run's state is for display. A question is taken by
compare-and-swap, so exactly one worker answers it.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import delete, insert, select, update

from cu_core.errors import BadRequest, StoreError
from cu_core.spec import FINAL, Question, Recorded
from cu_core.store.appdb import COMMAND, QUESTION, RUN, AppDb
from cu_core.store.paths import DAY_S, Paths, held, unknown_run
from cu_core.store.runs import ENDED
from cu_core.store.workers import Worker

Verb = Literal["pause", "resume", "step", "stop", "rewind"]
VERBS: tuple[Verb, ...] = get_args(Verb)
WORKER_GONE = "The worker that was answering ended unexpectedly. Ask again."


@dataclass(frozen=True)
class Command:
    """``value``: the number of updates for "step", the step to go back to for "rewind"."""

    id: int
    verb: Verb
    value: Any


@dataclass(frozen=True)
class AskedQuestion:
    """A question as a worker takes it: ``spec.question(kind, payload)`` is what was asked."""

    id: int
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """``error`` is the sentence of a failure; ``answer`` is there once state is "answered":
    ``question.parse_answer(answer)`` reads it; ``doing``: what is going on until then."""

    state: Literal["waiting", "taken", "answered", "failed"]
    answer: dict[str, Any] | None = None
    error: str = ""
    doing: str = ""


class Mailbox:
    """The part of the store that carries words between pages and workers."""

    paths: Paths
    db: AppDb
    worker: Worker | None = None  # this process, once it is registered as one

    def command(self, run_id: str, verb: Verb, value: Any = None) -> int:
        """Its id. To a run that has ended it is acknowledged at once, with a note saying so."""
        if verb not in VERBS:
            raise BadRequest(f"{verb!r} is not a command; a run knows {', '.join(VERBS)}.")
        self.paths.run(run_id)
        with self.db.write() as connection:
            query = select(RUN.c.state).where(RUN.c.run_id == run_id)
            state = connection.execute(query).scalar_one_or_none()
            if state is None:
                raise unknown_run(run_id)
            row = {"run_id": run_id, "verb": verb, "value": json.dumps(value)}
            note = ENDED if state in FINAL else None
            done = connection.execute(insert(COMMAND), row | {"note": note})
        return _new_id(done.inserted_primary_key)

    def pending(self, run_id: str) -> list[Command]:
        """Those not yet acknowledged, in the order they were given."""
        query = (
            select(COMMAND.c.id, COMMAND.c.verb, COMMAND.c.value)
            .where(COMMAND.c.run_id == run_id, COMMAND.c.note.is_(None))
            .order_by(COMMAND.c.id)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        return [Command(row.id, row.verb, json.loads(row.value)) for row in rows]

    def acknowledge(self, command_id: int, note: str = "") -> None:
        """The worker's word that the command is done (or, in ``note``, why it was not)."""
        with self.db.write() as connection:
            query = update(COMMAND).where(COMMAND.c.id == command_id).values(note=note)
            connection.execute(query)

    def acknowledged(self, command_id: int) -> str | None:
        """The note of an acknowledged command, None while it waits."""
        with self.db.read() as connection:
            query = select(COMMAND.c.note).where(COMMAND.c.id == command_id)
            note: str | None = connection.execute(query).scalar_one_or_none()
        return note

    def ask(self, question: Question[Any]) -> int:
        """Puts a question to whichever worker is idle. Questions of yesterday are swept."""
        now = time.time()
        row = {"kind": question.kind, "payload": question.model_dump_json(), "created": now}
        with self.db.write() as connection:
            stale = QUESTION.c.created < now - DAY_S
            connection.execute(delete(QUESTION).where(stale))
            done = connection.execute(insert(QUESTION), row | {"state": "waiting"})
        return _new_id(done.inserted_primary_key)

    def next_question(self) -> AskedQuestion | None:
        """The oldest waiting question, now taken by the caller alone."""
        waiting = QUESTION.c.state == "waiting"
        query = select(QUESTION).where(waiting).order_by(QUESTION.c.id).limit(1)
        with self.db.read() as connection:
            if connection.execute(query).first() is None:
                return None  # an idle worker asks often: it should not take the write lock
        with self.db.write() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            taken = update(QUESTION).where(QUESTION.c.id == row.id, waiting)
            connection.execute(
                taken.values(
                    state="taken", holder=self.worker.lock_path.name if self.worker else None
                )
            )
        return AskedQuestion(row.id, row.kind, json.loads(row.payload))

    def reply(self, question_id: int, answer: Recorded | None, error: str = "") -> None:
        """``answer``, or None with the sentence of why there is none."""
        if (answer is None) != bool(error):
            raise StoreError("A reply is an answer or the sentence of an error, never both.")
        values = {
            "state": "failed" if answer is None else "answered",
            "answer": None if answer is None else json.dumps(answer.written),
            "error": error,
        }
        with self.db.write() as connection:
            query = update(QUESTION).where(QUESTION.c.id == question_id)
            connection.execute(query.values(values))

    def tell(self, question_id: int, doing: str) -> None:
        """What the worker that has the question is doing for it, in words."""
        taken = (QUESTION.c.id == question_id) & (QUESTION.c.state == "taken")
        with self.db.write() as connection:
            connection.execute(update(QUESTION).where(taken).values(answer=json.dumps(doing)))

    def answer(self, question_id: int) -> Answer | None:
        """None for a question that is unknown or was swept."""
        with self.db.read() as connection:
            query = select(QUESTION).where(QUESTION.c.id == question_id)
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.state == "taken" and row.holder and not held(self.paths.workers / row.holder):
            return Answer("failed", None, WORKER_GONE)
        if row.state == "taken":
            return Answer("taken", doing=json.loads(row.answer) if row.answer else "")
        return Answer(row.state, json.loads(row.answer) if row.answer else None, row.error)


def _new_id(key: Any) -> int:
    return int(key[0])
