"""Models & data: what is kept, how more is made, and how it is taken away again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cu_core.spec import (
    Catalog,
    DataCard,
    DescribeDataset,
    FetchRequest,
    RunProgress,
    RunRecord,
    TrainRequest,
    data_words,
    model_words,
)
from cu_core.store import ModelRecord, forgotten, title
from ui import blocks, look, networks, pickers, session, shelf, unfinished, wording

USABLE = ("original", "imported")  # kinds of model that a run can start from

# --- models -----------------------------------------------------------------------------------


def models(records: Sequence[ModelRecord]) -> None:
    """The cached models, a row each, with what tells them apart and what they are used for."""
    used, looks = shelf.runs_by_model(session.store().runs("unlearn")), session.read_only()
    for record in records:
        with st.container(horizontal=True, vertical_alignment="center", key=f"model-{record.id}"):
            blocks.entry(_title(record), _facts(record))
            usable = record.kind in USABLE and not record.doubt and not looks
            if usable and st.button("Use", key=f"use-{record.id}"):
                pickers.use_model(record)
                st.switch_page(session.page("unlearn"))
            if used.get(record.id) and st.button(
                f"Its runs ({used[record.id]:,})", key=f"runs-of-{record.id}"
            ):
                shelf.of_model(record.id)
                session.unfollow()
                st.switch_page(session.page("unlearn"))
            shelf.confirm(
                "Delete",
                f"drop-{record.id}",
                "The model and its kept map are deleted; runs stay. It is trained again if needed.",
                session.attempt,
                session.store().delete_model,
                record.id,
            )


def _title(record: ModelRecord) -> str:
    kind, names = record.kind, RunProgress(class_names=record.class_names)
    without = f" without {forgotten(record.forget, names)}" if record.forget else ""
    data = data_words(record.dataset)
    return f"{record.name or model_words(record.architecture)} · {data}{without} · {kind}"


def _facts(record: ModelRecord) -> str:
    accuracy = f"{record.accuracy:.1f} %" if blocks.is_number(record.accuracy) else "not measured"
    head = f"{record.head} head" if record.head != "plain" else ""
    told = _contract_words(record) if record.kind == "imported" else record.notes
    parts = [
        record.doubt,
        f"test accuracy {accuracy}",
        model_words(record.architecture) if record.name else "",
        head,
        f"{len(record.class_names)} classes",
        f"seed {record.seed}" if record.kind != "imported" else "",
        blocks.size(record.bytes),
        *told,
    ]
    return " · ".join(part for part in parts if part)


def _contract_words(record: ModelRecord) -> tuple[str, ...]:
    """What an imported model is asked by, and what its owner says it has."""
    contract = record.contract
    if contract is None:
        return ()
    claimed = contract.claimed
    order = "" if contract.classes == record.class_names else "its own order of classes"
    said = f"{claimed:.1f} % in its script" if blocks.is_number(claimed) else ""
    return said, f"normalised by {contract.normalisation_words}", order


def train(catalog: Catalog) -> None:
    """A model as a TrainRequest: an original, or one retrained without a forget set."""
    unfinished.begin("train")
    left, right = st.columns(2, gap="medium")
    with left:
        data_key = pickers.dataset(catalog.datasets, "train", "Data")
        plant = pickers.plant(catalog.plants, "train", "Planted in it")
        seed = st.number_input("Seed", 0, step=1, key="train/seed", persist_state="session")
    with right:
        chosen = networks.architecture(catalog.models, catalog.origins, "train")
        epochs = st.number_input(
            "Epochs",
            1,
            500,
            value=None,
            step=1,
            key="train/epochs",
            persist_state="session",
            placeholder="automatic",
            help="Empty: what the recipe for this data and network says.",
        )
    forget = _forget(catalog, data_key, plant)
    fields = {**chosen, "model_seed": seed, "train_epochs": epochs}
    fields |= {"dataset": data_key, "plant": plant, "forget": forget or None}
    why = unfinished.said("train")
    if st.button("Train", key="train/go", type="primary", disabled=bool(why)):
        session.attempt(session.start, TrainRequest.model_validate(fields))
        st.rerun()  # the work in progress stands above
    blocks.note(why)


def _forget(catalog: Catalog, data_key: str | None, plant: str) -> str | None:
    """The forget rule of a retrained reference; "" for an original, None while unfinished."""
    if not st.toggle(
        "Leave a forget set out (retrained reference)", key="train/without", persist_state="session"
    ):
        return ""
    if data_key is None:
        return None
    question = DescribeDataset(key=data_key, plant=plant)
    reply = session.ask(question)
    if not reply.settled:
        unfinished.lacks("train", unfinished.READING)
        session.waiting("Reading the data…", lambda: session.ask(question))
    elif reply.answer is None:
        blocks.error(reply.error)
        unfinished.lacks("train", unfinished.ABOVE)
    else:
        return pickers.forget_set(catalog.forget_rules, reply.answer, "train", plant)
    return None


# --- data -------------------------------------------------------------------------------------


def sources(catalog: Catalog, jobs: Sequence[RunRecord]) -> None:
    """What data there is; a download only ever begins with its button."""
    loading = {r.request.dataset for r in jobs if r.request and r.state in session.LIVE}
    fetched = {r.request.dataset for r in jobs if r.request and r.state == "done"}
    for card in catalog.datasets:
        with st.container(horizontal=True, vertical_alignment="center", key=f"data-{card.key}"):
            blocks.entry(card.title, card.help)
            if card.needs_path:
                path = st.text_input(
                    f"Path of {card.title}",
                    key=f"path-{card.key}",
                    persist_state="session",
                    placeholder="its path",
                    label_visibility="collapsed",
                    width=180,
                )
                _use(card, path.strip())
            elif not card.needs_download or card.downloaded or card.key in fetched:
                blocks.note("On this machine" if card.needs_download else "Built in")
                _use(card, "")
            else:
                st.button(
                    "Download",
                    key=f"fetch-{card.key}",
                    disabled=card.key in loading,
                    on_click=session.attempt,
                    args=(session.start, FetchRequest(dataset=card.key)),
                )


def _use(card: DataCard, path: str) -> None:
    ready = bool(path) or not card.needs_path
    look.offer_data(f"{card.key}:{path}" if path else card.key, "", card.key, enabled=ready)
    if st.button("Use", key=f"use-data-{card.key}", disabled=not ready):
        pickers.use_data(card.key, path)
        st.switch_page(session.page("unlearn"))


# --- work in progress -------------------------------------------------------------------------


def jobs(records: Sequence[RunRecord]) -> None:
    """Trainings and downloads that are under way, with their own counters, and those that failed
    in this tab's sight; draws the page again when one ends."""
    live = [r.run_id for r in records if r.state in session.LIVE]
    seen: set[str] = st.session_state.setdefault("jobs_seen", set())
    seen.update(live)

    @st.fragment(run_every=0.5 if live else None)
    def view() -> None:
        with blocks.guarded():
            now = [session.store().run(r.run_id) for r in records if r.run_id in seen]
            if any(r.run_id in live and r.state not in session.LIVE for r in now):
                st.rerun()
            for record in now:
                _job(record)
            if now:
                st.space("small")

    view()


def _job(record: RunRecord) -> None:
    progress = session.progress(record)
    name = title(record, progress)
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{record.run_id}"):
        if record.state in session.LIVE:
            if record.state == "queued":
                blocks.entry(name, wording.waiting(session.store().ahead(record.run_id)))
            else:
                blocks.counters(name, progress)
            if not session.read_only():
                st.button(
                    "Stop", key=f"halt-{record.run_id}", on_click=session.halt, args=(record,)
                )
        elif record.state in ("failed", "lost"):
            blocks.error(
                f"{name}: {record.message}",
                session.store().reader(record.run_id).log_tail(),
                "Log",
            )
        else:
            blocks.note(record.message or f"{name}: {wording.state(record) or 'ready'}")
