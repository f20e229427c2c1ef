"""Some images of each class of the chosen data: which of these shall the network forget?"""

from __future__ import annotations

from html import escape

import streamlit as st

from cu_core.spec import DescribeDataset, UnlearnRequest
from ui import blocks, pickers, session


def offer(request: UnlearnRequest) -> None:
    """A card for each class with its images; one click makes it the class to forget. Nothing while
    the engine has not told, and for data without images."""
    facts = session.ask(DescribeDataset(key=request.dataset)).answer
    shown = [one for one in facts.classes if one.samples] if facts else []
    if facts is None or not shown:
        return
    blocks.heading("Which of these shall it forget?")
    with st.container(key="samples"):
        for one in shown:
            with st.container(key=f"card-class-{one.id}", gap=None):
                images = "".join(f'<img src="{escape(it)}" alt="">' for it in one.samples)
                st.html(f'<div class="lethe-samples">{images}</div>')
                st.button(
                    blocks.plain(one.name),
                    key=f"forget-{one.id}",
                    type="tertiary",
                    on_click=pickers.choose_class,
                    args=(facts, one.id),
                )
