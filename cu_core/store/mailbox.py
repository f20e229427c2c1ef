"""What a page says to a worker: commands to a run, and questions that any idle worker answers.

A command has an id and is acknowledged by id; a run's state is for display. A question is taken by
compare-and-swap, so exactly one worker answers it.
"""

import json
import os
import time
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, delete, insert, select, update

from cu_core.errors import BadRequest, DiskFull, StoreError
from cu_core.files import CONFINED
from cu_core.spec import FINAL, KINDS, Question, Recorded
from cu_core.store.appdb import COMMAND, QUESTION, RUN, AppDb
from cu_core.store.paths import DAY_S, Paths, held, unknown_run
from cu_core.store.patience import STOP, Patience
from cu_core.store.runs import ENDED
from cu_core.store.workers import Worker

Verb = Literal["pause", "resume", "step", "stop", "rewind", "watch-for"]
VERBS: tuple[Verb, ...] = get_args(Verb)
WORKER_GONE = "The worker that was answering ended unexpectedly. Ask again."
CANCELLED = "Cancelled; nothing was kept of it."
OPEN = ("waiting", "taken")
WITHIN = "within"  # in a payload that is confined, beside "asked"; no question has a field of it
UNLISTED = 0  # the id of the one command that is not in the database, which has no room for it


@dataclass(frozen=True)
class Command:
    """``value``: the number of updates for "step", the step to go back to for "rewind", the kinds
    of events to pause at for "watch-for". ``by``: the session that gave it, "" for none."""

    id: int
    verb: Verb
    value: Any
    by: str = ""


@dataclass(frozen=True)
class AskedQuestion:
    """A question as a worker takes it: ``spec.question(kind, payload)`` is what was asked.
    ``within``: the folders that its paths are confined to, "" for anywhere."""

    id: int
    kind: str
    payload: dict[str, Any]
    within: str = ""


@dataclass(frozen=True)
class Answer:
    """``error`` is the sentence of a failure, or of its end by ``cancel``; ``answer`` is there once
    state is "answered": ``question.parse_answer(answer)`` reads it; ``doing``: what is going on
    until then."""

    state: Literal["waiting", "taken", "answered", "failed", "cancelled"]
    answer: dict[str, Any] | None = None
    error: str = ""
    doing: str = ""


