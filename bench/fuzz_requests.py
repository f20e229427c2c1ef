"""Requests by their own fields, some of them right: made, told in a sentence, checked, not run."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel, ValidationError

from bench.fuzz_drawn import KEYS, PAIRS, RULES, texts, values
from cu_core import data, forget
from cu_core.cli._options import parse_knobs
from cu_core.errors import BadRequest, explain
from cu_core.runs.execute import check
from cu_core.runs.originals import complete
from cu_core.service.catalog import catalog
from cu_core.service.looking import describe, describe_forget
from cu_core.spec import (
    KINDS,
    Axis,
    DescribeDataset,
    DescribeForget,
    FetchRequest,
    SweepRequest,
    TrainRequest,
    UnlearnRequest,
    question,
)
from cu_core.store import Store
from cu_core.sweeps import axes

RUNS: Mapping[str, type[BaseModel]] = {
    "train": TrainRequest, "unlearn": UnlearnRequest, "fetch": FetchRequest,
}  # fmt: skip
RIGHT: Mapping[str, SearchStrategy[Any]] = {  # by the name of a field, values that often are
    "dataset": st.sampled_from(("digits", *KEYS)),
    "key": st.sampled_from(("digits", "signs", *KEYS)),
    "plant": st.sampled_from(("", "wrong-labels:0.1", "trigger:0.05", "wrong-labels:2", *RULES)),
    "forget": st.sampled_from(RULES),
    "after": st.sampled_from(RULES),
    "model": st.sampled_from(("small-cnn", "mlp", *KEYS)),
    "size": st.sampled_from((None, 8, 64, 1024, 7, "64", 1e3)),
    "seed": st.integers(-2, 2**31),
    "device": st.sampled_from(("auto", "cpu", "cuda", "tpu")),
    "objectives": st.lists(st.sampled_from(("avg_gap", "forget_gap", "ta_gap", "no")), max_size=4),
    "path": st.sampled_from(("nowhere.pt", ".", "", "a\0b", "~nobody-at-all/x", "x" * 300)),
}
Door = tuple[SearchStrategy[Any], Callable[[Any], None]]


def door(folder: Path, quick: bool) -> Door:
    store = Store(folder / "home")
    digits = data.load("digits")
    cards = {card.key: card for card in catalog(store.home).methods}
    acts: Mapping[str, Callable[[Any], object]] = {
        "rule": lambda given: (forget.words(given[0]), forget.parse(given[0], digits, given[1])),
        "knobs": lambda given: parse_knobs(given),
        "question": lambda given: _asked(store, *given),
        "sweep": lambda given: axes.check(_made(SweepRequest, given), cards),
        "axis": lambda given: _made(Axis, given),
        **{kind: partial(_run, store, cls) for kind, cls in RUNS.items()},
    }
    drawn = {
        "rule": st.tuples(st.one_of(st.sampled_from(RULES), texts()), st.integers(0, 99)),
        "knobs": st.lists(st.one_of(st.sampled_from(PAIRS), texts()), max_size=3),
        "question": st.one_of([_question(kind) for kind in sorted(KINDS)]),
        "sweep": _sweep(),
        "axis": _fields(Axis),
        **{kind: _fields(cls) for kind, cls in RUNS.items()},
    }
    inputs = st.one_of([st.tuples(st.just(kind), of) for kind, of in drawn.items()])
    return inputs, lambda given: (acts[given[0]](given[1]), None)[1]


@st.composite
def _fields(draw: st.DrawFn, cls: type[BaseModel]) -> dict[str, Any]:
    """A few of the fields, most of them as they may be, and now and then one that there is not."""
    fields = cls.model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    others = [name for name in fields if name not in needed]
    chosen = draw(st.lists(st.sampled_from(others), max_size=3)) if others else []
    made = {name: draw(_value(name, fields[name].annotation)) for name in (*needed, *chosen)}
    if draw(st.integers(0, 9)) == 0:
        made[draw(texts())] = draw(values())
    return made


def _value(name: str, annotation: Any) -> SearchStrategy[Any]:
    if name == "hparams":
        knobs = st.sampled_from(("temperature", "lr", "epochs", "batch_size", "variant", "no"))
        return st.dictionaries(knobs, values(), max_size=2)
    if name == "request":
        return _fields(UnlearnRequest)
    choices = [value for value in get_args(annotation) if isinstance(value, str | int)]
    known = [RIGHT[name]] * 4 if name in RIGHT else []
    return st.one_of(*known, *([st.sampled_from(choices)] * 4 if choices else []), values())


def _sweep() -> SearchStrategy[dict[str, Any]]:
    axis = st.one_of(
        _fields(Axis),
        st.fixed_dictionaries({"low": st.floats(), "high": st.floats()}),
        st.fixed_dictionaries({"choices": st.lists(values(), min_size=1, max_size=3)}),
    )
    named = st.dictionaries(
        st.sampled_from(("temperature", "lr", "variant", "method", "epochs", "no")),
        axis,
        max_size=3,
    )
    base = st.one_of(st.just({}), _fields(UnlearnRequest))
    return st.tuples(_fields(SweepRequest), base, named).map(
        lambda drawn: drawn[0] | {"base": drawn[1], "axes": drawn[2]}
    )


def _question(kind: str) -> SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(kind), _fields(KINDS[kind]))


def _made(cls: type[BaseModel], given: dict[str, Any]) -> Any:
    try:
        return cls.model_validate(given)
    except ValidationError as error:
        raise BadRequest(explain(error, cls)) from None


def _run(store: Store, cls: type[BaseModel], given: dict[str, Any]) -> None:
    """As pages and command line do before a run is on record; its command makes the same one."""
    request = complete(store, _made(cls, given))
    check(store, request)
    if isinstance(request, UnlearnRequest):
        request.command()
    json.dumps(request.model_dump(mode="json"))


def _asked(store: Store, kind: str, payload: dict[str, Any]) -> None:
    asked = question(kind, payload)
    if isinstance(asked, DescribeDataset):
        describe(store, asked).model_dump_json()
    elif isinstance(asked, DescribeForget):
        describe_forget(store, asked).model_dump_json()
