"""Models & data: what is kept, how more is made, and how it is taken away again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cu_core.spec import FetchRequest, RunRecord, TrainRequest
from cu_core.store import ModelRecord
from ui import blocks, pickers, session, shelf, wording

Catalog = Mapping[str, Any]


# --- models -----------------------------------------------------------------------------------


def models(records: Sequence[ModelRecord]) -> None:
    """The cached models, a row each, with what tells them apart."""
    for record in records:
        with st.container(horizontal=True, vertical_alignment="center", key=f"model-{record.id}"):
            blocks.entry(_title(record), _facts(record))
            shelf.confirm(
                "Delete",
                f"drop-{record.id}",
                "The model and its kept map are deleted; runs stay. It is trained again if needed.",
                session.attempt,
                session.store().delete_model,
                record.id,
            )


def _title(record: ModelRecord) -> str:
    kind = record.kind.capitalize()
    without = f" without {wording.rule(record.forget)}" if record.forget else ""
    return f"{record.name or record.architecture} · {record.dataset}{without} · {kind.lower()}"


def _facts(record: ModelRecord) -> str:
    known = blocks.is_number(record.accuracy)
    head = f"{record.head} head" if record.head != "plain" else ""
    parts = [
        f"test accuracy {record.accuracy:.1f} %" if known else "test accuracy not measured",
        record.architecture if record.name else "",
        head,
        f"{len(record.class_names)} classes",
        f"seed {record.seed}" if record.kind != "imported" else "",
        blocks.size(record.bytes),
        *record.notes,
    ]
    return " · ".join(part for part in parts if part)


def train(catalog: Catalog) -> None:
    """A model as a TrainRequest: an original, or one retrained without a forget set."""
    left, right = st.columns(2, gap="medium")
    with left:
        data_key = pickers.dataset(catalog["datasets"], "train", "Data")
        seed = st.number_input("Seed", 0, step=1, key="train/seed", persist_state="session")
    with right:
        architecture, head = pickers.architecture(catalog["models"], "train")
        epochs = st.number_input(
            "Epochs",
            1,
            500,
            value=None,
            step=1,
            key="train/epochs",
            placeholder="automatic",
            help="Empty: what the recipe for this data and network says.",
        )
    forget = _without(data_key)
    ready = data_key is not None and forget is not None
    request = (
        TrainRequest(
            dataset=data_key,
            model=architecture,
            head=head,
            model_seed=seed,
            train_epochs=epochs,
            forget=forget or None,
        )
        if ready
        else None
    )
    if st.button("Train", key="train/go", type="primary", disabled=not ready):
        session.attempt(session.start, request)
        st.rerun()  # the work in progress stands above


def _without(data_key: str | None) -> str | None:
    """The forget rule of a retrained reference; "" for an original, None while unfinished."""
    if not st.toggle(
        "Leave a forget set out (retrained reference)", key="train/without", persist_state="session"
    ):
        return ""
    if data_key is None:
        return None
    reply = session.ask("dataset", {"key": data_key})
    if reply is None:
        session.waiting("Reading the data…", lambda: session.ask("dataset", {"key": data_key}))
        return None
    if reply.answer is None:
        blocks.error(reply.error)
        return None
    return pickers.forget_set(reply.answer, data_key, "train")


def importer(catalog: Catalog) -> None:
    """A weights file from elsewhere, checked against the data it is to be used with."""
    upload = st.file_uploader(
        "Weights (.safetensors, .pt, .pth)",
        type=["safetensors", "pt", "pth"],
        max_upload_size=100,
        key="import/file",
        help="At most 100 MB. A .pt file is read as plain numbers; nothing in it is executed.",
    )
    data_key = pickers.dataset(catalog["datasets"], "import", "Trained on")
    titles = {"": "tell from the file"} | {m["key"]: m["title"] for m in catalog["models"]}
    architecture = st.selectbox(
        "Architecture", list(titles), format_func=titles.get, key="import/architecture"
    )
    name = st.text_input("Name", key="import/name", max_chars=100, placeholder="the file's name")
    unfinished = upload is None or data_key is None
    if st.button("Check and import", key="import/go", disabled=unfinished):
        _send(upload, data_key, architecture or None, name)
        st.rerun()
    _told(st.session_state.get("import"))


def _send(upload: Any, data_key: str, architecture: str | None, name: str) -> None:
    path = session.attempt(session.store().receive, upload.name, upload.getvalue())
    if path:
        facts = {"path": str(path), "dataset": data_key, "architecture": architecture}
        st.session_state["import"] = facts | {"name": name or upload.name}


def _told(asked: Mapping[str, Any] | None) -> None:
    if asked is None:
        return
    reply = session.ask("import", asked)
    if reply is None:
        session.waiting("Checking the file…", lambda: session.ask("import", asked))
    elif reply.answer is None:
        blocks.error(reply.error)
    else:
        notes = " ".join(reply.answer.get("notes", ()))
        st.success(blocks.plain(f"Imported as {asked['name']}. {notes}"))


# --- data -------------------------------------------------------------------------------------


def sources(catalog: Catalog, jobs: Sequence[RunRecord]) -> None:
    """What data there is; a download only ever begins with its button."""
    loading = {r.request.dataset for r in jobs if r.request and r.state in session.LIVE}
    fetched = {r.request.dataset for r in jobs if r.request and r.state == "done"}
    for entry in catalog["datasets"]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"data-{entry['key']}"):
            blocks.entry(entry["title"], entry["help"])
            if not entry.get("needs_download"):
                blocks.note("By its path, in Unlearn" if entry.get("needs_path") else "Built in")
            elif entry.get("downloaded") or entry["key"] in fetched:
                blocks.note("On this machine")
            else:
                st.button(
                    "Download",
                    key=f"fetch-{entry['key']}",
                    disabled=entry["key"] in loading,
                    on_click=session.attempt,
                    args=(session.start, FetchRequest(dataset=entry["key"])),
                )


# --- work in progress -------------------------------------------------------------------------


def jobs(records: Sequence[RunRecord]) -> None:
    """Trainings and downloads that are under way, with their own counters, and those that failed
    in this tab's sight; draws the page again when one ends."""
    live = [r.run_id for r in records if r.state in session.LIVE]
    watched = st.session_state.setdefault("watched", set())
    watched.update(live)

    @st.fragment(run_every=0.5 if live else None)
    def view() -> None:
        with blocks.guarded():
            now = [r for r in records if r.run_id in watched]
            now = [session.store().run(r.run_id) for r in now]
            if any(r.run_id in live and r.state not in session.LIVE for r in now):
                st.rerun()
            for record in now:
                _job(record)
            if now:
                st.space("small")

    view()


def _job(record: RunRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{record.run_id}"):
        if record.state in session.LIVE:
            progress = session.store().reader(record.run_id).progress()
            if record.state == "queued":
                blocks.entry(record.name, wording.waiting(session.ahead(record)))
            else:
                blocks.counters(record.name, progress)
            st.button("Stop", key=f"halt-{record.run_id}", on_click=session.halt, args=(record,))
        elif record.state in ("failed", "lost"):
            blocks.error(
                f"{record.name}: {record.message}",
                session.store().reader(record.run_id).log_tail(),
                "Log",
            )
        else:
            blocks.note(record.message or f"{record.name}: {wording.state(record) or 'ready'}")
