"""Where the forget samples went: from the label that each carries to what a model answers for it.

The same numbers and words as those under the Stage (``stage/js/flow.js``), of a run's last frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from cu_core.figures._classes import OTHERS, ROOM, WORTH, plain
from cu_core.figures._figure import Figure, RunValues

if TYPE_CHECKING:
    import plotly.graph_objects as go

Step = tuple[int, int, bool]  # from a label, to an answer, whether that is the true class


@dataclass(frozen=True)
class Flow:
    """``now`` and ``retrained``: forget samples that carry label ``origin`` and are answered as
    ``to``. ``home``: they were mislabelled, and ``to`` is their true class."""

    origin: int
    to: int
    home: bool
    now: int
    retrained: int


@dataclass(frozen=True)
class Flows:
    """The ``rows`` of all ``total`` forget samples of the map at ``step``, by label, then answer.

    ``whole``: samples of the forget set, of which those are a part or all; ``mislabelled``: how
    many of the ``total`` are; ``known``: whether the retrained model's answers are, else all its
    counts are 0. Both columns sum to ``total``.
    """

    classes: tuple[str, ...]
    step: int
    total: int
    whole: int
    mislabelled: int
    known: bool
    rows: tuple[Flow, ...]


def info(values: RunValues) -> Flows | None:
    """None without a frame, a label or a forget sample among the probe's."""
    which = values.is_forget
    if values.label is None or not len(values.steps) or not which.any():
        return None
    label = values.label[which]
    true = label if values.true_label is None else values.true_label[which]
    there = None if values.retrained_pred is None else values.retrained_pred[which]
    now = _counted(label, true, values.pred[-1][which])
    other = Counter[Step]() if there is None else _counted(label, true, there)
    rows = tuple(Flow(*key, now[key], other[key]) for key in sorted(now.keys() | other.keys()))
    return Flows(
        classes=values.class_names,
        step=values.steps[-1],
        total=len(label),
        whole=max(len(label), values.n_forget),
        mislabelled=int((label != true).sum()),
        known=there is not None,
        rows=rows,
    )


def _counted(label: NDArray[Any], true: NDArray[Any], to: NDArray[Any]) -> Counter[Step]:
    home = (to == true) & (to != label)
    return Counter(zip(label.tolist(), to.tolist(), home.tolist(), strict=True))


def sentence(given: Flows) -> str:
    """How many went where most of them went, and how many of the retrained model's did."""
    if 2 * given.mislabelled >= given.total:
        return _home_said(given)
    left = [row for row in given.rows if row.origin != row.to]
    gone, there = sum(row.now for row in left), sum(row.retrained for row in left)
    origins = {row.origin for row in given.rows}
    one = len(origins) == 1
    if not gone:
        place = given.classes[given.rows[0].origin] if one else "its class"
        return _none(given, given.total, "forget sample", f"left {place}", there)
    to, now, like = _most(left)
    name = given.classes[to]
    if one:
        return f"{_read(given, now, given.total)} {name}{_beside(given, f'{like:,}')}"
    other = f"{there:,}, {like:,} of them as {name}" if there else "none"
    return (
        f"{_read(given, gone, given.total)} another class than their label, {now:,} of them as "
        f"{name}{_beside(given, other)}"
    )


def _home_said(given: Flows) -> str:
    home = [row for row in given.rows if row.home]
    now, there = sum(row.now for row in home), sum(row.retrained for row in home)
    if not now:
        verb = "come to its true class"
        return _none(given, given.mislabelled, "mislabelled sample", verb, there)
    kind = " mislabelled" if given.mislabelled < given.total else ""
    said = _read(given, now, given.mislabelled, kind)
    return f"{said} the true class{_beside(given, f'{there:,}')}"


def _most(rows: Iterable[Flow]) -> tuple[int, int, int]:
    """The answer that has most now, the first of equals: (class, now, retrained)."""
    now, there = Counter[int](), Counter[int]()
    for row in rows:
        now[row.to] += row.now
        there[row.to] += row.retrained
    to = min(now, key=lambda c: (-now[c], c))
    return to, now[to], there[to]


def _beside(given: Flows, said: str) -> str:
    return f"; in the retrained model {said}." if given.known else "."


def _drawn(given: Flows) -> str:
    return " drawn" if given.whole > given.total else ""


