"""What one request has that another has not, in words: what is set beside the run that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from cu_core import forget
from cu_core.comparison.settings import LABELS as LABELS
from cu_core.comparison.settings import field_text, knobs_of
from cu_core.errors import BadForgetSet
from cu_core.spec import Catalog, RunProgress, UnlearnRequest
from cu_core.store.choices import by_contents
from ui import wording

FIRST = 4  # that are named, the others counted


def words(
    now: UnlearnRequest,
    shown: UnlearnRequest,
    catalog: Catalog,
    names: Sequence[str],
    progress: RunProgress,
) -> str:
    """ "temperature 0.5, not 0.1; forget class 3, not class 5": what is set ``now`` that the
    ``shown`` run had otherwise; "" where nothing is. ``names``: of the classes of the data that are
    set now; ``progress``: the shown run's."""
    if now.data == shown.data and not progress.class_names:
        progress = progress.model_copy(update={"class_names": tuple(names)})
    known = RunProgress(class_names=tuple(names)), progress
    said = [*_fields(now, shown, known), *_knobs(now, shown, catalog)]
    more = [f"and {len(said) - FIRST} more"] if len(said) > FIRST else []
    return "; ".join([*said[:FIRST], *more])


def _fields(
    now: UnlearnRequest, shown: UnlearnRequest, known: tuple[RunProgress, RunProgress]
) -> list[str]:
    alike = {"forget"} if same_set(now, shown, known[1].class_names) else set()
    alike |= {"preset"} if now.method != shown.method else set()
    said = []
    for name, label in LABELS.items():
        values = getattr(now, name), getattr(shown, name)
        if values[0] != values[1] and name not in alike:
            mine, theirs = (field_text(name, *each) for each in zip(values, known, strict=True))
            said.append(f"{label[0].lower()}{label[1:]} {mine}, not {theirs}")
    return said


def same_set(now: UnlearnRequest, shown: UnlearnRequest, names: tuple[str, ...]) -> bool:
    """Whether both rules mean the same samples: a class by name and by id, a list and its copy."""
    rule, _, argument = now.forget.partition(":")
    other, _, kept = shown.forget.partition(":")
    if now.data != shown.data or rule != other:
        return False
    if rule == "class" and names:
        with suppress(BadForgetSet):
            mine, theirs = (forget.class_ids(each, names) for each in (argument, kept))
            return set(mine) == set(theirs)
    return by_contents(now.forget) == by_contents(shown.forget)


def _knobs(now: UnlearnRequest, shown: UnlearnRequest, catalog: Catalog) -> list[str]:
    """Those of one method that stand otherwise."""
    card = next((card for card in catalog.methods if card.key == now.method), None)
    if card is None or now.method != shown.method:
        return []
    mine, theirs = knobs_of(card, now), knobs_of(card, shown)
    return wording.turned(mine, theirs)
