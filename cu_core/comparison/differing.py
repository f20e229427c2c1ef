"""Which settings differ among the runs that stand beside one another: a column each, only those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from cu_core.comparison.settings import LABELS, field_text, knobs_of, title
from cu_core.spec import Catalog, RunProgress, RunRecord, UnlearnRequest

OWN_COLUMN = ("forget", "dataset", "plant", "method")  # each row says these of itself
IN_KNOBS = ("preset",)  # what it sets stands in the knobs
Value = float | int | bool | str | None
Run = tuple[RunRecord, RunProgress]


@dataclass(frozen=True)
class Setting:
    """A knob or a field of the requests. ``values``: one a run, None where it has none; all of them
    numbers, or all of them text."""

    key: str
    title: str
    unit: str
    values: tuple[Value, ...]

    @property
    def is_number(self) -> bool:
        return all(_is_number(value) or value is None for value in self.values)


def differing(runs: Sequence[Run], catalog: Catalog) -> tuple[Setting, ...]:
    """The knobs first, main ones before others, then the fields in the order of the sidebar."""
    found = [*_knobs(runs, catalog), *_fields(runs)]
    return tuple(setting for setting in found if len(set(map(_same, setting.values)) - {None}) > 1)


def knobs_on_record(record: RunRecord, catalog: Catalog) -> Mapping[str, Any]:
    """Every knob with its value: as the run resolved them, else as its request and the method's
    declaration say; those that were set where the method is not known."""
    request, ran = record.request, record.summary.provenance
    if not isinstance(request, UnlearnRequest):
        return {}
    if ran is not None and ran.knobs:
        return ran.knobs
    card = next((card for card in catalog.methods if card.key == request.method), None)
    return request.hparams if card is None else knobs_of(card, request)


def _knobs(runs: Sequence[Run], catalog: Catalog) -> list[Setting]:
    own = [knobs_on_record(record, catalog) for record, _ in runs]
    cards = {knob.name: knob for card in reversed(catalog.methods) for knob in card.knobs}
    names = list(dict.fromkeys(name for knobs in own for name in knobs))
    names.sort(key=lambda name: not (name in cards and cards[name].main))
    units = {name: cards[name].unit for name in names if name in cards}
    return [
        Setting(
            f"knob/{name}",
            title(name),
            "" if (unit := units.get(name, "")) == name else unit,
            _alike([knobs.get(name) for knobs in own]),
        )
        for name in names
    ]


def _fields(runs: Sequence[Run]) -> list[Setting]:
    return [
        Setting(name, label, "", _alike([_field(name, *run) for run in runs]))
        for name, label in LABELS.items()
        if name not in (*OWN_COLUMN, *IN_KNOBS)
    ]


def _field(name: str, record: RunRecord, progress: RunProgress) -> Value:
    """None of a request that has no such field."""
    if record.request is None or name not in type(record.request).model_fields:
        return None
    value = getattr(record.request, name)
    return value if _is_number(value) else field_text(name, value, progress)


def _alike(values: Sequence[Any]) -> tuple[Value, ...]:
    """As they are where all are numbers, else as text."""
    known = [value for value in values if value is not None]
    if all(_is_number(value) for value in known):
        return tuple(values)
    return tuple(
        None if value is None else field_text("", value, RunProgress()) for value in values
    )


def _is_number(value: object) -> TypeGuard[float | int]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Value) -> Value:
    """Numbers that a person reads as one are one: 0.1 and 0.1 + rounding."""
    return float(f"{value:.12g}") if isinstance(value, float) else value
