"""Lethe: watch a neural network forget. Start it with `streamlit run app.py`."""

import threading
from importlib import import_module

import streamlit as st

# The pages' own imports, while the browser is still fetching the page: half a second sooner.
threading.Thread(target=import_module, args=("ui.gallery",), daemon=True).start()
app = st.App("ui/entry.py")
