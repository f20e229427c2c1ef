"""Models & data: the models that are kept, ways to more of them, and where images come from."""

import streamlit as st

from ui import blocks, importer, library, look, session

ORDER = 3

store = session.store()
catalog = store.catalog()
work = [*store.runs("train"), *store.runs("fetch")]
session.notices()

blocks.verdict("Models & data")
if catalog is None:
    session.waiting("Starting the engine…", store.catalog)
    st.stop()

library.jobs(work)
looks = session.read_only()
there, more = (st.container(),) * 2 if looks else st.columns([3, 2], gap="large")

with there:
    blocks.heading("Models")
    models = store.models()
    library.models(models)
    if not models:
        blocks.empty(
            "No model is kept yet",
            "The first run trains one and keeps it. Train one here to have it ready."
            if not looks
            else "Models are kept here once they were trained or brought in.",
        )
    if looks:
        st.stop()
    st.space("small")
    blocks.heading("Data")
    blocks.note("Nothing is downloaded unless you ask for it here.")
    library.sources(catalog, work)

with more:
    blocks.heading("Train a model")
    library.train(catalog)
    st.space("small")
    blocks.heading("Import a model of your own")
    importer.form(catalog)

look.panel()
