"""What a page knows before it draws: the store, the followed run and its URL, its questions.

The truth is in the store; ``st.session_state`` holds only what one browser tab has seen. A run is
found again by ``?run=<id>``, which a page change drops, so the id is kept in both places.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, TypeVarTuple

import streamlit as st

from cu_core.errors import LetheError, UnknownRun
from cu_core.files import ROOT
from cu_core.service import spawn
from cu_core.spec import (
    ACTIVE,
    Catalog,
    FetchRequest,
    Question,
    Recorded,
    RunProgress,
    RunRecord,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.store import Store
from cu_core.store.mailbox import WORKER_GONE
from ui import blocks

LIVE = ("queued", *ACTIVE)
SETTLE_S = 0.4  # a question is asked once its knobs have rested this long
PATIENCE_S = 6.0  # an engine that is silent for this long is looked after
PAINT_S = 0.5  # what a page is given to paint before a worker takes the processor
READ_S = 10.0  # what a notice is given to be read, however often the page is drawn meanwhile
QUESTIONS = 64  # that a tab remembers

A = TypeVar("A", bound=Recorded)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def store() -> Store:
    """The home folder's store: one for all tabs."""
    return _store(os.environ.get("LETHE_HOME", ""))


@st.cache_resource(show_spinner=False)
def _store(home: str) -> Store:
    return Store(home or None)


def page(name: str) -> Path:
    """A page as Streamlit wants it named: the entry script is not beside the pages."""
    return ROOT / "pages" / f"{name}.py"


# --- the engine -------------------------------------------------------------------------------


def wake(delay: float = 0.0) -> None:
    """Starts a worker if none is idle; after ``delay`` seconds, so that the page paints first.

    An idle worker goes away with this server; one that has a run stays to its end.
    """
    timer = threading.Timer(delay, spawn.ensure_worker, [store(), os.getpid()])
    timer.daemon = True
    timer.start()


def take_up() -> None:
    """Sees to it that somebody takes what is queued, and that nobody starts beside who has."""
    threading.Thread(target=spawn.see_to_runs, args=(store(), os.getpid()), daemon=True).start()


def wake_once(delay: float) -> None:
    """The same, for the first page that this server draws."""
    _wake_once(os.environ.get("LETHE_HOME", ""), delay)


@st.cache_resource(show_spinner=False)
def _wake_once(home: str, _delay: float) -> bool:
    wake(_delay)
    return True


# --- the followed run -------------------------------------------------------------------------


def followed() -> RunRecord | None:
    """The run of this tab, by URL first. None: there is none, or it is gone (said in a line)."""
    run_id = st.query_params.get("run") or st.session_state.get("run")
    if not run_id:
        return None
    try:
        record = store().run(run_id)
    except UnknownRun as fault:
        unfollow()
        notice(str(fault))
        return None
    follow(record.run_id)
    return record


def follow(run_id: str) -> None:
    """Makes this the run of the tab, in the URL and in the session."""
    st.session_state["run"] = run_id
    if st.query_params.get("run") != run_id:
        st.query_params["run"] = run_id


def unfollow() -> None:
    st.session_state.pop("run", None)
    if "run" in st.query_params:
        del st.query_params["run"]


def start(request: UnlearnRequest | TrainRequest | FetchRequest, name: str | None = None) -> str:
    """Queues a request and sees to it that somebody takes it. A twin that waits is not doubled."""
    for record in store().runs(request.kind):
        if record.state in LIVE and record.request == request:
            return record.run_id
    run_id = store().enqueue(request, name)
    take_up()
    return run_id


def settles(record: RunRecord) -> bool:
    """Whether exact figures are soon to come for a run whose verdict stands on a draw. Who made
    the run counts them; where nobody does any more, a process is started for it, once a tab: one
    that leaves without them has said why in worker.log."""
    if not record.summary.looked_at:
        return False
    if store().is_settling(record.run_id):
        return True
    seen, now = st.session_state.setdefault("unsettled", {}), time.monotonic()
    since, started = seen.setdefault(record.run_id, (now, False))
    if now - since > PATIENCE_S:
        if started:
            return False
        seen[record.run_id] = now, True
        spawn.settle(store(), record.run_id)
    return True


def progress(record: RunRecord) -> RunProgress:
    """Where a run stands; nothing of a damaged one."""
    if record.state == "damaged":
        return RunProgress()
    return store().reader(record.run_id).progress()


def runs_ahead(record: RunRecord) -> int:
    """How many runs come before a queued one."""
    before = (r for r in store().runs() if r.created < record.created and not r.is_watched)
    return sum(r.state in LIVE for r in before)


