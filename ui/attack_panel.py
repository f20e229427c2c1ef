"""What the attacks on a run read: a threshold to move, and the images on either side of it. A
worker is asked once; what it finds is kept with the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from cu_core.figures import MODELS
from cu_core.figures.attacks import histogram, roc
from cu_core.metrics import attacks, fingerprint
from cu_core.metrics.attacked import Attacked, Count, Placed, kept
from cu_core.spec import ATTACKS, AttackFacts, Attacks, RunProgress, Summary
from cu_core.stage.tiles import tiles
from cu_core.store import RunReader
from cu_core.store.names import names_of
from ui import attack_words, blocks, session

SHOWN = 8  # images on each side of the threshold
SIDES = {  # of the counts, in their order
    "forget": "Forget found",
    "test": "False alarms",
    "retain": "Retain found",
}
GONE = (
    "{} of the models that the run was measured with are no longer kept: they are left out here, "
    "and an attack that compares with them may read otherwise than the table."
)
NO_TEST = "Of test samples a run keeps no pictures, so they are counted above and not shown."


def draw(reader: RunReader, progress: RunProgress, summary: Summary) -> None:
    found = _kept(reader) or _ask(reader, progress)
    if found is not None:
        st.fragment(_panel)(reader, progress, summary, found)


@dataclass(frozen=True)
class _Found:
    """Every attack by its key. ``gone``: models that were measured with and are left out."""

    attacked: Mapping[str, Attacked]
    gone: int


def _kept(reader: RunReader) -> _Found | None:
    """As it is kept with the run; None: not yet, or by other measures."""
    view = reader.view(ATTACKS)
    if view is None:
        return None
    arrays, facts = view[0], AttackFacts.model_validate(view[1])
    if facts.version != fingerprint("references"):
        return None
    known = {key: one for key, one in attacks().items() if key in facts.readings}
    made = {key: kept(one, arrays, facts.readings[key]) for key, one in known.items()}
    return _Found(made, facts.gone)


def _ask(reader: RunReader, progress: RunProgress) -> _Found | None:
    question, tag = Attacks(run=reader.run_id), progress.generation
    reply = session.ask(question, tag)
    if not reply.settled:
        session.waiting(
            "Every attack is asked about every sample…", lambda: session.ask(question, tag)
        )
    elif reply.error:
        blocks.error(reply.error)
    elif (found := _kept(reader)) is not None:
        return found
    else:
        blocks.error("The attacks were made and are not there any more. Reload the page.")
    return None


# --- the panel ----------------------------------------------------------------------------------


def _panel(reader: RunReader, progress: RunProgress, summary: Summary, found: _Found) -> None:
    with blocks.guarded():
        attacked = found.attacked[_choice(reader.run_id, found.attacked)]
        blocks.note(attacked.attack.help)
        blocks.note(GONE.format(found.gone) if found.gone else "")
        nothing = attack_words.void(attacked, summary)
        if nothing:
            st.warning(blocks.plain(nothing), icon=":material/block:")
        else:
            _say(attack_words.sentences(attacked, summary))
        models = [model for model in MODELS if model in attacked.scores]
        if models:
            model, cut = _threshold(reader.run_id, attacked, models)
            _charts(attacked, models, model, cut)
            _counts(attacked, models, cut)
            _images(reader, progress, attacked, model, cut)


def _choice(run_id: str, found: Mapping[str, Attacked]) -> str:
    first = next((key for key, one in found.items() if one.attack.alike and one.scores), None)
    chosen: str | None = st.segmented_control(
        "Attack",
        list(found),
        default=first or next(iter(found)),
        format_func=lambda key: found[key].attack.title,
        key=f"attack-{run_id}",
        required=True,
    )
    return chosen or first or next(iter(found))


def _say(sentences: Sequence[str]) -> None:
    """The first one large, as it is the answer; the others under it."""
    first, *others = (escape(text.replace(" %", "\u00a0%")) for text in sentences)
    more = "".join(f"<li>{text}</li>" for text in others)
    listed = f'<ul class="lethe-said">{more}</ul>' if more else ""
    st.html(f'<p class="lethe-words">{first}</p>{listed}')


def _threshold(run_id: str, attacked: Attacked, models: Sequence[str]) -> tuple[str, float]:
    """Whose scores the threshold goes by, and the threshold."""
    key = f"{run_id}-{attacked.attack.key}"
    with st.container(horizontal=True, vertical_alignment="bottom", key="attack-threshold"):
        model = st.segmented_control(
            "Threshold for",
            models,
            default=models[0],
            format_func=str.capitalize,
            key=f"attack-model-{key}",
            required=True,
        )
        model = model or models[0]
        labelled = _labelled(attacked, model)
        usual = _label(attacked, attacked.usual_cut(model))
        if len(labelled) < 2:
            blocks.note("All samples have the same score, so that no threshold parts them.")
            return model, labelled[usual]
        label = st.select_slider(
            "Called a member from here on",
            list(labelled),
            value=usual,
            key=f"attack-cut-{key}-{model}",
            help=_about(attacked),
        )
    return model, labelled[label]


def _about(attacked: Attacked) -> str:
    """What the threshold is counted in, and where it stands at first."""
    axis = attacked.attack.axis
    own = attacked.attack.cut is not None
    where = "the attack has its own" if own else "at most 1 % of test samples are called members"
    return f"In {axis}. At first it stands where {where}."


def _labelled(attacked: Attacked, model: str) -> dict[str, float]:
    """Thresholds by what a person reads; where two read the same, the usual one or the lower."""
    usual = attacked.usual_cut(model)
    found: dict[str, float] = {}
    for cut in attacked.cuts(model):
        found.setdefault(_label(attacked, cut), cut)
    found[_label(attacked, usual)] = usual
    return found


def _label(attacked: Attacked, cut: float) -> str:
    return f"{_shown(attacked, cut):.4g}".replace("-", "\u2212")


def _shown(attacked: Attacked, score: float) -> float:
    return float(attacked.attack.shown(np.array([score]))[0])


def _charts(attacked: Attacked, models: Sequence[str], model: str, cut: float) -> None:
    import plotly.io as pio

    colours = list(pio.templates[pio.templates.default].layout.colorway)
    of_models, of_sides = [*colours[:2], colours[8], colours[2]], [*colours[3:6], colours[1]]
    scores, curves = histogram.info(attacked, models, cut), roc.info(attacked, models, cut)
    left, right = st.columns(2, gap="medium")
    if scores is not None:
        with left:
            _chart("Scores", histogram.draw(scores, of_sides), histogram.HELP)
    if curves is not None:
        with right:
            _chart("Found, at what price", roc.draw(curves, of_models), roc.HELP)


def _chart(title: str, figure: Any, words: str) -> None:
    blocks.heading(title)
    st.plotly_chart(figure, key=f"attack-{title}", config={"displayModeBar": False}, alt=words)
    blocks.note(words)


def _counts(attacked: Attacked, models: Sequence[str], cut: float) -> None:
    """What the threshold does to each model, with the 95 % interval of each share."""
    sides = [side for side in SIDES if side in attacked.scores[models[0]]]
    heads = "".join(f'<th scope="col" class="number">{SIDES[side]}</th>' for side in sides)
    body = ""
    for model in models:
        counts = attacked.counts(model, cut)
        cells = "".join(f'<td class="number">{_cell(counts[side])}</td>' for side in sides)
        body += f'<tr><th scope="row">{model.capitalize()}</th>{cells}</tr>'
    st.html(
        f'<div class="lethe-scroll"><table class="lethe-table small lethe-attack"><thead><tr>'
        f'<th scope="col">At this threshold</th>{heads}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )
    blocks.note("Of each side, how many samples are called members; in brackets the 95 % interval.")


def _cell(count: Count) -> str:
    share = f"{100 * count.hits / count.n:.1f} %" if count.n else "none"
    between = f"{count.low:.1f} to {count.high:.1f}"
    return f'{count.hits:,} of {count.n:,}<div class="lethe-help">{share} ({between})</div>'


# --- images -------------------------------------------------------------------------------------


def _images(
    reader: RunReader, progress: RunProgress, attacked: Attacked, model: str, cut: float
) -> None:
    probe = reader.probe()
    if probe is None:
        return
    from_it, below = attacked.beside(model, cut, SHOWN)
    parts = (
        (f"Just called members on {attack_words.WHO[model]}", from_it),
        (f"Just not called members on {attack_words.WHO[model]}", below),
    )
    for title, placed in parts:
        blocks.heading(title)
        if placed:
            st.html(_cards(probe, progress, attacked, placed))
        else:
            blocks.note("No forget or retain sample lies there.")
    blocks.note(NO_TEST)


def _cards(
    probe: Mapping[str, Any], progress: RunProgress, attacked: Attacked, placed: Sequence[Placed]
) -> str:
    pictures = tiles(probe, progress.atlas, [one.row for one in placed])
    own, names = names_of(probe), progress.class_names
    cards = ""
    for one, picture in zip(placed, pictures, strict=True):
        k, row = int(probe["label"][one.row]), int(probe["index"][one.row])
        file = own.file[one.row] if own and own.file else ""
        key = own.key[one.row] if own and own.key else ""
        called = f"row {int(own.row[one.row]) if own else row:,}"
        called = key or PurePosixPath(file).name or called
        lines = (
            "to forget" if one.side == "forget" else "kept",
            names[k] if k < len(names) else str(k),
            called,
            f"score {_label(attacked, one.score)}",
        )
        image = f'<img src="{picture}" alt="">' if picture else ""
        said = "".join(f"<span>{escape(line)}</span>" for line in lines)
        caption = f'<figcaption title="{escape(file)}">{said}</figcaption>'
        cards += f"<figure>{image}{caption}</figure>"
    return f'<div class="lethe-first">{cards}</div>'
