"""A run in the store -> the Stage's bytes: curves, events, and the frames a tab still lacks.

What a browser tab has been sent is kept in its ``Sent``: a poll then costs the new frames only,
and a run in which nothing changed gives the very same bytes, which Streamlit does not send again.
Of a long run a page has every k-th frame on record and the newest, which gives way to the next
one; when k grows, all that are shown then travel anew. Frames are counted as the page has them.
What comes but once (the retrained ghost, the 3-D map, an exact map) travels when it has changed.
A tab that opens a run of many frames first gets an overview, a few of them from all over the run
without the samples' images, so that there is a picture at once; then the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cu_core.spec import Catalog, RunProgress, RunRecord, Summary
from cu_core.stage import fixed_box, frames_blob
from cu_core.stage.lines import Curves, curves
from cu_core.stage.marks import Mark, compared_with, marks
from cu_core.stage.sections import named
from cu_core.store import Frames, RunReader, title

OVERLAP = 2  # frames sent once more, so that a page that missed one poll does not have to ask
LIMIT = 300  # frames in a page: at 2,000 points 9 MB to send and hold, and 25 seconds of playing
OVERVIEW = 24  # frames of an overview, and the newest: with shares of 10 classes 1 MB
TIMES = 2  # what has changed travels in so many blobs: a page may miss one, never two

Values = Mapping[str, Any]


@dataclass
class Sent:
    """What one tab has of one run. ``version``: what the last bytes were made from; ``overview``:
    whether it has one at most, so that the whole comes next."""

    run_id: str
    generation: Any = None
    frames: int = 0
    every: int = 1  # of how many frames on record one was sent
    steps: list[int] = field(default_factory=list)  # of the frames that were sent
    overview: bool = False
    last_step: int = -1
    box: list[float] | None = None
    curves: Curves = field(default_factory=dict)
    version: Any = None
    data: bytes | None = None
    parts: dict[str, tuple[str, int]] = field(default_factory=dict)  # name -> which, how often

    def start_over(self, generation: Any) -> None:
        """The run was rewound: what was sent is void."""
        vars(self).update(vars(Sent(self.run_id, generation)))

    def forget_from(self, frame: int) -> None:
        """The page says that it lacks the frames from this one on. Who lacks all of them, and says
        so, has had an overview, or waits without one: the whole comes next."""
        self.frames, self.version = max(0, frame), None
        self.overview = self.frames == 0
        self.parts.clear()

    def forget_all(self) -> None:
        """The page has nothing of it (any more): it is opened, from its overview on."""
        self.forget_from(0)
        self.overview = False

    def lacks(self, part: str, which: Any) -> bool:
        """Whether the blob that is being made has to carry ``which`` state of this part."""
        held, times = self.parts.get(part, ("", 0))
        times = times + 1 if held == str(which) else 1
        self.parts[part] = (str(which), times)
        return times <= TIMES


def blob(
    record: RunRecord,
    reader: RunReader,
    progress: RunProgress,
    catalog: Catalog,
    sent: Sent,
    exact: Values | None = None,
    solid: Values | None = None,
    more: Values | None = None,
    overview: bool = False,
) -> bytes | None:
    """The frames this tab lacks, with the curves and events so far; None before the first frame.

    ``exact``, ``solid``: the header's words on the two views, None where they cannot be made; their
    positions are added when they are on record. ``more``: what else the header is to say.
    ``overview``: a tab that has nothing may get one first, which says so; then comes the whole.
    """
    if sent.generation != progress.generation:
        sent.start_over(progress.generation)
    events, known = reader.events(), _read_curves(reader, sent)
    version = (
        *(record.state, bool(record.summary), bool(catalog.metrics)),  # which names the curves
        *(len(known), sent.last_step, len(events), compared_with(record, progress)),
        *map(bool, (progress.original, progress.retrained, progress.ghost)),
        *map(str, (exact, solid, more)),
    )
    if sent.data is not None and sent.version == version and not sent.overview:
        return sent.data
    frames, probe = _frames(reader, sent, overview), reader.probe()
    if not frames.total or probe is None:
        return None
    header = _header(record, progress, frames, marks(events, known, record, progress), sent)
    header |= more or {}
    header["exact"], fitted = _exact(reader, sent, exact)
    header["solid"], places = _solid(reader, sent, solid)
    parts = fitted | places | _ghost(probe, progress, sent)
    drawn = curves(known, record, progress, catalog)
    sent.data = _packed(frames, probe, progress, drawn, header, parts)
    sent.frames, sent.version = frames.total, version
    return sent.data


def _packed(
    frames: Frames,
    probe: Values,
    progress: RunProgress,
    lines: list[dict[str, Any]],
    header: Values,
    parts: Values,
) -> bytes:
    """``parts``: what travels only when it has changed, by the names that the Stage gives it."""
    return frames_blob(
        frames.xy,
        frames.pred,
        probe["label"],
        probe["is_forget"],
        probe["index"],
        None if header["overview"] else _atlas(probe, progress),
        lines,
        {**header, "names": None if frames.start else named(probe)},
        frames.start,
        share=frames.share,
        share_class=frames.share_class,
        true_label=probe.get("true_label"),
        **parts,
    )


def _frames(reader: RunReader, sent: Sent, overview: bool) -> Frames:
    """Those that the tab lacks, and a few before them; all when some that it has are gone, or are
    too many by now."""
    if sent.overview:
        sent.forget_from(0)
    first = overview and not (sent.frames or sent.overview)
    frames = reader.frames(max(0, sent.frames - OVERLAP), OVERVIEW if first else LIMIT)
    sent.overview = first and frames.every > 1
    if frames.start and (frames.total < sent.frames or frames.every != sent.every):
        frames = reader.frames(0, LIMIT)
    sent.every, sent.steps = frames.every, sent.steps[: frames.start] + frames.steps
    if frames.start == 0 and frames.total:
        sent.box = sent.box or fixed_box(frames.xy[0])
        sent.parts.clear()  # the page takes it for a new run
    return frames


def _ghost(probe: Values, progress: RunProgress, sent: Sent) -> dict[str, Any]:
    """The retrained model's places and shares, where it has some and the page lacks them."""
    if progress.ghost is None or not sent.lacks("ghost", "there"):
        return {}
    return {name: probe.get(name) for name in ("ghost", "ghost_share", "ghost_share_class")}


