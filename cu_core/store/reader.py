"""What a page reads of one run. Opens nothing for writing, and nothing at all before it exists."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load
from sqlalchemy import Select, func, select

from cu_core.errors import StoreError
from cu_core.files import stamp
from cu_core.spec import RunProgress, Summary
from cu_core.store import sql
from cu_core.store.runtables import (
    EVENT,
    METRIC,
    SNAPSHOT,
    decode_value,
    parse,
    parse_progress,
    parse_summary,
    read_facts,
    snapshot_path,
)
from cu_core.store.views import read_view
from cu_core.store.writer import view_digest

Curves = dict[str, tuple[list[int], list[float | None]]]
LOG_TAIL_BYTES = 64 * 1024
DRAWN = ("xy", "pred", "share", "share_class")  # of a snapshot; older ones have the first two


@dataclass(frozen=True)
class SnapshotRow:
    """A snapshot on record. ``sha256``: of the whole file."""

    step: int
    path: Path
    sha256: str
    view_sha256: str
    bytes: int
    quality: dict[str, float] = field(hash=False)


@dataclass(frozen=True)
class Frames:
    """What is drawn. ``damaged``: snapshots left out because their file is not what was written.

    ``steps``: (T,); ``xy``: float32 (T, P, 2); ``pred``: uint16 (T, P) predicted classes;
    ``quality``: a dict a frame; ``start``: index of the first of them among the sound frames;
    ``total``: sound frames, of all on record or, where ``every`` is above 1, of every so many
    and the newest; ``recorded``: snapshots up to the newest sound one; ``share``: uint8 (T, P, K)
    chances of the classes in 255ths, of the classes ``share_class`` uint16 (T, P, K) or, when that
    is None, of all in their order.
    ``share`` is None when one of the frames was kept before there were shares.
    """

    steps: list[int]
    xy: NDArray[np.float32]
    pred: NDArray[np.uint16]
    quality: list[dict[str, float]]
    start: int
    total: int
    damaged: int
    share: NDArray[np.uint8] | None = None
    share_class: NDArray[np.uint16] | None = None
    every: int = 1
    recorded: int = 0


@dataclass(frozen=True)
class Event:
    """Something that happened at a step: "pause", "stop-rule", "resume", ..."""

    step: int
    kind: str
    text: str


class RunReader:
    """Cheap to make and to keep; every call opens and closes what it needs."""

    def __init__(self, run_id: str, folder: Path) -> None:
        self.run_id, self.folder = run_id, folder
        self._path, self.probe_path = folder / "run.db", folder / "probe.safetensors"
        self._exists = False

    def progress(self) -> RunProgress:
        """What the worker has written; empty while the run is starting."""
        return parse_progress(read_facts(self._path) or {})

    def summary(self) -> Summary:
        """The final record, empty until the run has one."""
        return parse_summary(read_facts(self._path) or {})

    def metrics(self, since: int = -1) -> Curves:
        """name -> (steps, values) of the steps after ``since``, in step order.

        A value is None when it was not computed, and may be NaN or infinite. The rows of one step
        can come at two moments (losses, then the snapshot's metrics): to follow a live run, ask
        again from the last snapshot's step, not from the last step.
        """
        columns = (METRIC.c.step, METRIC.c.name, METRIC.c.value, METRIC.c.kind)
        curves: Curves = {}
        for step, name, value, kind in self._rows(
            select(*columns).where(METRIC.c.step > since).order_by(METRIC.c.step)
        ):
            steps, values = curves.setdefault(name, ([], []))
            steps.append(step)
            values.append(value if kind == "finite" else decode_value(value, kind))
        return curves

    def snapshots(self, since_step: int = -1) -> list[SnapshotRow]:
        """Those on record after ``since_step``, in step order."""
        query = select(SNAPSHOT).where(SNAPSHOT.c.step > since_step).order_by(SNAPSHOT.c.step)
        return [self._snapshot_row(row) for row in self._rows(query)]

    def snapshot_count(self) -> int:
        """How many are on record, without reading what is known of each."""
        rows = self._rows(select(func.count()).select_from(SNAPSHOT))
        return int(rows[0][0]) if rows else 0

    def frame(self, step: int) -> dict[str, NDArray[Any]]:
        """z (P, D), logits (P, C), test_logits (Q, C) float16, xy (P, 2) float32, pred (P,), share.

        StoreError, as a sentence to show in the frame's place, if the file is not what was written.
        """
        rows = self._rows(select(SNAPSHOT).where(SNAPSHOT.c.step == step))
        if not rows:
            raise StoreError(f"Run {self.run_id} has no snapshot of step {step}.")
        return read_snapshot(self._snapshot_row(rows[0]))

    def frames(self, from_index: int = 0, at_most: int | None = None) -> Frames:
        """The sound frames from this index on; damaged ones are left out and counted.

        Where there are more than ``at_most`` (2 or more) on record: of every k-th of them, k the
        smallest power of two that fits, and the newest; no other file is looked at.
        """
        rows, every, sound = self._sound(at_most)
        wanted = [rows[i] for i in sound[max(from_index, 0) :]]
        views = [_view(snapshot_path(self.folder, step), digest) for step, digest, _ in wanted]
        return Frames(
            steps=[step for step, *_ in wanted],
            **_stacked(views),
            quality=[parse(quality) for *_, quality in wanted],
            start=len(sound) - len(wanted),
            total=len(sound),
            damaged=len(rows[::every]) - sum(i % every == 0 for i in sound),
            every=every,
            recorded=sound[-1] + 1 if sound else 0,
        )

    def frame_steps(self, at_most: int | None = None) -> list[int]:
        """The steps of those frames."""
        rows, _, sound = self._sound(at_most)
        return [rows[i].step for i in sound]

    def _sound(self, at_most: int | None) -> tuple[Sequence[Any], int, list[int]]:
        """Snapshots, k, and which are drawn: every k-th and the newest, those that are sound."""
        columns = (SNAPSHOT.c.step, SNAPSHOT.c.view_sha256, SNAPSHOT.c.quality)
        rows = self._rows(select(*columns).order_by(SNAPSHOT.c.step))
        every = 1 if at_most is None else _stride(len(rows), at_most)

        def is_sound(i: int) -> bool:
            path = snapshot_path(self.folder, rows[i].step)
            return _is_sound(path, rows[i].view_sha256, stamp(path))

        sound = [i for i in range(0, len(rows), every) if is_sound(i)]
        newest = next((i for i in reversed(range(len(rows))) if is_sound(i)), 0)
        return rows, every, [*sound, newest] if newest % every else sound

    def view(self, name: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """A view's (arrays, facts); None if it is not there, or of an earlier life of the run.

        StoreError when its file is damaged.
        """
        return read_view(self.folder, name)

    def view_facts(self, name: str) -> dict[str, Any] | None:
        """The view's facts alone, from the head of its file."""
        found = read_view(self.folder, name, with_arrays=False)
        return None if found is None else found[1]

    def views(self) -> list[str]:
        """The names of the views on record, of whatever life of the run."""
        return sorted(path.stem for path in (self.folder / "views").glob("[a-z]*.safetensors"))

    def probe(self) -> dict[str, NDArray[Any]] | None:
        """index, label, is_forget (P,), test_index, test_label (Q,), the extras; None if unmade."""
        path = self.probe_path
        if not path.exists():
            return None
        try:
            arrays: dict[str, NDArray[Any]] = load(path.read_bytes())
        except (OSError, SafetensorError) as error:
            raise StoreError(f"{path} is damaged ({error}); the map cannot be drawn.") from error
        return arrays

    def events(self) -> list[Event]:
        """In the order of their steps, then as they happened."""
        query = select(EVENT.c.step, EVENT.c.kind, EVENT.c.text).order_by(EVENT.c.step, EVENT.c.id)
        return [Event(*row) for row in self._rows(query)]

    def log_tail(self, lines: int = 50) -> str:
        """The end of the worker's log, empty if there is none."""
        try:
            with open(self.folder / "worker.log", "rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - LOG_TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        if not self._path.exists():
            return []
        with sql.reading(self._path) as connection:
            if not self._exists:
                self._exists = sql.version(connection) > 0
            return connection.execute(query).all() if self._exists else []

    def _snapshot_row(self, row: Any) -> SnapshotRow:
        return SnapshotRow(
            step=row.step,
            path=snapshot_path(self.folder, row.step),
            sha256=row.sha256,
            view_sha256=row.view_sha256,
            bytes=row.bytes,
            quality=parse(row.quality),
        )


def _stride(count: int, at_most: int) -> int:
    """The smallest power of two of which every so many of ``count``, and the last, fit."""
    every = 1
    while len(range(0, count, every)) + bool((count - 1) % every) > max(2, at_most):
        every *= 2
    return every


def read_snapshot(row: SnapshotRow) -> dict[str, NDArray[Any]]:
    """The arrays of a snapshot on record, as ``RunReader.frame`` gives them."""
    try:
        data = row.path.read_bytes()
    except OSError as error:
        raise damaged_snapshot(row.step, "its file is missing") from error
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise damaged_snapshot(row.step, "its SHA-256 is not the one on record")
    arrays: dict[str, NDArray[Any]] = load(data)
    return arrays


def damaged_snapshot(step: int, why: str) -> StoreError:
    return StoreError(f"The snapshot of step {step} is damaged: {why}. The other steps are fine.")


def _view(path: Path, digest: str) -> dict[str, NDArray[Any]]:
    """xy (P, 2), pred (P,) and, where the file has them, share and share_class (P, K), checked
    against the record. StoreError when they differ."""
    try:
        with safe_open(path, framework="numpy") as file:
            held = set(file.keys())
            names = [n for n in DRAWN if n in held or n in DRAWN[:2]]
            drawn = {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise damaged_snapshot(int(path.stem), "its file is missing or cut short") from error
    if view_digest(**drawn) != digest:
        raise damaged_snapshot(int(path.stem), "its positions are not those on record")
    return drawn


def _stacked(views: Sequence[dict[str, NDArray[Any]]]) -> dict[str, Any]:
    """The frames' arrays by name; one that a frame lacks is None for all."""
    if not views:
        return {"xy": np.zeros((0, 0, 2), np.float32), "pred": np.zeros((0, 0), np.uint16)}
    return {
        name: np.stack([view[name] for view in views]) if all(name in v for v in views) else None
        for name in DRAWN
    }


@lru_cache(maxsize=65_536)
def _is_sound(path: Path, digest: str, stamped: tuple[int, int, int] | None) -> bool:
    """Whether the drawn part is as written; remembered for as long as the file is not touched."""
    try:
        _view(path, digest)
    except StoreError:
        return False
    return True
