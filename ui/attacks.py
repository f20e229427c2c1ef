"""The fold of the attacks on a run that has ended: can one tell who was forgotten?"""

from __future__ import annotations

import streamlit as st

from cu_core.spec import ATTACKS, AttackFacts, RunProgress, RunRecord, Summary, UnlearnRequest
from cu_core.store import RunReader
from ui import blocks, session

TITLE = "Attacks: can one tell who was forgotten?"


def show(record: RunRecord, reader: RunReader, progress: RunProgress, summary: Summary) -> None:
    """Folded at first; what it is made of is loaded, and a worker asked, once it is opened."""
    if not isinstance(record.request, UnlearnRequest) or not record.summary:
        return
    if session.read_only() and not _is_kept(reader):
        return  # nobody has asked them, and nobody can here
    fold = st.expander(TITLE, key=f"attacks-{reader.run_id}", on_change="rerun")
    if not fold.open:
        return
    with fold, blocks.guarded():
        from ui import attack_panel  # SciPy: a quarter of a second that few pages need

        attack_panel.draw(reader, progress, summary)


def _is_kept(reader: RunReader) -> bool:
    """Whether they were asked, by the measures of today."""
    from cu_core.metrics import fingerprint  # as slow to load as the panel itself

    facts = reader.view_facts(ATTACKS)
    return bool(facts) and AttackFacts.model_validate(facts).version == fingerprint("references")
