"""Whether the exact figures of a run that was read on a draw are being counted."""

import time

import streamlit as st

from cu_core.service import spawn
from cu_core.spec import RunRecord, trial_of
from ui import session


def settles(record: RunRecord) -> bool:
    """Whether exact figures are soon to come for a run whose verdict stands on a draw. Who made
    the run counts them; where nobody does any more, a process is started for it, once a tab: one
    that leaves without them has said why in worker.log. Never for a trial, whose figures are
    compared with those of the others."""
    if not record.summary.looked_at or trial_of(record.request):
        return False
    if session.store().is_settling(record.run_id):
        return True
    if session.read_only():
        return False
    seen, now = st.session_state.setdefault("unsettled", {}), time.monotonic()
    since, started = seen.setdefault(record.run_id, (now, False))
    if now - since > session.PATIENCE_S:
        if started:
            return False
        seen[record.run_id] = now, True
        spawn.settle(session.store(), record.run_id)
    return True