def _exact(
    reader: RunReader, sent: Sent, exact: Values | None
) -> tuple[Values | None, dict[str, Any]]:
    """The words on the exact map and, when it is on record and new to the page, its places."""
    if exact and sent.every > 1 and exact.get("step") not in sent.steps:
        return {"state": "none"}, {}  # of a frame that is not in the page, or no longer
    if not exact or exact["state"] != "done" or not sent.lacks("exact", exact["step"]):
        return exact, {}
    found = reader.view(f"exact-{exact['step']}")
    return (exact, {"exact": found[0]["xy"]}) if found else ({"state": "none"}, {})


def _solid(
    reader: RunReader, sent: Sent, solid: Values | None
) -> tuple[Values | None, dict[str, Any]]:
    """The words on the 3-D map and, when there are frames new to the page, all its places."""
    if not solid or not solid.get("steps"):
        return solid, {}
    known, _ = _in_page(solid, sent)
    if not known["steps"] or not sent.lacks("solid", (known["steps"], solid.get("ghost"))):
        return known, {}
    found = reader.view("solid")
    if found is None:
        return {**solid, "steps": [], "quality": []}, {}
    arrays, facts = found  # it may have grown since the words were found
    words = {name: facts[name] for name in ("steps", "quality", "ghost")}
    known, pick = _in_page({**solid, **words}, sent)
    return known, {"xyz": arrays["xyz"][pick], "ghost_xyz": arrays.get("ghost_xyz")}


def _in_page(solid: Values, sent: Sent) -> tuple[Values, Any]:
    """The words on those frames of the 3-D map that the page has, and which of its frames."""
    if sent.every == 1:
        return solid, slice(None)
    page = {*sent.steps}
    pick = [i for i, step in enumerate(solid["steps"]) if step in page]
    words = {name: [solid[name][i] for i in pick] for name in ("steps", "quality")}
    return {**solid, **words}, pick


def _read_curves(reader: RunReader, sent: Sent) -> Curves:
    """All metric rows; only those since the last snapshot are read, where rows can still come."""
    since = sent.last_step - 1
    for name, (steps, values) in reader.metrics(since).items():
        held_steps, held_values = sent.curves.setdefault(name, ([], []))
        while held_steps and held_steps[-1] > since:
            held_steps.pop()
            held_values.pop()
        held_steps.extend(steps)
        held_values.extend(values)
    snapshots = reader.snapshots(sent.last_step)
    sent.last_step = snapshots[-1].step if snapshots else sent.last_step
    return sent.curves


def _atlas(probe: Values, progress: RunProgress) -> tuple[bytes, str, int, int] | None:
    sheet = progress.atlas
    if sheet is None or "atlas" not in probe:
        return None
    return probe["atlas"].tobytes(), sheet.mime, sheet.tile, sheet.columns


def _header(
    record: RunRecord, progress: RunProgress, frames: Frames, events: list[Mark], sent: Sent
) -> dict[str, Any]:
    return {
        "run": record.run_id,
        "title": title(record, progress),
        "steps": frames.steps,
        "total": frames.total,
        "total_steps": record.total or None,
        "headline": record.summary.headline or None,
        "verdict": record.summary.verdict or None,
        "live": record.state in ("starting", "running", "paused"),
        "state": record.state,
        "classes": list(progress.class_names),
        "forget_classes": list(progress.forget.classes),
        "forget_size": progress.forget.n_forget or None,
        "box": sent.box,
        "overview": sent.overview,
        "scale": progress.scale,
        "ghost": progress.ghost and progress.ghost.model_dump(),
        "quality": frames.quality,
        **({"every": frames.every, "on_record": frames.recorded} if frames.every > 1 else {}),
        "events": events,
    }


def so_far(sent: Sent, progress: RunProgress) -> Summary:
    """A summary from the newest values on record, while the final one is not there."""
    return Summary(
        metrics={name: values[-1] for name, (_, values) in sent.curves.items() if values},
        original=progress.original,
        retrained=progress.retrained or None,
        reasons=progress.reasons,
    )
