"""A model of one's own: its file, the data, how its script asks it, and what it then answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError

from cu_core.errors import explain
from cu_core.spec import (
    AGREES,
    DATA,
    NORMALISATIONS,
    SAME,
    Catalog,
    Fit,
    ImportedModel,
    ImportWeights,
    ModelContract,
)
from ui import blocks, listfile, networks, pickers, session, unfinished

FIND, NUMBERS = "", "numbers"  # what is left to Lethe, and what is written out
ORDERS = {
    FIND: "let Lethe find it",
    "data": "that of the data",
    "text": "as text, as ImageFolder sorts (0, 1, 10, 2)",
    "number": "as numbers (0, 1, 2, 10)",
    NUMBERS: "names of my own",
}
SAID_BY = {
    "file": "the file says so",
    "owner": "you say so",
    "search": "found by trying",
    DATA: "nobody says",
}
VERDICTS = {
    SAME: "The same number as in your script",
    AGREES: "Your script's number, within what so many samples can tell",
}
ROWS = 8  # of what was tried


def form(catalog: Catalog) -> None:
    """A weights file from elsewhere, measured on the data that it is to be used with."""
    unfinished.begin("import")
    path = _file()
    data_key = pickers.dataset(catalog.datasets, "import", "Trained on")
    given = {"normalise": _normalise(), "classes": _classes()}
    accuracy = st.number_input(
        "Its accuracy in your script, in percent",
        0.0,
        100.0,
        value=None,
        step=0.1,
        key="import/accuracy",
        persist_state="session",
        placeholder="unknown",
        help="On the test part. What it has here is shown beside it.",
    )
    more = _more(catalog)
    name = st.text_input(
        "Name",
        key="import/name",
        persist_state="session",
        max_chars=100,
        placeholder="the file's name",
    )
    why = unfinished.said("import")
    if st.button("Check and import", key="import/go", disabled=bool(why)) and data_key:
        _send(path, given | more | {"accuracy": accuracy, "name": name}, data_key)
        st.rerun()
    blocks.note(why)
    _answer(st.session_state.get("import"))


def _file() -> str:
    """The path of an upload, or of what is too large to be one; "" for neither."""
    told = f"A .safetensors, .pt, .pth or .ckpt file of at most {listfile.UPLOAD_MB} MB. It is "
    told += "read as plain numbers; nothing in it is executed."
    upload = listfile.kept("Weights", "import/file", told)
    path = st.text_input(
        "Or its path on this machine",
        key="import/path",
        persist_state="session",
        placeholder="for a larger file",
        disabled=upload is not None,
    )
    if not upload and not path.strip():
        unfinished.lacks("import", "Choose a file of weights, or type its path.")
    return str(upload or path.strip())


def _normalise() -> str | None:
    """As a request holds it; None: not written yet."""
    usual = {key: n.title for key, n in NORMALISATIONS.items() if key != DATA}
    titles = {FIND: "let Lethe find it", NUMBERS: "numbers of my own"} | {
        DATA: NORMALISATIONS[DATA].title, **usual
    }  # fmt: skip
    chosen = st.selectbox(
        "Its script normalises by",
        list(titles),
        format_func=titles.__getitem__,
        key="import/normalise",
        persist_state="session",
        help="What stands in Normalize(mean, std) of the script, after pixels are 0 to 1.",
    )
    if chosen != NUMBERS:
        return chosen
    text = st.text_input(
        "Mean; std",
        key="import/numbers",
        persist_state="session",
        placeholder="0.49,0.48,0.45;0.25,0.24,0.26",
        help="One number a channel, or one for all: 0.5;0.5",
    )
    if not text.strip():
        unfinished.lacks("import", "Type mean and std.")
    return text.strip() or None


def _classes() -> str | None:
    """As a request holds it; None: not written yet."""
    chosen = st.selectbox(
        "Order of its classes",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key="import/classes",
        persist_state="session",
    )
    if chosen != NUMBERS:
        return chosen
    text = st.text_area(
        "Classes in the order of its outputs",
        key="import/names",
        persist_state="session",
        placeholder="cat, dog, ...",
    )
    names = ",".join(part for part in text.splitlines() if part.strip()).strip(" ,")
    if not names:
        unfinished.lacks("import", "Type the classes in the order of its outputs.")
    return names or None


def _more(catalog: Catalog) -> dict[str, Any]:
    titles = {FIND: "tell from the file"} | {m.key: m.title for m in catalog.models}
    if catalog.origins:
        titles[networks.ANOTHER] = networks.TITLE
    with st.expander("Network, size, what is planted"):
        network = st.selectbox(
            "Network",
            list(titles),
            format_func=titles.__getitem__,
            key="import/architecture",
            persist_state="session",
        )
        if network == networks.ANOTHER:
            typed = networks.typed(catalog.origins, "import")
            network, size = typed["model"], typed["size"]
        else:
            size = networks.image_size("import")
        weights = st.text_input(
            "Which weights in the file",
            key="import/weights",
            persist_state="session",
            placeholder="the plain ones",
        )
        plant = pickers.plant(catalog.plants, "import", "Planted in the data")
    return {
        "architecture": network or None,
        "size": size,
        "weights": weights.strip() or None,
        "plant": plant,
    }


def _send(path: str, fields: dict[str, Any], data_key: str) -> None:
    try:
        st.session_state["import"] = ImportWeights(path=path, dataset=data_key, **fields)
    except ValidationError as fault:
        session.notice(explain(fault, ImportWeights, "The import"))


# --- what came of it --------------------------------------------------------------------------


def _answer(question: ImportWeights | None) -> None:
    if question is None:
        return
    reply = session.ask(question)
    if not reply.settled:
        text = "Measuring it on the data, and trying the usual ways…"
        session.waiting(text, lambda: session.ask(question))
    elif reply.answer is None:
        blocks.error(reply.error)
    else:
        _made(reply.answer)


def _made(made: ImportedModel) -> None:
    contract = made.contract
    if contract is None:  # of an engine that measured nothing
        st.success(blocks.plain(" ".join(made.notes)))
        return
    _verdict(made, contract)
    blocks.card(
        [
            ("Here", contract.measured_words),
            ("In your script", _percent(contract.claimed)),
            ("Normalised by", contract.normalisation_words),
            ("", SAID_BY[contract.said_by]),
            ("Outputs", ", ".join(contract.classes)),
            ("Network", made.architecture),
        ]
    )
    if not made.doubt and st.button("Unlearn from it", key="import/use", type="primary"):
        pickers.use_model(session.store().model(made.model_id))
        st.switch_page(session.page("unlearn"))
    if len(made.fits) > 1:
        with st.expander(f"What was tried ({len(made.fits)})", expanded=bool(made.doubt)):
            blocks.note("Percent of training samples that are answered right.")
            _tried(made.fits[:ROWS])
    with st.expander("What was done", expanded=False):
        for sentence in made.notes:
            blocks.note(sentence)


def _verdict(made: ImportedModel, contract: ModelContract) -> None:
    """One sentence, green, red, or grey where there is nothing to compare with."""
    if made.doubt:
        blocks.error(made.doubt)
        return
    known = " It was here already." * made.known
    word = VERDICTS.get(contract.agreement())
    if word:
        text = f"{word}: {_percent(contract.accuracy)}.{known}"
        st.success(blocks.plain(text), icon=":material/check_circle:")
    else:
        text = f"It has {_percent(contract.accuracy)} here. Is that what your script has?{known}"
        st.info(blocks.plain(text), icon=":material/help:")


def _percent(value: float | None) -> str:
    return f"{value:.2f} %" if blocks.is_number(value) else ""


def _tried(fits: Sequence[Fit]) -> None:
    """What tells the ways that were tried apart; a column that says the same of all is left out."""
    columns = {
        "Normalised by": [" ".join(p for p in (f.title, f.channels) if p) for f in fits],
        "Classes": [fit.order for fit in fits],
        "Network": [fit.network for fit in fits],
        "Right": [f"{fit.accuracy:.1f} %" for fit in fits],
    }
    ends = (next(iter(columns)), "Right")
    shown = {head: c for head, c in columns.items() if head in ends or len(set(c)) > 1}
    blocks.table([*shown], list(zip(*shown.values(), strict=True)))
