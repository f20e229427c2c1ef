"""The last frames of a sweep's trials as the gallery draws them: a small file a trial, and the
bytes that one tab still lacks.

All trials of one original lie in one projection, and their first frames are one layout. The box
that a file's places are in stands in it nevertheless, so that one from elsewhere is drawn to scale.
Axis letters: T trials in this blob, P probe samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cu_core.files import stamp
from cu_core.spec import OBJECTIVES, SweepRecord, Trial
from cu_core.stage.boxes import fixed_box, quantise, restore
from cu_core.stage.wire import pack, unpack
from cu_core.store import RunReader

Array = NDArray[Any]
Words = Mapping[str, str]
HELD = 4096  # pictures in memory: of two of the largest sweeps
MARKUP = '<div class="lethe trials"></div>'  # the component's; its script makes the rest
TIMES = 2  # a picture travels in so many blobs: a page may miss one, never two


def picture(reader: RunReader) -> bytes | None:
    """The bytes of a trial's file; None of a run without a picture."""
    frames, probe = reader.frames(at_most=2), reader.probe()
    if not frames.steps or probe is None:
        return None
    label = probe.get("true_label", probe["label"])
    names = reader.progress().class_names
    return packed(frames.xy[0], frames.xy[-1], frames.pred[-1], label, probe["is_forget"], names)


def packed(
    first: ArrayLike,
    last: ArrayLike,
    pred: ArrayLike,
    label: ArrayLike,
    is_forget: ArrayLike,
    classes: Sequence[str],
) -> bytes:
    """``first``, ``last``: places (P, 2), of which the first give the box; ``pred``, ``label``:
    class ids (P,); ``is_forget`` (P,); ``classes``: their names. 6 bytes a sample, 8 where there
    are more than 256 classes."""
    box, code = fixed_box(first), "<u1" if len(classes) <= 256 else "<u2"
    sections = {
        "xy": quantise(last, box),
        "pred": np.asarray(pred).astype(code),
        "label": np.asarray(label).astype(code),
        "forget": np.asarray(is_forget).astype("<u1"),
    }
    return pack({"box": box, "classes": list(classes)}, sections)


@dataclass(frozen=True)
class Picture:
    """A trial's file, read. ``parts``: xy uint16 (P, 2), pred, label, forget (P,)."""

    box: tuple[float, ...]
    classes: tuple[str, ...]
    parts: Mapping[str, Array]

    @property
    def n(self) -> int:
        return len(self.parts["forget"])

    def within(self, box: Sequence[float]) -> Array:
        """Its places, uint16 (P, 2), in another box."""
        xy: Array = self.parts["xy"]
        return xy if self.box == tuple(box) else quantise(restore(xy, self.box), box)


@lru_cache(maxsize=HELD)
def _read(path: Path, stamped: object) -> Picture:
    header, parts = unpack(path.read_bytes())
    return Picture(tuple(header["box"]), tuple(header["classes"]), parts)


@dataclass
class Sent:
    """What one tab has of a sweep. ``times``: by trial, how often its picture was sent; ``first``:
    the picture whose samples and box are all the others'."""

    sweep_id: str
    times: dict[int, int] = field(default_factory=dict)
    first: Picture | None = None
    version: Any = None
    data: bytes = b""

    def forget(self) -> None:
        """The page says that it lacks pictures."""
        self.times.clear()
        self.version = None


def blob(
    record: SweepRecord,
    files: Mapping[int, Path],
    sent: Sent,
    chosen: Sequence[int] = (),
    sort_by: str | None = None,
    titles: Words | None = None,
) -> bytes:
    """Words on every trial, and the pictures that the tab lacks; the very same bytes as before
    while nothing has changed.

    ``files``: of the pictures, by number (``store.pictures``); ``chosen``: numbers; ``sort_by``: an
    objective or a knob, None for the first objective; ``titles``: what knobs are called. ValueError
    for a sweep whose record is damaged.
    """
    stamps = {number: stamp(path) for number, path in files.items()}
    version = (record.state, record.progress, stamps, tuple(chosen), sort_by)
    if sent.version != version:
        sent.data = _packed(record, files, stamps, sent, _asked(record, chosen, sort_by, titles))
        sent.version = version
    return sent.data


def _asked(
    record: SweepRecord, chosen: Sequence[int], sort_by: str | None, titles: Words | None
) -> dict[str, Any]:
    """What the header says of the sweep."""
    request = record.request
    if request is None:
        raise ValueError(record.message)
    objectives = [OBJECTIVES[key] for key in request.objectives]
    called = {key: key.replace("_", " ") for key in request.axes} | dict(titles or {})
    return {
        "sweep": record.sweep_id,
        "objectives": [
            {"key": one.key, "title": one.title, "unit": one.unit, "better": one.better}
            for one in objectives
        ],
        "knobs": [{"key": key, "title": called[key]} for key in request.axes],
        "sort": sort_by or request.objectives[0],
        "chosen": list(chosen),
    }


def _packed(
    record: SweepRecord,
    files: Mapping[int, Path],
    stamps: Mapping[int, object],
    sent: Sent,
    header: dict[str, Any],
) -> bytes:
    trials, new, places, answers = [], [], [], []
    for trial in record.progress.trials:
        said = _said(trial)
        trials.append(said)
        if trial.number not in files:
            continue
        try:
            found = _read(files[trial.number], stamps[trial.number])
            sent.first = first = sent.first or found
            if found.n != first.n:
                raise ValueError(f"it has {found.n} samples, the others {first.n}")
        except (OSError, ValueError, KeyError) as fault:
            said["fault"] = f"The picture of trial {trial.number} cannot be drawn: {fault}."
            continue
        said["picture"] = True
        sent.times[trial.number] = times = sent.times.get(trial.number, 0) + 1
        if times <= TIMES:
            new.append(trial.number)
            places.append(found.within(first.box))
            answers.append(found.parts["pred"])
    header |= {"trials": trials, "classes": sent.first.classes if sent.first else ()}
    if not new or not sent.first:
        return pack(header, {})
    static = {name: sent.first.parts[name] for name in ("label", "forget")}
    drawn = {"xy": np.stack(places), "pred": np.stack(answers)}
    return pack(header, {"number": np.array(new, "<u4"), **drawn, **static})


def _said(trial: Trial) -> dict[str, Any]:
    """One trial's words; what is as usual is left out."""
    flags = {name: True for name in ("front", "below_floor", "confirmed") if getattr(trial, name)}
    said = {"number": trial.number, "state": trial.state, "values": trial.values}
    message = {"message": trial.message} if trial.message else {}
    return {**said, "knobs": trial.knobs, **flags, **message}
