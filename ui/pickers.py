"""Which data, which model, which samples to forget: the nouns of a request.

Class names come from someone's folder or file, so they are only ever shown by widgets that do
not read Markdown (select boxes), and travel as ids wherever an id cannot be mistaken for a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from cu_core.store import ModelRecord
from ui import session

Entry = Mapping[str, Any]
RULES = {
    "class": "whole classes",
    "random": "a random share",
    "per-class": "a share of every class",
    "indices": "listed images",
}
USUAL = "small-cnn"  # the network that a request has when nothing is chosen
PREFERRED = 5  # the class that the examples forget


def dataset(datasets: Sequence[Entry], place: str, name: str = "of") -> str | None:
    """The data's key as a request holds it, "digits" or "folder:/path"; None: not there yet.

    ``place`` keeps the widgets of two pages apart.
    """
    by_key = {d["key"]: d for d in datasets}
    key = st.selectbox(
        name,
        list(by_key),
        _place(by_key, "digits"),
        format_func=lambda k: _data_title(by_key[k]),
        key=f"{place}/dataset",
        persist_state="session",
    )
    chosen = by_key[key]
    if chosen.get("needs_path"):
        path = st.text_input(
            "Path on this machine", key=f"{place}/path/{key}", help=chosen.get("help")
        )
        return f"{key}:{path.strip()}" if path.strip() else None
    if _lacks_download(chosen):
        st.caption("Not on this machine yet. Models & data has its download button.")
        return None
    return key


def _place(keys: Iterable[str], wanted: str) -> int:
    """Where ``wanted`` stands among the keys, else the first place."""
    return next((i for i, key in enumerate(keys) if key == wanted), 0)


def _lacks_download(entry: Entry) -> bool:
    return bool(entry.get("needs_download")) and not entry.get("downloaded")


def _data_title(entry: Entry) -> str:
    return entry["title"] + (" (not downloaded)" if _lacks_download(entry) else "")


def architecture(models: Sequence[Entry], place: str) -> tuple[str, str]:
    """An architecture's key and one of its heads."""
    by_key = {m["key"]: m for m in models}
    key = st.selectbox(
        "Architecture",
        list(by_key),
        _place(by_key, USUAL),
        format_func=lambda k: by_key[k]["title"],
        key=f"{place}/architecture",
        persist_state="session",
    )
    return key, head(by_key[key], place)


def head(chosen: Entry, place: str) -> str:
    """Which head: only asked where there is more than one."""
    heads = list(chosen.get("heads") or ["plain"])
    if len(heads) == 1:
        return heads[0]
    return st.selectbox(
        "Head",
        heads,
        key=f"{place}/head/{chosen['key']}",
        persist_state="session",
        help="plain: the architecture's own. normalised: a 128-d head on the unit sphere, as in "
        "the contrastive paper.",
    )


def model(
    architectures: Sequence[Entry], cached: Sequence[ModelRecord], data_key: str | None
) -> dict[str, Any]:
    """``model`` and ``original`` of a request: an architecture, or a cached model by its id."""
    titles = {f"new:{m['key']}": m["title"] for m in architectures}
    usable = [m for m in cached if m.kind == "imported" and m.dataset == data_key]
    titles |= {f"id:{m.id}": f"{m.name or m.id} (imported)" for m in usable}
    choice = st.selectbox(
        "in",
        list(titles),
        _place(titles, f"new:{USUAL}"),
        format_func=titles.get,
        key="model",
        persist_state="session",
    )
    kind, _, value = choice.partition(":")
    if kind == "new":
        return {"model": value, "original": None}
    picked = next(m for m in usable if m.id == value)
    return {"model": picked.architecture, "head": picked.head, "original": value}


# --- the forget set ---------------------------------------------------------------------------


def forget_set(info: Entry | None, data_key: str | None, place: str = "run") -> str | None:
    """The rule as a request holds it: "class:5", "random:0.1", "indices:/path"; None: unfinished.

    ``info``: the engine's answer about the data, with each class's id, name and counts.
    """
    kind = st.selectbox(
        "Forget",
        list(RULES),
        format_func=RULES.get,
        key=f"{place}/rule",
        persist_state="session",
    )
    if kind == "class":
        return _classes(info, f"{place}/classes/{data_key}") if info else None
    if kind == "indices":
        return _listed(place)
    return f"{kind}:{_share(place):g}"


def _classes(info: Entry, key: str) -> str | None:
    by_id = {c["id"]: c for c in info["classes"]}
    if key not in st.session_state:
        st.session_state[key] = [PREFERRED if PREFERRED in by_id else next(iter(by_id))]
    ids = st.multiselect(
        "Classes",
        list(by_id),
        format_func=lambda i: f"{by_id[i]['name']} · {by_id[i]['train']:,}",
        key=key,
        persist_state="session",
        select_all=False,
        label_visibility="collapsed",
        placeholder="Choose one or more classes",
    )
    return class_rule(ids, [c["name"] for c in info["classes"]]) if ids else None


def class_rule(ids: Sequence[int], names: Sequence[str]) -> str:
    """ "class:3,5". An id is written unless a name of some other class reads the same."""

    def token(i: int) -> str:
        numbered = all(name.isdecimal() for name in names)
        mistaken = str(i) in names and names.index(str(i)) != i
        return names[i] if numbered or mistaken else str(i)

    return "class:" + ",".join(token(i) for i in sorted(ids))


def _share(place: str) -> float:
    percent = st.slider(
        "Share of the training images",
        1,
        90,
        10,
        format="%d %%",
        key=f"{place}/share",
        persist_state="session",
        label_visibility="collapsed",
    )
    return percent / 100


def _listed(place: str) -> str | None:
    upload = st.file_uploader(
        "Training-set indices",
        type=["txt", "csv", "npy", "json"],
        max_upload_size=20,
        key=f"{place}/indices",
        help="One index a line (.txt, .csv), an array of whole numbers (.npy) or a .json list.",
    )
    if upload is None:
        return None
    kept = st.session_state.setdefault("uploads", {})
    if upload.file_id not in kept:
        kept[upload.file_id] = session.attempt(
            session.store().receive, upload.name, upload.getvalue()
        )
    path = kept[upload.file_id]
    return f"indices:{path}" if path else None
