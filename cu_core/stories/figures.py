"""What a story reads off a run: its metrics by model or by step, its answers, and both as words.

A text names a figure in braces, and what stands there is computed from the run, at the step of its
stop: ``{ta}``, ``{n_forget}``, ``{step}``. ``{end.ta}``, ``{original.ta}``, ``{retrained.ta}``: of
the model at the run's end, and of the two that it is compared with. ``{to.six}``: how many of the
forget samples are answered "six"; ``{retrained.to.six}`` by the retrained model. Of two runs
``{B.ta}`` is the second one's. Percentages come with their sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.errors import BadRequest
from cu_core.metrics._evidence import percent
from cu_core.spec import RATIO, Catalog

Blob = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Header and sections of a run's bytes, as ``library.run`` gives them."""

LETTERS = "AB"
MODELS = {"end": "metrics", "original": "original", "retrained": "retrained"}
NAMED = re.compile(r"\{([\w./ -]+)\}")


def value(run: Blob, name: str, model: str = "end") -> float | None:
    """A metric of one of ``MODELS`` on record; None where the run lacks it."""
    found = ((run[0].get("summary") or {}).get(MODELS[model]) or {}).get(name)
    return None if found is None else float(found)


def units(catalog: Catalog, curves: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Unit by metric, as each declares it; what was recorded elsewhere says it of its curves."""
    found = {line["key"]: str(line.get("unit") or "") for line in curves}
    declared = {metric.key: metric.unit for metric in catalog.metrics}
    return found | {key: unit if unit != RATIO else "" for key, unit in declared.items()}


def unit(run: Blob, name: str) -> str:
    """As the metric, or the one that this is a part of, declares it ("%", "bits"); "" of none."""
    known: Mapping[str, str] = run[0].get("units") or {}
    return known.get(name) or known.get(name.partition("/")[0], "")


def frame_at(run: Blob, step: int) -> int:
    """The last frame that is not behind this step."""
    before = [i for i, at in enumerate(run[0]["steps"]) if at <= step]
    return before[-1] if before else 0


def forgotten(run: Blob, label: int | None = None, true: int | None = None) -> NDArray[Any]:
    """Which samples are to be forgotten (P,), those of this label or true class alone."""
    sections = run[1]
    chosen: NDArray[Any] = sections["forget"].astype(bool)
    if label is not None:
        chosen = chosen & (sections["label"] == label)
    if true is not None:
        chosen = chosen & (sections.get("true_label", sections["label"]) == true)
    return chosen


def answers(run: Blob, chosen: NDArray[Any], frame: int) -> NDArray[Any]:
    """How many of the chosen samples are answered each class (C,) at a frame."""
    counts: NDArray[Any] = np.bincount(
        run[1]["pred"][frame][chosen], minlength=len(run[0]["classes"])
    )
    return counts


def retrained_answers(run: Blob, chosen: NDArray[Any]) -> NDArray[Any]:
    """The same of the retrained model. BadRequest where its answers are not on record."""
    header, sections = run
    share = sections.get("ghost_share")
    if share is None:
        raise BadRequest(f"The run {header['run']} has no answers of a retrained model.")
    column = share[chosen].argmax(1)
    of_class = sections.get("ghost_share_class")
    if of_class is not None:
        column = np.take_along_axis(of_class[chosen], column[:, None], 1)[:, 0]
    counts: NDArray[Any] = np.bincount(column, minlength=len(header["classes"]))
    return counts


def class_id(run: Blob, text: str, where: str) -> int:
    """A class by its name, else by its number. BadRequest names those that there are."""
    names = [str(name) for name in run[0]["classes"]]
    if text in names:
        return names.index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    raise BadRequest(f"{where} names the class {text!r}; there are {', '.join(names)}.")


def said(amount: float, sign: str) -> str:
    """A figure as a sentence has it: "97 %", "0.68", "1,347"."""
    if sign == "%":
        return percent(amount)
    return f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:.2f}"


def filled(text: str, runs: Sequence[Blob], steps: Sequence[int], where: str) -> str:
    """The text with each figure that it names in its place, at these steps of the runs.
    BadRequest for one that its run lacks."""
    return NAMED.sub(lambda found: _figure(found[1], runs, steps, where), text)


def _figure(name: str, runs: Sequence[Blob], steps: Sequence[int], where: str) -> str:
    letter, dot, rest = name.partition(".")
    k = LETTERS.index(letter) if dot and letter in LETTERS else 0
    if k >= len(runs):
        raise BadRequest(f"{where} names {{{name}}}, and the story has one run.")
    words = _read(runs[k], rest if dot and letter in LETTERS else name, steps[k], where)
    if words is None:
        raise BadRequest(f"{where} names {{{name}}}, which the run {runs[k][0]['run']} lacks.")
    return words


def _read(run: Blob, name: str, step: int, where: str) -> str | None:
    counts = {"n_forget": int(forgotten(run).sum()), "step": step, "steps": run[0]["steps"][-1]}
    counts["n_keep"] = len(run[1]["forget"]) - counts["n_forget"]
    if name in counts:
        return said(counts[name], "")
    model, dot, rest = name.partition(".")
    key = rest if dot and model in MODELS else name
    if key.startswith("to."):
        goes = class_id(run, key.removeprefix("to."), where)
        if model == "retrained":
            return said(retrained_answers(run, forgotten(run))[goes], "")
        frame = -1 if model == "end" else frame_at(run, step)
        return said(answers(run, forgotten(run), frame)[goes], "")
    amount = value(run, key, model) if dot and model in MODELS else _at(run, key, step)
    return None if amount is None else said(amount, unit(run, key))


def _curve(run: Blob, name: str) -> Mapping[str, Any] | None:
    return next((line for line in run[0].get("curves") or () if line["key"] == name), None)


def _at(run: Blob, name: str, step: int) -> float | None:
    """The newest value of a curve at or before a step."""
    line = _curve(run, name)
    if line is None:
        return None
    pairs = zip(line["steps"], line["values"], strict=True)
    known = [amount for at, amount in pairs if at <= step and amount is not None]
    return float(known[-1]) if known else None