class Mailbox:
    """The part of the store that carries words between pages and workers."""

    paths: Paths
    db: AppDb
    patience: Patience
    worker: Worker | None = None  # this process, once it is registered as one

    def command(self, run_id: str, verb: Verb, value: Any = None, by: str = "") -> int:
        """Its id. To a run that has ended it is acknowledged at once, with a note saying so.

        A full disk takes none but ``stop``, as the empty file ``UNLISTED`` stands for.
        """
        if verb not in VERBS:
            raise BadRequest(f"{verb!r} is not a command; a run knows {', '.join(VERBS)}.")
        self.paths.run(run_id)
        try:
            return self._given(run_id, verb, value, by)
        except DiskFull:
            if verb != "stop":
                raise
            (self.paths.run(run_id) / STOP).touch()
            return UNLISTED

    def _given(self, run_id: str, verb: Verb, value: Any, by: str) -> int:
        with self.db.write() as connection:
            query = select(RUN.c.state).where(RUN.c.run_id == run_id)
            state = connection.execute(query).scalar_one_or_none()
            if state is None:
                raise unknown_run(run_id)
            given = {"by": by, "value": value} if by else value
            row = {"run_id": run_id, "verb": verb, "value": json.dumps(given)}
            note = ENDED if state in FINAL else None
            done = connection.execute(insert(COMMAND), row | {"note": note})
        return _new_id(done.inserted_primary_key)

    def pending(self, run_id: str) -> list[Command]:
        """Those not yet acknowledged, in the order they were given."""
        return self.patience.insist(lambda: self._pending(run_id))

    def _pending(self, run_id: str) -> list[Command]:
        query = (
            select(COMMAND.c.id, COMMAND.c.verb, COMMAND.c.value)
            .where(COMMAND.c.run_id == run_id, COMMAND.c.note.is_(None))
            .order_by(COMMAND.c.id)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        told = [_command(row.id, row.verb, json.loads(row.value)) for row in rows]
        stop = (self.paths.run(run_id) / STOP).exists()
        return [*told, *([Command(UNLISTED, "stop", None)] if stop else [])]

    def acknowledge(self, command_id: int, note: str = "") -> None:
        """The worker's word that the command is done; a ``note`` that ends in a full stop is the
        sentence of why it was not."""
        self.patience.insist(lambda: self._acknowledge(command_id, note))

    def _acknowledge(self, command_id: int, note: str) -> None:
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
        row = {"kind": question.kind, "payload": _payload(question), "created": now}
        with self.db.write() as connection:
            stale = QUESTION.c.created < now - DAY_S
            connection.execute(delete(QUESTION).where(stale))
            done = connection.execute(insert(QUESTION), row | {"state": "waiting"})
        return _new_id(done.inserted_primary_key)

    def next_question(self) -> AskedQuestion | None:
        """The oldest waiting question, now taken by the caller alone; none of those that have a
        process of their own."""
        apart = [kind for kind, asked in KINDS.items() if asked.apart]
        return self._taken((QUESTION.c.state == "waiting") & QUESTION.c.kind.not_in(apart))

    def take_question(self, question_id: int) -> AskedQuestion | None:
        """This very question, by the process that was started for it; None where it is no longer
        waiting."""
        return self._taken((QUESTION.c.state == "waiting") & (QUESTION.c.id == question_id))

    def _taken(self, which: ColumnElement[bool]) -> AskedQuestion | None:
        query = select(QUESTION).where(which).order_by(QUESTION.c.id).limit(1)
        with self.db.read() as connection:
            if connection.execute(query).first() is None:
                return None  # an idle worker asks often: it should not take the write lock
        with self.db.write() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            taken = update(QUESTION).where(QUESTION.c.id == row.id, which)
            connection.execute(
                taken.values(
                    state="taken", holder=self.worker.lock_path.name if self.worker else None
                )
            )
        said = json.loads(row.payload)
        if WITHIN in said:
            return AskedQuestion(row.id, row.kind, said["asked"], said[WITHIN])
        return AskedQuestion(row.id, row.kind, said)

    def open_question(self, question: Question[Any]) -> int | None:
        """Of this very question, asked before and not yet answered, its id: another tab waits."""
        asked = (QUESTION.c.kind == question.kind, QUESTION.c.payload == _payload(question))
        query = select(QUESTION.c.id).where(*asked, QUESTION.c.state.in_(OPEN))
        with self.db.read() as connection:
            ids = connection.execute(query.order_by(QUESTION.c.id.desc())).scalars().all()
        open_ones = (i for i in ids if (now := self.answer(i)) is not None and now.state in OPEN)
        return next(open_ones, None)

    def cancel(self, question_id: int) -> bool:
        """Nobody wants an answer any more; whoever is at work on one hears of it by ``tell``.
        False where there is one already."""
        wanted = (QUESTION.c.id == question_id) & QUESTION.c.state.in_(OPEN)
        with self.db.write() as connection:
            values = {"state": "cancelled", "answer": None, "error": CANCELLED}
            query = update(QUESTION).where(wanted).values(values)
            return connection.execute(query).rowcount == 1

    def reply(self, question_id: int, answer: Recorded | None, error: str = "") -> bool:
        """``answer``, or None with the sentence of why there is none. False where it was cancelled
        meanwhile: then it is not kept."""
        if (answer is None) != bool(error):
            raise StoreError("A reply is an answer or the sentence of an error, never both.")
        values = {
            "state": "failed" if answer is None else "answered",
            "answer": None if answer is None else json.dumps(answer.written),
            "error": error,
        }
        with self.db.write() as connection:
            query = update(QUESTION).where(
                QUESTION.c.id == question_id, QUESTION.c.state != "cancelled"
            )
            return connection.execute(query.values(values)).rowcount == 1

    def tell(self, question_id: int, doing: str) -> bool:
        """What the worker that has the question is doing for it, in words. False once nobody wants
        the answer."""
        taken = (QUESTION.c.id == question_id) & (QUESTION.c.state == "taken")
        with self.db.write() as connection:
            query = update(QUESTION).where(taken).values(answer=json.dumps(doing))
            return connection.execute(query).rowcount == 1

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


def _command(id: int, verb: Verb, given: Any) -> Command:
    if isinstance(given, dict) and "by" in given:
        return Command(id, verb, given["value"], given["by"])
    return Command(id, verb, given)


def _payload(question: Question[Any]) -> str:
    """As it is kept: with what confines the paths that whoever asks may name, for a worker that
    answers is not always of the same app."""
    asked, folders = question.model_dump_json(), os.environ.get(CONFINED, "")
    return f'{{"{WITHIN}": {json.dumps(folders)}, "asked": {asked}}}' if folders else asked


def _new_id(key: Any) -> int:
    return int(key[0])
