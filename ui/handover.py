"""Hand over: a run, or several beside one another, as a file. One panel lists the formats by what
they are for; quick ones are made here, slow ones by a process that says how far it is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import streamlit as st

from cu_core.comparison import export as beside
from cu_core.comparison.together import Told
from cu_core.errors import LetheError
from cu_core.service import spawn
from cu_core.spec import Export
from cu_core.stage import export
from cu_core.stage.export import Format, Order
from cu_core.store.mailbox import OPEN
from ui import blocks, look, session

ASKED = "handover"  # in the session: what the open panel is about
FILES = "handover/files"  # ... and what this tab has of its files
PURPOSES = {"watch": "To watch", "show": "To show", "compute": "To compute with"}
LIMITS = (
    "Every file says what was measured. None of them attests that something was deleted: Lethe "
    "does not."
)
POLL_S = 0.5


@dataclass(frozen=True)
class Subject:
    """A run by its id, or several as they are called. ``opens``: what is on the screen."""

    ids: tuple[str, ...]
    opens: Mapping[str, Any]
    told: tuple[Told, ...] = ()


@dataclass
class File:
    """Of one format in this tab. ``question``: its number while a process makes the file; ``said``:
    why there is none, ``fault``: whether that is an error."""

    wanted: bool = False
    data: bytes | None = None
    question: int | None = None
    since: float = field(default_factory=time.monotonic)
    said: str = ""
    fault: bool = False


def offer(ids: Sequence[str], opens: Mapping[str, Any], told: Sequence[Told] = ()) -> None:
    """The button that opens the panel; the page is drawn anew for it."""
    if st.button("Hand over", key="handover/open", icon=":material/ios_share:", type="tertiary"):
        st.session_state[ASKED] = Subject(tuple(ids), dict(opens), tuple(told))
        st.rerun()


def panel(ids: Sequence[str]) -> None:
    """The panel that was asked for of these runs, over the page; nothing while none is."""
    subject: Subject | None = st.session_state.get(ASKED)
    if subject is None or look.ASKED in st.session_state:
        return
    if subject.ids != tuple(ids):
        _close()  # the page shows other runs by now
    else:
        st.dialog("Hand over", width="medium", on_dismiss=_close)(_draw)(subject)


def _close() -> None:
    st.session_state.pop(ASKED, None)
    st.session_state.pop(FILES, None)  # megabytes that nobody looks at


def _draw(subject: Subject) -> None:
    with blocks.guarded():
        one = len(subject.ids) == 1
        kinds: list[Format] = [*(export.formats() if one else beside.formats()).values()]
        for purpose, words in PURPOSES.items():
            own = [kind for kind in kinds if kind.purpose == purpose]
            if own:
                blocks.heading(words)
            for kind in own:
                _row(subject, kind)
        st.space("small")
        blocks.note(LIMITS)


def _row(subject: Subject, kind: Format) -> None:
    """What the file is for; beside it the one thing that can be done next. While a process makes
    the file, the row alone is drawn anew: the page behind it would take a second each time."""
    file = _file(subject, kind)
    if file.wanted and file.data is None:
        _make(subject, kind, file)
    if file.question is None:
        _drawn(subject, kind, file)
        return

    @st.fragment(run_every=POLL_S)
    def poll() -> None:
        with blocks.guarded():
            now = _file(subject, kind)
            if now.wanted:  # again, after it was cancelled
                _make(subject, kind, now)
            if now.data is not None:
                st.rerun()  # it is there: nobody has to ask any more
            _drawn(subject, kind, now)

    poll()


def _drawn(subject: Subject, kind: Format, file: File) -> None:
    with st.container(key=f"handover-{kind.key}", horizontal=True, vertical_alignment="center"):
        blocks.entry(f"{kind.title[0].upper()}{kind.title[1:]} ({kind.ending[1:]})", kind.help)
        if file.data is not None:
            _save(subject, kind, file.data)
        elif file.question is not None:
            _progress(kind, file, file.question)
        elif session.store().paths.read_only:
            blocks.note("Needs a home that can be written.")
        else:
            st.button(
                f"Make the {kind.noun}",
                key=f"handover-make-{kind.key}",
                on_click=_want,
                args=(file,),
            )
    if file.said:
        (blocks.error if file.fault else blocks.note)(file.said)


def _want(file: File) -> None:
    file.wanted, file.said, file.since = True, "", time.monotonic()


def _save(subject: Subject, kind: Format, data: bytes) -> None:
    """Bytes, not a callable: Streamlit 1.67 drops a deferred file when two scripts end, in whatever
    tab, before the browser has fetched it (seen as 404 while a page polled)."""
    st.download_button(
        f"Save the {kind.noun} ({blocks.size(len(data))})",
        data=data,
        file_name=_name(subject, kind),
        mime=kind.mime,
        key=f"handover-save-{kind.key}",
        icon=":material/download:",
        on_click="ignore",
    )


def _name(subject: Subject, kind: Format) -> str:
    if len(subject.ids) > 1:
        return beside.file_name(subject.ids, kind.ending)
    record = session.store().run(subject.ids[0])
    return export.file_name(record, kind.ending, session.progress(record))


def _file(subject: Subject, kind: Format) -> File:
    """What this tab has of it, as long as the runs say the same."""
    files: dict[object, File] = st.session_state.setdefault(FILES, {})
    versions = tuple(session.store().version(run_id) for run_id in subject.ids)
    opens = json.dumps(dict(subject.opens), sort_keys=True) if kind.seen else ""
    file = files.setdefault((subject.ids, subject.told, kind.key, opens, versions), File())
    if kind.slow and file.data is None:
        _look(file, _question(subject, kind), kind)
    return file


# --- making -----------------------------------------------------------------------------------


def _make(subject: Subject, kind: Format, file: File) -> None:
    """Here, or by a process; a refusal is said under the row."""
    file.wanted = False
    try:
        if kind.slow:
            store, asked = session.store(), _question(subject, kind)
            file.question = store.open_question(asked) or store.ask(asked)
            spawn.hand_out(store, file.question)
        else:
            file.data = _made(subject, kind)
    except LetheError as refusal:
        file.said, file.fault = str(refusal), True


def _made(subject: Subject, kind: Format) -> bytes:
    store, order = session.store(), Order(subject.opens)
    records = [store.run(run_id) for run_id in subject.ids]
    if isinstance(kind, export.ExportFormat):
        return kind.make(store, records[0], order)
    assert isinstance(kind, beside.ComparisonFormat)
    told = subject.told or [one.told for one in beside.beside(store, records)]
    runs = [beside.Beside(*one) for one in zip(records, told, strict=True)]
    return kind.make(store, runs, order)


def _question(subject: Subject, kind: Format) -> Export:
    opens = dict(subject.opens) if kind.seen else {}
    return Export(run=subject.ids[0], format=kind.key, opens=opens)


def _look(file: File, asked: Export, kind: Format) -> None:
    """Whether the file is there by now, or somebody is at work on it: this tab or another one."""
    store = session.store()
    path = store.handout(asked, kind.ending)
    if path is not None:
        file.data, file.question = path.read_bytes(), None
        return
    if file.question is None:
        file.question = store.open_question(asked)
        return
    answer = store.answer(file.question)
    if answer is None or answer.state not in OPEN:
        gone = "The file was made and is not there any more. Make it again."
        file.said = answer.error if answer and answer.error else gone
        file.fault = answer is None or answer.state != "cancelled"
        file.question = None


def _cancel(question_id: int) -> None:
    session.store().cancel(question_id)


def _progress(kind: Format, file: File, number: int) -> None:
    """How far it is, by its own counters, and a way to end it."""
    store = session.store()
    answer = store.answer(number)
    waits = answer is not None and answer.state == "waiting"
    if waits and time.monotonic() - file.since > session.PATIENCE_S:
        file.since = time.monotonic()
        spawn.hand_out(store, number)  # whoever was started for it is not there
    said = (answer and answer.doing) or "Starting…"
    st.html(f'<p class="lethe-note">{escape(said)}</p>', width="content")
    st.button(
        f"Cancel the {kind.noun}",
        key=f"handover-cancel-{kind.key}",
        on_click=_cancel,
        args=(number,),
    )
