"""What a visitor of this app may do, by the settings of whoever runs it: which store they get."""

import hashlib
import math
import os
import secrets
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from cu_core.errors import BadRequest
from cu_core.files import READ_ONLY, SESSION_GB, SESSION_RUNS
from cu_core.store import Store
from cu_core.store.visiting import Limited, Limits, ReadOnly
from ui.browsers import COOKIE, is_shared

NO_LIMIT = "none"
USUAL = Limits(runs=2, gb=5.0)  # where others reach the address, unless it is said otherwise
SWITCH = {"": False, "0": False, "1": True}

N = TypeVar("N", int, float)


def admit(store: Store) -> Store:
    """The store as this visitor may use it. BadRequest for a setting that says nothing."""
    if is_read_only():
        return ReadOnly(store)
    allowed = limits()
    return store if allowed == Limits() else Limited(store, visitor, allowed)


def is_read_only() -> bool:
    said = os.environ.get(READ_ONLY, "").strip()
    if said not in SWITCH:
        raise BadRequest(f"{READ_ONLY} is {said!r}: set it to 1 for looking alone, else to 0.")
    return SWITCH[said]


def limits() -> Limits:
    """Of each visitor; none on an address that is this machine's own, unless it is set."""
    usual = USUAL if is_shared() else Limits()
    return Limits(_most(SESSION_RUNS, int, usual.runs), _most(SESSION_GB, float, usual.gb))


def _most(name: str, number: Callable[[str], N], usual: N | None) -> N | None:
    said = os.environ.get(name, "").strip()
    if said in ("", NO_LIMIT):
        return None if said else usual
    try:
        value = number(said)
    except ValueError:
        value = number("0")
    if not 0 < value < math.inf:
        raise BadRequest(f"{name} is {said!r}: set it to a number above 0, or to {NO_LIMIT}.")
    return value


def visitor() -> str:
    """Whose browser it is, by a hash of its cookie; where it takes none, which tab it is."""
    name = st.context.cookies.get(COOKIE) or st.session_state.setdefault(
        COOKIE, secrets.token_urlsafe(24)
    )
    return hashlib.sha256(name.encode()).hexdigest()[:16]
