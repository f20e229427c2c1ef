"""The sidebar of Sweep: the sentence of Unlearn, its knobs as ranges, what is looked for, how many
trials, what they would cost; then one button."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import streamlit as st
from pydantic import ValidationError

from cu_core.errors import BadRequest, explain
from cu_core.service import spawn
from cu_core.spec import (
    GP_TRIALS,
    OBJECTIVES,
    SAMPLERS,
    Catalog,
    Estimate,
    Preflight,
    SweepRequest,
    UnlearnRequest,
)
from cu_core.sweeps import axes
from cu_core.sweeps.executors import executors
from ui import (
    blocks,
    controls,
    hand,
    methodcard,
    nouns,
    session,
    sweep_axes,
    sweep_words,
    unfinished,
)

HOME = "home"  # the objective that there is only where wrong labels are planted
USUAL = {name: field.default for name, field in SweepRequest.model_fields.items()}
NO_RETRAINED = "{} is a distance to a retrained model: switch that on in Run settings."


def folded(sweep_id: str) -> bool:
    """Whether the form is out of the way of the sweep that is followed; its button brings it."""
    key = f"sweep/another/{sweep_id}"
    if st.session_state.get(key):
        return False
    st.button(
        "Set up another sweep",
        key=f"sweep-another-{sweep_id}",
        icon=":material/add:",
        on_click=st.session_state.update,
        args=({key: True},),
    )
    return True


def sentence(catalog: Catalog) -> SweepRequest | None:
    """The request as the widgets stand; None while it is unfinished (said beside the button)."""
    unfinished.begin("run")
    with st.container(key="sentence", gap="xsmall"):
        named = nouns.ask(catalog)
        chosen = sweep_axes.methods(catalog.methods)
        preset = controls.preset(chosen[0]) if len(chosen) == 1 else None
    if not chosen:
        return None
    card = st.container()  # above the knobs, and drawn with what they are set to
    asked = sweep_axes.ask(chosen, preset)
    if len(chosen) == 1:
        with card:
            values = controls.values_of(chosen[0], preset)
            methodcard.brief(chosen[0], values | asked.hparams)
    wanted = _objectives(named["plant"])
    search, points = _search(asked)
    with st.expander("Run settings"):
        course = nouns.settings(catalog, named["model"])
        search |= _place()
    fields = course | named
    if not nouns.complete(fields) or unfinished.said("run"):
        return None
    _compared(wanted, bool(course["reference"]))
    own = {"method": asked.method, "preset": asked.preset, "hparams": asked.hparams}
    return _request(fields | own, asked, points, {"objectives": tuple(wanted), **search})


def _request(
    base: dict[str, Any], asked: sweep_axes.Asked, points: int, more: dict[str, Any]
) -> SweepRequest | None:
    try:
        request = SweepRequest(base=UnlearnRequest(**base), axes=asked.made(points), **more)
    except ValidationError as fault:
        unfinished.lacks("run", explain(fault, SweepRequest, "The sweep"))
        return None
    st.session_state["sweep/middle"] = asked.middle
    return request


# --- what is looked for -----------------------------------------------------------------------


def _objectives(plant: str) -> list[str]:
    offered = [key for key in OBJECTIVES if key != HOME or plant.startswith("wrong-labels")]
    key = "sweep/objectives"
    if key in st.session_state:
        st.session_state[key] = [one for one in st.session_state[key] if one in offered]
    wanted = st.multiselect(
        "Look for",
        offered,
        list(USUAL["objectives"]),
        format_func=lambda one: OBJECTIVES[one].title,
        max_selections=3,
        key=key,
        persist_state="session",
        select_all=False,
        placeholder="Choose one to three objectives",
        help="\n\n".join(f"{OBJECTIVES[one].title}: {OBJECTIVES[one].help}" for one in offered),
    )
    for one in wanted:
        blocks.note(OBJECTIVES[one].warning)
    if not wanted:
        unfinished.lacks("run", "Choose at least one objective.")
    return list(wanted)


def _compared(wanted: Sequence[str], reference: bool) -> None:
    for key in wanted:
        if OBJECTIVES[key].zero and not reference:
            unfinished.lacks("run", NO_RETRAINED.format(OBJECTIVES[key].title))


def _search(asked: sweep_axes.Asked) -> tuple[dict[str, Any], int]:
    """Sampler, budget, seeds, floor; and how many values a grid has of a range."""
    now = st.session_state.get("sweep/trials") or USUAL["trials"]
    offered = [key for key in SAMPLERS if key != "gp" or now < GP_TRIALS]
    sampler = st.selectbox(
        "Sampler",
        offered,
        format_func=lambda key: SAMPLERS[key].title,
        key="sweep/sampler",
        persist_state="session",
        help="\n\n".join(f"{SAMPLERS[key].title}: {SAMPLERS[key].help}" for key in offered),
    )
    ranged = [name for name, axis in asked.axes.items() if "low" in axis]
    if sampler != "grid" and len(ranged) == len(asked.axes) == 2:
        blocks.note("Two knobs vary: a grid makes a heat map of them that one can read.")
    points = 5
    left, right = st.columns(2)
    with left:
        if sampler == "grid":
            points = _whole("Values of a range", "points", points, 2, 50)
            trials = prod(len(a.get("choices", ())) or points for a in asked.axes.values())
        else:
            trials = _whole("Trials", "trials", USUAL["trials"], 1)
    minutes = right.number_input(
        "Minutes at most",
        0.5,
        value=None,
        step=5.0,
        format="%g",
        key="sweep/minutes",
        persist_state="session",
        placeholder="no limit",
    )
    if sampler == "grid":
        blocks.note(f"A grid of {trials:,} trials.")
    found = {"sampler": sampler, "trials": trials, "minutes": minutes}
    return found | _care(), points


def _care() -> dict[str, Any]:
    """How sure a value is to be, and when a trial is given up."""
    left, right = st.columns(2)
    seeds = left.segmented_control(
        "Seeds",
        [1, 3],
        default=USUAL["seeds"],
        key="sweep/seeds",
        persist_state="session",
        required=True,
        help="Runs a trial: of three seeds the worst counts.",
    )
    floor = right.number_input(
        "Floor of TA (%)",
        0.0,
        100.0,
        value=None,
        step=1.0,
        format="%g",
        key="sweep/floor",
        persist_state="session",
        placeholder="none",
        help="A trial ends early once its test accuracy is below this.",
    )
    return {"seeds": seeds or USUAL["seeds"], "floor": floor}


def _whole(label: str, name: str, value: int, low: int, high: int | None = None) -> int:
    return st.number_input(
        label, low, high, value, step=1, key=f"sweep/{name}", persist_state="session"
    )


def _place() -> dict[str, Any]:
    """Where the trials run, and how many at once."""
    slots = st.number_input(
        "Runs at once",
        1,
        64,
        value=None,
        step=1,
        key="sweep/slots",
        persist_state="session",
        placeholder="what this machine does best",
    )
    seed = st.number_input(
        "Seed of the sampler", 0, value=0, step=1, key="sweep/seed", persist_state="session"
    )
    known = executors()
    executor = USUAL["executor"]
    if len(known) > 1:
        executor = st.selectbox(
            "Where trials run",
            list(known),
            list(known).index(executor) if executor in known else 0,
            format_func=lambda key: known[key].title,
            key="sweep/executor",
            persist_state="session",
            help="\n\n".join(f"{one.title}: {one.help}" for one in known.values()),
        )
    return {"slots": slots, "sampler_seed": seed, "executor": executor}


# --- what it would cost, and the button -------------------------------------------------------


def dock(request: SweepRequest | None, catalog: Catalog) -> str | None:
    """The price and the button. The id of the sweep that was started, None otherwise."""
    hand.drawn(request.base if request else None, "run")
    reply = _preflight(request)
    why = reply.error or unfinished.said("run") or _refusal(request, catalog)
    with st.container(key="dock", gap="xsmall"):
        if request is not None and reply.answer:
            slots = request.slots or spawn.slots()
            blocks.note(sweep_words.price(request, reply.answer, slots))
            for warning in reply.answer.warnings:
                blocks.note(warning)
        elif request is not None and not reply.error:
            session.waiting("Checking…", lambda: _preflight(request))
        blocks.note(why)
        clicked = st.button(
            "Start the sweep",
            key="sweep/go",
            type="primary",
            width="stretch",
            disabled=bool(why) or request is None,
        )
        return _start(request) if clicked and request is not None else None


def _refusal(request: SweepRequest | None, catalog: Catalog) -> str:
    """Why no sweep can be made of the request: its axes go by what the methods declare."""
    if request is None:
        return unfinished.ENGINE
    try:
        axes.check(request, {method.key: method for method in catalog.methods})
    except BadRequest as refusal:
        return str(refusal)
    return ""


def _preflight(request: SweepRequest | None) -> session.Reply[Estimate]:
    """What a trial in the middle of the ranges would cost."""
    if request is None:
        return session.Reply()
    middle: dict[str, Any] = st.session_state.get("sweep/middle") or {}
    hparams = request.base.hparams | middle
    one = request.base.model_copy(update={"hparams": hparams})
    tag = len(session.store().models()), session.store().list_version(one.forget)
    return session.ask(Preflight(request=one), tag, settle=True)


def _start(request: SweepRequest) -> str | None:
    if hand.slipped():
        session.notice("The tray was changed elsewhere; look at it again, then press Start.")
        return None
    sweep_id = session.attempt(session.store().new_sweep, request)
    if sweep_id:
        session.attempt(spawn.lead, session.store(), sweep_id)
    return sweep_id
