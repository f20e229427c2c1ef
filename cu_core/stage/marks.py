"""What happened in a run, as the Stage marks it: what was put on record, and what its numbers say.

The second is derived at every reading and stored nowhere: a retrained model that is ready only at
the end moves the marks that compare with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from cu_core.events import Course, happened, occurrences, stop_rules
from cu_core.spec import STOP_RULES, RunProgress, RunRecord
from cu_core.stage.lines import Curves
from cu_core.store import Event

Mark = dict[str, Any]


def compared_with(record: RunRecord, progress: RunProgress) -> str:
    """What the derived marks depend on beside the curves: other words where they may change."""
    summary = record.summary
    return repr((summary.retrained or progress.retrained, summary.band))


def marks(
    recorded: Sequence[Event], known: Curves, record: RunRecord, progress: RunProgress
) -> list[Mark]:
    """By step, at one step what is on record first: ``step``, ``kind``, ``text``; those that are
    derived also ``tone``, by which they look. A rule that ended the run is there once."""
    said: list[Mark] = [{"step": e.step, "kind": e.kind, "text": e.text} for e in recorded]
    ended = {mark["step"] for mark in said if mark["kind"] == stop_rules.EVENT.key}
    rule = STOP_RULES.get(getattr(record.request, "stop_rule", ""))
    told = stop_rules.said(rule) if rule else ""
    found = derived(Course.of(known, progress, record.summary))
    new = [mark for mark in found if not (mark["step"] in ended and mark["text"] == told)]
    return sorted([*said, *new], key=lambda mark: int(mark["step"]))


def of_recording(header: Mapping[str, Any], pred: NDArray[Any]) -> list[Mark]:
    """Of a recording made before there were derived marks, from what it shows: ``pred`` (T, P)
    answers by frame. One that has some keeps those, which more was known for."""
    said: list[Mark] = list(header.get("events") or ())
    if any("tone" in mark for mark in said):
        return said
    lines = header["curves"]
    series: Curves = {line["key"]: (line["steps"], line["values"]) for line in lines}
    if len(pred) > 1 and header.get("every", 1) == 1:
        shares = 100.0 * (pred[1:] != pred[:-1]).mean(1)
        series["changed"] = list(header["steps"][1:]), shares.tolist()
    course = Course(
        series,
        {line["key"]: line.get("retrained") for line in lines},
        n_classes=len(header["classes"]),
        is_class=bool(header["forget_classes"]),
    )
    return sorted([*said, *derived(course)], key=lambda mark: int(mark["step"]))


def derived(course: Course) -> list[Mark]:
    """What the numbers say, by step."""
    kinds = occurrences()
    return [
        {"step": one.step, "kind": one.key, "text": one.text, "tone": kinds[one.key].tone}
        for one in happened(course)
    ]