def _none(given: Flows, total: int, what: str, verb: str, there: int) -> str:
    drawn = _drawn(given)
    alone = f"The only{drawn} {what} has not {verb} yet"
    many = f"None of the {total:,}{drawn} {what}s has {verb} yet"
    said = f"{there:,} {'has' if there == 1 else 'have'}" if there else "none has either"
    return f"{alone if total == 1 else many}{_beside(given, said)}"


def _read(given: Flows, some: int, total: int, kind: str = "") -> str:
    drawn = _drawn(given)
    of = f"the {total:,}{kind}{drawn}" if drawn or kind else f"{total:,}"
    return f"{some:,} of {of} now read{'s' if some == 1 else ''} as"


def draw(given: Flows) -> go.Figure:
    import plotly.graph_objects as go

    kept = _worth_drawing(given)
    sides = ("now", "retrained") if given.known else ("now",)
    parts = [_part(given, side, kept, k / len(sides)) for k, side in enumerate(sides)]
    names = (f"Now, step {given.step:,}", "Retrained")
    heads = [
        {"text": name, "x": k / len(sides), "xanchor": "left", "y": 1, "yanchor": "bottom"}
        for k, name in enumerate(names[: len(sides)])
    ]
    return go.Figure(
        [go.Sankey(part) for part in parts],
        {
            "height": 220 + 20 * max(len(kept[0]), len(kept[1])),
            "margin": {"l": 0, "r": 0, "t": 72, "b": 16},
            "annotations": [
                *({**head, "showarrow": False, "xref": "paper", "yref": "paper"} for head in heads),
                _headline(given),
            ],
        },
    )


def _headline(given: Flows) -> dict[str, Any]:
    at = {"x": 0, "xanchor": "left", "xref": "paper", "y": 1, "yref": "paper", "yshift": 30}
    return {**at, "yanchor": "bottom", "text": plain([sentence(given)])[0], "showarrow": False}


def _worth_drawing(given: Flows) -> tuple[list[int], list[int]]:
    """The labels and the answers that a drawing names; what others have is joined."""
    labels, answers = Counter[int](), Counter[int]()
    for row in given.rows:
        labels[row.origin] += row.now
    for side in ("now", "retrained"):
        answers |= _sums(given, side)
    return _largest(labels, given.total), _largest(answers, given.total)


def _sums(given: Flows, side: str) -> Counter[int]:
    out = Counter[int]()
    for row in given.rows:
        out[row.to] += getattr(row, side)
    return out


def _largest(counts: Counter[int], total: int) -> list[int]:
    worth = [c for c, n in counts.items() if n and 100 * n >= WORTH * total]
    return sorted(sorted(worth, key=lambda c: (-counts[c], c))[:ROOM])


def _part(given: Flows, side: str, kept: Sequence[Sequence[int]], left: float) -> dict[str, Any]:
    """One Sankey: nodes are the labels, those of others, then the answers, those of others; each
    with its count."""
    origins, answers = kept

    def place(ids: Sequence[int], c: int) -> int:
        return ids.index(c) if c in ids else len(ids)

    links, counts = Counter[tuple[int, int]](), Counter[int]()
    for row in given.rows:
        ends = place(origins, row.origin), len(origins) + 1 + place(answers, row.to)
        links[ends] += getattr(row, side)
        counts.update(dict.fromkeys(ends, getattr(row, side)))
    drawn = {ends: n for ends, n in sorted(links.items()) if n}
    names = [*(given.classes[c] for c in origins), OTHERS]
    names += [*(given.classes[c] for c in answers), OTHERS]
    labels = [f"{name} {counts[k]:,}" for k, name in enumerate(names)]
    return {
        "domain": {"x": [left, left + 0.46 if given.known else 1]},
        "node": {"label": plain(labels), "pad": 14, "thickness": 10},
        "link": {
            "source": [a for a, _ in drawn],
            "target": [b for _, b in drawn],
            "value": list(drawn.values()),
        },
    }


FIGURE = Figure(
    key="flows",
    title="Where the forget samples went",
    help="Left: the label that each forget sample carries; right: what the model answers for it at "
    "the last step. Forgetting is as good as retraining where the bands go where the retrained "
    "model's go.",
    info=info,
    draw=draw,
)
