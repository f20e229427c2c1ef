"""What every metric keeps, on the outputs of made-up models: a fraction of a second each."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from cu_core import metrics
from cu_core.service.contract._contract import Contract, require
from cu_core.spec import Metric, ModelOutputs, NotComputed

CLASSES, DIM, P, Q = 4, 6, 480, 800
KINDS = ("class", "sample")


def scene(kind: str, seed: int = 0) -> ModelOutputs:
    """One model with its references: classes of a Gaussian each, and class 1 or every third sample
    to be forgotten, which the retrained models do not know. Some samples were taught a wrong class,
    and a mark was planted."""
    unlearned, original, untrained = _model(kind, seed, 2.0), _model(kind, 1, 4.0), _model(kind, 2)
    retrained = (_model(kind, 3, 1.0), _model(kind, 4, 1.0))
    return replace(unlearned, original=original, retrained=retrained, untrained=untrained)


def the_declaration_is_complete(metric: Metric) -> None:
    """Tables, colours and explanations are made from what is declared."""
    for name in ("key", "title", "unit"):
        require(bool(getattr(metric, name)), f"{metric.key} declares no {name}.")
    low, high = metric.range
    require(low < high, f"The range ({low}, {high}) is empty.")
    words = len(metric.help.split())
    require(words > 3, "The function's docstring, which is the help, must say what it measures.")
    require(metric.better in ("retrained", "low", "high"), f"better={metric.better!r} is unknown.")
    require(metric.over in ("all", "probe", "references"), f"over={metric.over!r} is unknown.")


def values_lie_in_the_declared_range_or_there_is_a_reason(metric: Metric) -> None:
    """A value out of range is drawn off the scale; a missing one needs ``NotComputed`` with its
    reason, which is shown in its place."""
    low, high = metric.range
    computed = 0
    for given in (*map(scene, KINDS), *map(_bare, KINDS)):
        for part, value in _values(metric, given).items():
            computed += 1
            inside = np.isfinite(value) and low <= value <= high
            require(bool(inside), f"{metric.key} {part}: {value} is not in [{low}, {high}].")
    require(computed > 0, f"{metric.key} has no value for any of the tasks it was tried on.")


def the_same_outputs_give_the_same_value(metric: Metric) -> None:
    """It draws random numbers without a seed of its own, so a table could not be repeated."""
    for kind in KINDS:
        once, twice = (_values(metric, scene(kind)) for _ in range(2))
        require(once == twice, f"{metric.key} gave {once} and then {twice}.")


def what_it_reads_is_left_as_it_was(metric: Metric) -> None:
    """It writes into its arguments or moves numpy's global random numbers, and so changes what
    others measure."""
    for kind in KINDS:
        given, fresh = scene(kind), scene(kind)
        state = _global_random_state()
        _values(metric, given)
        for name in (f.name for f in fields(given) if f.name not in ("relearn", "original")):
            mine, before = getattr(given, name), getattr(fresh, name)
            if isinstance(mine, np.ndarray):
                require(np.array_equal(mine, before), f"{metric.key} writes into {name}.")
        require(
            _global_random_state() == state, f"{metric.key} draws numpy's global random numbers."
        )


def _model(kind: str, seed: int, knows: float = 0.0) -> ModelOutputs:
    """``knows``: how far apart the classes lie."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed)
    label, test_label = fixed.integers(0, CLASSES, P), fixed.integers(0, CLASSES, Q)
    true_label = np.where(np.arange(P) % 6 == 0, (label + 1) % CLASSES, label)
    forget = label == 1 if kind == "class" else np.arange(P) % 3 == 0
    centre, head = knows * np.eye(CLASSES, DIM), np.eye(DIM, CLASSES)
    z, test_z = (centre[y] + rng.normal(size=(len(y), DIM)) for y in (label, test_label))
    return ModelOutputs(
        z.astype(np.float32),
        (z @ head).astype(np.float32),
        label,
        forget,
        (test_z @ head).astype(np.float32),
        test_label,
        (1,) if kind == "class" else (),
        test_z.astype(np.float32),
        layers={"first": z[:, :2].astype(np.float32), "last": z.astype(np.float32)},
        relearn=lambda: [20.0, 55.0, 100.0],
        true_label=true_label,
        trigger_logits=rng.normal(size=(Q // 2, CLASSES)).astype(np.float32),
        trigger_label=2,
    )


def _bare(kind: str) -> ModelOutputs:
    """As while a run lives: no references."""
    return replace(_model(kind, 5, 2.0), test_z=None, layers={}, relearn=None)


def _values(metric: Metric, given: ModelOutputs) -> dict[str, float]:
    """Part -> number; empty where the metric says that it has none."""
    try:
        found: Any = metric.compute(given)
    except NotComputed as why:
        require(bool(str(why)), f"{metric.key} is not computed, and does not say why.")
        return {}
    if isinstance(found, Mapping):
        return {part: float(value) for part, value in found.items()}
    if metric.per_class:
        shape = np.shape(found)
        require(shape == (CLASSES,), f"{metric.key} is per_class, and its shape is {shape}.")
    return {str(i): float(value) for i, value in enumerate(np.ravel(np.asarray(found)))}


def _global_random_state() -> str:
    state = np.random.get_state(legacy=False)["state"]
    return f"{state['pos']} {state['key'].tobytes().hex()}"


CONTRACT = Contract(
    kind="metric",
    declared=metrics.declared,
    key=lambda metric: str(metric.key),
    registered=lambda: list(metrics.all_metrics().values()),
    checks=(
        the_declaration_is_complete,
        values_lie_in_the_declared_range_or_there_is_a_reason,
        the_same_outputs_give_the_same_value,
        what_it_reads_is_left_as_it_was,
    ),
)
