"""Lethe at an address that other machines reach: who may come in, and what they may name there."""

import hashlib
import hmac
import logging
import math
import os
import threading
import time
from dataclasses import dataclass

import streamlit as st

from cu_core.errors import LetheError
from cu_core.files import CONFINED
from cu_core.files import TOKEN as TOKEN
from ui import blocks, session, uploads
from ui.browsers import NOBODY as NOBODY
from ui.browsers import is_loopback as is_loopback
from ui.browsers import is_shared, wants_token

log = logging.getLogger(__name__)
ADMITTED = "served/admitted"
FREE = 5  # wrong tokens that an address may give before it has to wait
LONGEST_S = 60.0  # that it waits, after ever more of them
DOUBLINGS = 6  # of a second, until it is so long
REMEMBERED = 4096  # addresses
LOOK_ONLY = (
    "You can look here: play runs, compare them, answer the stories, and save a run as a file. "
    "Nothing can be started or changed."
)


def guard() -> None:
    """Before any page: others learn nothing of this machine's disk, and come in with its token.

    Unless whoever runs the server has said which folders may be read, it is what lies in the home
    folder for that. The page ends here for a visitor who has not given the token, and for all while
    a setting says nothing.
    """
    try:
        session.store()
    except LetheError as refusal:
        log.error("%s", refusal)
        blocks.verdict("Lethe is not open yet")
        # Whoever has not come in learns nothing of this machine
        blocks.error(str(refusal) if is_open() else "Whoever runs it finds the reason in its log.")
        st.stop()
    if is_shared() or os.environ.get(CONFINED):
        _confine()
    if is_open():
        return
    token = os.environ.get(TOKEN, "")
    if not token:
        blocks.verdict("Lethe is not open yet")
        blocks.error(
            f"Other machines reach this address, and no token is set. Start it with {TOKEN}=… in "
            f"its environment, or {TOKEN}={NOBODY} where everybody may run what they like on it."
        )
        st.stop()
    _ask(token)


def is_open() -> bool:
    """Whether this visitor has to give no token, or has given it."""
    return ADMITTED in st.session_state or not wants_token()


def banner() -> None:
    """A quiet line over each page on which nothing can be begun."""
    if session.store().read_only:
        blocks.note(LOOK_ONLY)


def _confine() -> None:
    """Paths lead into the folders that were set, and to what Lethe itself keeps for its pages:
    uploads, trays, lists of runs, data. Not to the rest of its home, where secrets may lie."""
    paths = session.store().paths
    own = [str(one) for one in (paths.incoming, paths.choices, paths.runs, paths.data)]
    given = os.environ.get(CONFINED, "").split(os.pathsep)
    os.environ[CONFINED] = os.pathsep.join(dict.fromkeys([*filter(None, given), *own]))


# --- the token --------------------------------------------------------------------------------


@dataclass
class _Tries:
    """Wrong tokens from an address, and until when (monotonic) it gives no other."""

    wrong: int = 0
    until: float = 0.0


@st.cache_resource(show_spinner=False)
def _door() -> tuple[threading.Lock, dict[str, _Tries]]:
    """One for all sessions: who opens many tabs has no more tries than who opens one."""
    return threading.Lock(), {}


def _waits(address: str, now: float) -> float:
    """How long this address gives no token yet, in seconds."""
    lock, tries = _door()
    with lock:
        return max(tries.get(address, _Tries()).until - now, 0.0)


def _fits(given: str, token: str, address: str, now: float) -> bool:
    """Whether it is the token, in a time that says nothing of how much of it is right. False,
    unlooked at, while the address has to wait; each wrong one makes it wait longer."""
    lock, tries = _door()
    with lock:
        known = tries.setdefault(address, _Tries())
        if now < known.until:
            return False
        if hmac.compare_digest(_digest(given), _digest(token)):
            del tries[address]
            return True
        known.wrong += 1
        if known.wrong >= FREE:
            known.until = now + min(2.0 ** min(known.wrong - FREE, DOUBLINGS), LONGEST_S)
        while len(tries) > REMEMBERED:
            del tries[next(iter(tries))]
        return False


def _digest(text: str) -> bytes:
    """Of one length whatever the text's: how long the token is stays unknown too."""
    return hashlib.sha256(text.strip().encode()).digest()


def _address() -> str:
    """Where the visitor is. A proxy on this machine says for whom it asks; others are not asked."""
    peer = st.context.ip_address
    forwarded: str = st.context.headers.get("X-Forwarded-For", "") if peer is None else ""
    return peer or forwarded.rpartition(",")[2].strip() or "this machine"


def _ask(token: str) -> None:
    blocks.verdict("Watch a neural network forget")
    blocks.note("This Lethe opens with a token. Whoever runs it has it.")
    with st.form("token", border=False):
        given = st.text_input("Token", type="password", width=380, autocomplete="current-password")
        if st.form_submit_button("Come in", type="primary"):
            address, now = _address(), time.monotonic()
            if _waits(address, now):
                pass  # said below, right or wrong
            elif _fits(given, token, address, now):
                st.session_state[ADMITTED] = True
                uploads.admit()
                st.rerun()
            else:
                blocks.error("This is not the token of this Lethe.")
            if left := _waits(address, now):
                blocks.note(
                    "Too many wrong tokens came from this address. Wait "
                    f"{math.ceil(left)} s, then press Come in again: until then none is looked at."
                )
    st.stop()
