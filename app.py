"""Lethe: watch a neural network forget. Start it with `streamlit run app.py`."""

import streamlit as st

app = st.App("ui/entry.py")