def halt(record: RunRecord) -> None:
    """Takes a run out of the queue, or tells its worker to stop."""
    if not attempt(store().move, record.run_id, "queued", "stopped", "Stopped before it began."):
        attempt(store().command, record.run_id, "stop")


# --- questions to the engine ------------------------------------------------------------------


@dataclass(frozen=True)
class Reply(Generic[A]):
    """A worker's ``answer``, or in ``error`` the sentence of why there is none; neither while the
    question is open, when ``doing`` says how far it is."""

    answer: A | None = None
    error: str = ""
    doing: str = ""

    @property
    def settled(self) -> bool:
        return self.answer is not None or bool(self.error)


@dataclass
class _Exchange(Generic[A]):
    """A question of this tab: its id in the store while a worker has it, its reply once it came."""

    id: int | None = None
    since: float = field(default_factory=time.monotonic)
    reply: Reply[A] = field(default_factory=Reply)


def ask(question: Question[A], tag: object = None, settle: bool = False) -> Reply[A]:
    """What a worker says to this question.

    The same question is asked once a tab; another ``tag`` asks it anew. With ``settle`` it goes
    out only after it has stood for a moment, so that a slider on its way asks nothing.
    """
    own = _exchange(question, tag)
    if own.reply.settled:
        return own.reply
    if own.id is None and not (settle and time.monotonic() - own.since < SETTLE_S):
        own.id = store().ask(question)
        wake(PAINT_S)
    if own.id is not None:
        answer = store().answer(own.id)
        if time.monotonic() - own.since > PATIENCE_S:
            own.since = time.monotonic()
            wake()  # nobody may be there any more to answer
        if answer is None or answer.error == WORKER_GONE:
            own.id = None  # swept, or its worker died: ask again
        elif answer.answer is not None:
            own.reply = Reply(question.parse_answer(answer.answer))
        else:
            waits = "Waiting for the engine…" if answer.state == "waiting" else ""
            own.reply = Reply(error=answer.error, doing=answer.doing or waits)
    return own.reply


def _exchange(question: Question[A], tag: object) -> _Exchange[A]:
    """What this tab has of a question; the oldest are dropped."""
    questions: dict[object, _Exchange[A]] = st.session_state.setdefault("questions", {})
    key = (question.kind, question.model_dump_json(), tag)
    if key not in questions:
        while len(questions) >= QUESTIONS:
            questions.pop(next(iter(questions)))
        questions[key] = _Exchange()
    return questions[key]


def waiting(text: str, ready: Callable[[], object]) -> None:
    """A quiet line where something will be; draws the page again once ``ready()`` is true, or is a
    reply that is settled. What a worker is doing for a reply stands in the place of ``text``.

    It never cuts short the drawing that it is a part of: a click that is met further down would
    be lost. An engine that says nothing for a while is looked after: another one is started if it
    is gone.
    """
    state = {"since": time.monotonic(), "woken": False, "drawn": False}

    @st.fragment(run_every=0.5)
    def poll() -> None:
        found = ready()
        reply = found if isinstance(found, Reply) else None
        if state["drawn"] and (reply.settled if reply else found):
            st.rerun()
        state["drawn"] = True
        if not state["woken"] and time.monotonic() - state["since"] > PATIENCE_S:
            state["woken"] = True
            wake()
        blocks.note((reply and reply.doing) or text)

    poll()


def attempt(action: Callable[[*Ts], T], *args: *Ts) -> T | None:
    """The action's result; a refusal is kept and shown by ``notices`` as its sentence."""
    try:
        return action(*args)
    except LetheError as fault:
        notice(str(fault))
        return None


def notice(sentence: str) -> None:
    """A sentence for the next drawing of the page, and for those that follow within READ_S."""
    st.session_state.setdefault("notices", []).append(sentence)


def notices(place: str = "page") -> None:
    """The notices that ``place`` was the first to draw: a page and a part of it that polls draw
    on their own, and either would take a sentence away before it is read."""
    drawn, now = st.session_state.setdefault("drawn_notices", {}), time.monotonic()
    drawn |= {sentence: (place, now) for sentence in st.session_state.pop("notices", [])}
    for sentence, (where, since) in list(drawn.items()):
        if now - since > READ_S:
            del drawn[sentence]
        elif where == place:
            st.warning(blocks.plain(sentence), icon=":material/info:")
    if place == "page" and (fault := (store().catalog() or Catalog()).warning):
        blocks.error(fault)  # the installation itself: torch and torchvision do not fit
