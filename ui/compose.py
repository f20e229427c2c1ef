"""The sidebar of Unlearn: a sentence that reads top to bottom and ends in one button.

Forget [..] of [..] in [..] with [..], knobs, then what the run would cost, then Run.

A click starts what the widgets show with it, so it is acted on where the request has been read: a
callback's arguments are those of the last drawing, which may be a knob older.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import ValidationError

from cu_core.errors import explain
from cu_core.spec import (
    Catalog,
    Estimate,
    Preflight,
    RunRecord,
    UnlearnRequest,
)
from cu_core.spec.phases import PARTS, duration, wait_words
from ui import (
    blocks,
    controls,
    form,
    hand,
    methodcard,
    nouns,
    pausing,
    session,
    unfinished,
)

SLIPPED = "The tray was changed elsewhere; look at it again, then press Run."


def sentence(catalog: Catalog) -> UnlearnRequest | None:
    """The request as the widgets stand; None while it is unfinished (said beside the button)."""
    unfinished.begin("run")
    with st.container(key="sentence", gap="xsmall"):
        named = nouns.ask(catalog)
        chosen = controls.method(catalog.methods)
        preset = controls.preset(chosen)
    card = st.container()  # above the knobs, and drawn with what they are set to
    hparams = controls.hyperparameters(chosen, preset)
    with card:
        methodcard.brief(chosen, controls.values_of(chosen, preset) | hparams)
        controls.changes(chosen, preset, hparams)
    with st.expander("Run settings"):
        course = nouns.settings(catalog, named["model"])
        pausing.choose(catalog)
    fields = course | named
    if fields["dataset"] and fields["model"]:
        hand.stand(fields)
    if not nouns.complete(fields):
        return None
    return _request(fields | {"method": chosen.key, "preset": preset, "hparams": hparams})


def _request(fields: dict[str, Any]) -> UnlearnRequest | None:
    try:
        return UnlearnRequest(**fields)
    except ValidationError as fault:
        blocks.error(explain(fault, UnlearnRequest, "The request"))
        unfinished.lacks("run", unfinished.ABOVE)
        return None


# --- what it would cost, and the button -------------------------------------------------------


def dock(request: UnlearnRequest | None, current: RunRecord | None, catalog: Catalog) -> str:
    """What the run would cost, and Run, which stays in reach. Why it may not be pressed; "" when
    it may."""
    hand.drawn(request, "run")
    live = current is not None and current.state in session.LIVE
    runs = live and current is not None and session.store().same_request(request, current.request)
    # What it costs is known, or is being paid: no engine starts beside the run to say it again.
    reply = session.Reply[Estimate]() if runs else _preflight(request)
    if reply.answer:
        _card(reply.answer)
    why = reply.error or unfinished.said("run")
    with st.container(key="dock", gap="xsmall"):
        if reply.error:
            blocks.error(reply.error)
        elif reply.answer:
            blocks.note(_cost(reply.answer))
        elif runs:
            blocks.note("This run is live.")
        elif request is not None:
            session.waiting("Checking…", lambda: _preflight(request))
        form.beside(request, current, catalog)
        blocks.note(why * (not reply.error))
        clicked = st.button(
            "Run",
            key="run/go",
            type="primary",
            width="stretch",
            disabled=bool(why),
            shortcut="mod+enter",
        )
        if clicked and request is not None:
            go(request)
        if live and not runs:
            blocks.note("A run is live. What is set here applies to the next run.")
    return why


def _preflight(request: UnlearnRequest | None) -> session.Reply[Estimate]:
    """The engine's answer about this request; none while there is no request."""
    if request is None:
        return session.Reply()
    # a model that is ready now was not before, and a list may have changed
    tag = len(session.store().models()), session.store().list_version(request.forget)
    return session.ask(Preflight(request=request), tag, settle=True)


def go(request: UnlearnRequest) -> None:
    """Queues the run, follows it, and draws the page anew with it; not a list that nobody here has
    seen as it is now."""
    if hand.slipped():
        session.notice(SLIPPED)
        st.rerun()
    run_id = session.attempt(session.start, request)
    if run_id:
        pausing.tell(run_id)
        form.started(run_id)
        session.follow(run_id)
    st.rerun()


def _cost(estimate: Estimate) -> str:
    n_train = estimate.n_forget + estimate.n_retain
    counts = f"{estimate.n_forget:,} of {n_train:,} images, {estimate.steps:,} steps"
    first, verdict = duration(estimate.first_picture), duration(estimate.verdict)
    guess = " These are guesses: not all of it was measured here yet." if estimate.guess else ""
    return f"{counts}. First picture in {first}, verdict in {verdict}.{guess}"


def _images(estimate: Estimate) -> list[tuple[str, str]]:
    """How large the images are that the network is given."""
    if len(estimate.shape) != 3:
        return []
    return [("An image", f"{estimate.shape[2]} x {estimate.shape[1]} pixels")]


def _card(estimate: Estimate) -> None:
    blocks.card(
        [
            ("To forget", f"{estimate.n_forget:,} images"),
            ("To keep", f"{estimate.n_retain:,} images"),
            ("Steps", f"{estimate.steps:,}"),
            ("Pictures", f"{estimate.snapshots:,}"),
            ("A step", f"{estimate.seconds_per_step * 1000:,.0f} ms"),
            *((PARTS[key], wait_words(wait)) for key, wait in estimate.waits.items()),
            ("Original", estimate.original),
            ("Retrained", estimate.retrained),
            *_images(estimate),
            ("Memory", blocks.size(estimate.memory_bytes)),
            ("Disk", blocks.size(estimate.disk_bytes)),
            ("Computed by", nouns.DEVICES.get(estimate.device, estimate.device)),
        ]
    )
    for warning in estimate.warnings:
        st.warning(blocks.plain(warning))
