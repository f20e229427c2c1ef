"""What addresses say: each page of the app opened on a query that nobody would write, and the
functions that read one."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bench.fuzz_drawn import texts
from bench.runs import asked
from cu_core.comparison.members import members
from cu_core.files import ROOT
from cu_core.runs.execute import execute
from cu_core.service import spawn
from cu_core.service.catalog import catalog
from cu_core.stage import gallery
from cu_core.stage.moment import Moment
from cu_core.store import Store
from cu_core.stories import library

NAMES = (
    *Moment.model_fields, "run", "sweep", "story", "show", "compare", "by", "at", "pins", "chosen",
    "camera", "runs/find", "runs/data", "runs/method", "runs/state", "runs/tag", "runs/sweep",
)  # fmt: skip
SAID = (
    "3", "-1", "1,2,3", "1,,2", "map", "both", "true", "pred", "knobs,list", "nan", "1e999",
    "5,nan", "0.5", "class", "done", "20261121-141523-042-9f3a1c", "../app.db",
    "20261121-141523-042-9f3a1c,x",
)  # fmt: skip
PAGE_S = 60
Door = tuple[SearchStrategy[Any], Callable[[Any], None]]


def door(folder: Path, quick: bool) -> Door:
    store = Store(folder / "home", bundled=None)
    store.save_catalog(catalog(store.home))
    stories = [name for name, _ in library.names(store)]
    runs = [] if quick else [_run(store), _run(store)]
    known = (*SAID, *gallery.names(), *stories, *runs, ",".join(runs))
    said = st.one_of(st.sampled_from(known), _sendable())
    query = st.dictionaries(st.one_of(st.sampled_from(NAMES), _sendable()), said, max_size=4)
    acts: dict[str, Callable[[Any], object]] = {
        "moment": Moment.read,
        "link": lambda query: Moment.parse_query(urlencode(query, errors="replace")),
        "words": lambda query: Moment.parse(" ".join(f"{k}={v}" for k, v in query.items())),
        "run": lambda query: [store.run(text) for text in query.values()],
        "sweep": lambda query: [store.sweep(text) for text in query.values()],
        "story": lambda query: [library.story(text, store) for text in query.values()],
        "compare": lambda query: members(store, list(query.values())),
    }
    pages = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    pair = query.map(lambda said: said | ({"compare": ",".join(runs)} if runs else {}))
    parts = [st.tuples(st.just(kind), st.just(""), query) for kind in acts]
    whole = st.one_of(
        st.tuples(st.just("page"), st.sampled_from(pages), query),
        st.tuples(st.just("page"), st.just("compare"), pair),
    )

    def knock(given: tuple[str, str, dict[str, str]]) -> None:
        kind, page, query = given
        if kind == "page":
            _open(store, page, query)
        else:
            acts[kind](query)

    return st.one_of(*parts, whole), knock


def _sendable() -> SearchStrategy[str]:
    """What a browser can send: half a character it replaces by a sign of its own."""
    return texts().map(lambda text: text.encode("utf-8", "replace").decode())


def _run(store: Store) -> str:
    request = asked(train_epochs=1, max_steps=3, every=1, reference=False, probe_size=40)
    run_id = store.enqueue(request, "fuzzed")
    execute(store, store.claim_run(run_id))
    return run_id


def _open(store: Store, page: str, query: dict[str, str]) -> None:
    """The app on a page. The first exception that it would show is raised."""
    from streamlit.testing.v1 import AppTest

    quiet = {"LETHE_HOME": str(store.home)}
    with (
        patch.dict(os.environ, quiet),
        patch.object(spawn, "ensure_worker", lambda *_: False),
        patch.object(spawn, "settle", lambda *_: None),
    ):
        logging.disable(logging.WARNING)  # that no browser asks, at every page
        app = AppTest.from_file(str(ROOT / "ui/entry.py"), default_timeout=PAGE_S)
        for name, text in query.items():
            app.query_params[name] = text
        app.run()
        if page != "watch":
            app.switch_page(str(ROOT / f"pages/{page}.py")).run()
        logging.disable(logging.NOTSET)
    if app.exception:
        shown = app.exception[0]
        raise AssertionError(f"{page} shows {shown.message}: {' '.join(shown.stack_trace[-3:])}")
