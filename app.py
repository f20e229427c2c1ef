"""Lethe: watch a neural network forget. Start it with `streamlit run app.py`."""

import threading
from importlib import import_module

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ui.browsers import Named
from ui.turning import Turned
from ui.uploads import Known

# The pages' own imports, while the browser is still fetching the page: half a second sooner.
threading.Thread(target=import_module, args=("ui.gallery",), daemon=True).start()
# Streamlit itself asks a web socket for its host, and nothing else: a page elsewhere, whose name
# was made to point here, could read files that the app offers.
hosts = st.get_option("server.allowedHosts") or ["*"]
app = st.App(
    "ui/entry.py",
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
        Middleware(Named),
        Middleware(Known),
        Middleware(Turned),
    ],
)
