"""The app's frame: theme, logo, pages, and the engine that wakes once a page has painted."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the server starts this file, wherever it was started from
    sys.path.insert(0, str(ROOT))

from ui import blocks, engine, home, navigation, served, session  # noqa: E402

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
    position="top" if served.is_open() else "hidden",
)
served.guard()  # the page that was asked for is known by now, and opens once the token was given
with blocks.guarded():
    # The first page plays what was recorded: its engine can wait until that has painted.
    home.banner()
    served.banner()
    delay = 3.0 if page.title == shelf[0].title else engine.PAINT_S
    engine.wake_once(session.store(), delay)
    page.run()
