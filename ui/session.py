"""What a page knows before it draws: the store, the followed run and its URL, its questions.

The truth is in the store; ``st.session_state`` holds only what one browser tab has seen. A run is
found again by ``?run=<id>`` (``ui/address``).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, TypeVarTuple

import streamlit as st

from cu_core.errors import LetheError, StoreError, UnknownRun
from cu_core.files import ROOT
from cu_core.spec import LIVE as LIVE
from cu_core.spec import (
    Catalog,
    FetchRequest,
    Question,
    Recorded,
    RunProgress,
    RunRecord,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.stage.moment import Moment
from cu_core.store import Store
from cu_core.store.mailbox import WORKER_GONE
from ui import address, blocks, engine, visitors

RUN = "run"  # in the address
SETTLE_S = 0.4  # a question is asked once its knobs have rested this long
PATIENCE_S = 6.0  # an engine that is silent for this long is looked after
READ_S = 10.0  # what a notice is given to be read, however often the page is drawn meanwhile
QUESTIONS = 64  # that a tab remembers
MOST_DEATHS = 2  # of workers, over one question

GONE_S = 5.0  # between two looks at whether what is shown is still there
DELETED = "The run that was shown here has been deleted, in another session or by a command."
DEADLY = "Workers ended while they answered this, so it is not asked once more."

A = TypeVar("A", bound=Recorded)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def store() -> Store:
    """The home folder's store, one for all tabs, as this visitor may use it."""
    return visitors.admit(_store(os.environ.get("LETHE_HOME", "")))


def read_only() -> bool:
    """Whether all that can be done here is to look: what would be refused is not offered."""
    return store().read_only or bool(store().paths.read_only)


@st.cache_resource(show_spinner=False)
def _store(home: str) -> Store:
    return Store(home or None)


def page(name: str) -> Path:
    """A page as Streamlit wants it named: the entry script is not beside the pages."""
    return ROOT / "pages" / f"{name}.py"


# --- the followed run -------------------------------------------------------------------------


def followed() -> RunRecord | None:
    """The run of this tab, by URL first. None: there is none, or it is gone (said in a line)."""
    run_id = address.named(RUN)
    if not run_id:
        return None
    try:
        record = store().run(run_id)
    except UnknownRun as fault:
        notice(DELETED if run_id == st.session_state.get(RUN) else str(fault))
        unfollow()
        return None
    follow(record.run_id)
    return record


def rerun_without(run_ids: Sequence[str]) -> None:
    """Draws the page anew once one of the runs that it shows has been deleted elsewhere."""

    @st.fragment(run_every=GONE_S)
    def look() -> None:
        with suppress(StoreError):  # the page itself says what is wrong with the home
            if not all(map(store().is_known, run_ids)):
                st.rerun()

    look()


def follow(run_id: str) -> None:
    """Makes this the run of the tab, in the URL and in the session."""
    if address.name(RUN, run_id):
        leave_moment()


def leave_moment() -> None:
    """What an address said of another run is no longer said."""
    for name in Moment.model_fields:
        st.query_params.pop(name, None)


def unfollow() -> None:
    address.forget(RUN)


def start(request: UnlearnRequest | TrainRequest | FetchRequest, name: str | None = None) -> str:
    """Queues a request and sees to it that somebody takes it. A twin that waits is not doubled."""
    for record in store().runs(request.kind):
        if record.state in LIVE and store().same_request(record.request, request):
            return record.run_id
    run_id = store().enqueue(request, name)
    engine.take_up(store())
    return run_id


def progress(record: RunRecord) -> RunProgress:
    """Where a run stands; nothing of a damaged one."""
    return store().progress(record)


def whose() -> str:
    """What this session signs its commands with, so that who paused a run can be told."""
    name: str = st.session_state.setdefault("session", secrets.token_hex(4))
    return name


def halt(record: RunRecord) -> None:
    """Takes a run out of the queue, or tells its worker to stop."""
    taken = attempt(store().move, record.run_id, "queued", "stopped", "Stopped before it began.")
    if taken is False:  # a worker was faster
        attempt(store().command, record.run_id, "stop", None, whose())


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
    deaths: int = 0
    reply: Reply[A] = field(default_factory=Reply)


def ask(question: Question[A], tag: object = None, settle: bool = False) -> Reply[A]:
    """What a worker says to this question.

    The same question is asked once a tab; another ``tag`` asks it anew. With ``settle`` it goes
    out only after it has stood for a moment, so that a slider on its way asks nothing.
    """
    if fault := store().paths.read_only:
        return Reply(error=fault)  # nobody could hear it
    own = _exchange(question, tag)
    if own.reply.settled:
        return own.reply
    if own.id is None and not (settle and time.monotonic() - own.since < SETTLE_S):
        try:
            own.id = store().ask(question)
        except StoreError as refusal:
            own.reply = Reply(error=str(refusal))
            return own.reply
        engine.wake(store(), engine.PAINT_S)
    if own.id is not None:
        answer = store().answer(own.id)
        if time.monotonic() - own.since > PATIENCE_S:
            own.since = time.monotonic()
            engine.wake(store())  # nobody may be there any more to answer
        gone = answer is not None and answer.error == WORKER_GONE
        own.deaths += gone
        if own.deaths >= MOST_DEATHS:
            own.reply = Reply(error=f"{DEADLY} {store().home / 'worker.log'} may say why.")
        elif answer is None or gone:
            own.id = None  # swept, or its worker died: ask again
        elif answer.answer is not None:
            own.reply = Reply(question.parse_answer(answer.answer))
        else:
            if answer.state == "waiting" and engine.broken(store()):
                return Reply(error=engine.NOBODY)
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
    if store().paths.read_only and not ready():
        return blocks.note("No engine can start in a home that cannot be written.")
    state = {"since": time.monotonic(), "woken": False, "drawn": False}

    @st.fragment(run_every=0.5)
    def poll() -> None:
        found = ready()
        reply = found if isinstance(found, Reply) else None
        came = reply.settled if reply else found
        if state["drawn"] and (came or engine.is_news(store())):
            st.rerun()
        state["drawn"] = True
        if not state["woken"] and time.monotonic() - state["since"] > PATIENCE_S:
            state["woken"] = True
            engine.wake(store())
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
    if place == "page":
        if fault := (store().catalog() or Catalog()).warning:
            blocks.error(fault)  # the installation itself: torch and torchvision do not fit
        engine.say(store())
