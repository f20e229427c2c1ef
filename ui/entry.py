"""The app's frame: theme, logo, pages, and the engine that wakes once a page has painted."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the server starts this file, wherever it was started from
    sys.path.insert(0, str(ROOT))

from ui import blocks, session  # noqa: E402

st.set_page_config(
    page_title="Lethe", page_icon=ROOT / "assets/icon.svg", layout="wide", menu_items={}
)
st.logo(ROOT / "assets/logo.svg", size="large")
st.html(ROOT / "ui/style.css")
page = st.navigation(
    [
        st.Page(session.page("watch"), title="Watch", url_path="watch", default=True),
        st.Page(session.page("unlearn"), title="Unlearn", url_path="unlearn"),
        st.Page(session.page("models"), title="Models & data", url_path="models"),
        st.Page(session.page("methods"), title="Methods", url_path="methods"),
    ],
    position="top",
)
with blocks.guarded():
    session.wake_once(3.0 if page.title == "Watch" else session.PAINT_S)
    page.run()
