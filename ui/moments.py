"""The moment that the address names: how the Stage opens, and what the page does not show."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cu_core.spec import RunRecord
from cu_core.stage.moment import Moment
from ui import session

REFUSED = "moment/refused"  # the address whose faults have been said


def asked() -> Moment:
    """What the address says. A part of it that means nothing is left out, which a notice says."""
    said = st.query_params.to_dict()
    moment, refusals = Moment.read(said)
    if st.session_state.get(REFUSED) != said:
        st.session_state[REFUSED] = said
        for sentence in refusals:
            session.notice(f"Of this link one part is left out. {sentence}")
    return moment


def hides(part: str) -> bool:
    """Whether the page is to be shown without this one of its parts."""
    return part in asked().hide


def opens(address: str) -> dict[str, Any]:
    """For the Stage's header. ``address``: of what it shows, from a page of the app."""
    moment = asked()
    link = moment.model_copy(update={"hide": ()}).query  # what is hidden leads nowhere
    return {**moment.opens, **({"link": link} if link else {}), "address": address}


def of_run(record: RunRecord) -> dict[str, Any]:
    return opens(f"unlearn?run={record.run_id}")
