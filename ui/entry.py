"""The app's frame: theme, logo, pages, and the engine that wakes once a page has painted."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the server starts this file, wherever it was started from
    sys.path.insert(0, str(ROOT))

from ui import blocks, navigation, session  # noqa: E402

st.set_page_config(
    page_title="Lethe", page_icon=ROOT / "assets/icon.svg", layout="wide", menu_items={}
)
st.logo(ROOT / "assets/logo.svg", size="large")
st.html(ROOT / "ui/style.css")
shelf = navigation.pages()
page = st.navigation(
    [
        st.Page(session.page(p.name), title=p.title, url_path=p.name, default=p is shelf[0])
        for p in shelf
    ],
    position="top",
)
with blocks.guarded():
    # The first page plays what was recorded: its engine can wait until that has painted.
    session.wake_once(3.0 if page.title == shelf[0].title else session.PAINT_S)
    page.run()
