"""Sweeps on disk: what was asked, what its owner says of it, and a small picture of each trial.

    <home>/sweeps/<sweep_id>/  request.json  progress.json  owner.lock  owner.log  study.db
                               pictures/<number>.bin

One process at a time owns a sweep and writes its progress; pages only read. Who wants it to stop or
to go on leaves a command with an id, as for a run. The trials are ordinary runs, whose requests
name their sweep and number: from these alone a sweep can be rebuilt. Studies that ship with Lethe
are such folders under ``assets/studies``, without the runs; they are read and never led.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError
from sqlalchemy import insert

from cu_core.errors import BadRequest, RunBusy, UnknownRun
from cu_core.files import ASSETS, stamp, write_atomic
from cu_core.spec import (
    TRIAL,
    RunProgress,
    RunRecord,
    SweepProgress,
    SweepRecord,
    SweepRequest,
    data_words,
    trial_of,
)
from cu_core.store.appdb import COMMAND, AppDb
from cu_core.store.begun import sign
from cu_core.store.paths import Paths, held, hold, new_id
from cu_core.store.runs import NAME_LIMIT, Runs
from cu_core.store.titles import forgotten

REQUEST, PROGRESS, OWNER, PICTURES = "request.json", "progress.json", "owner.lock", "pictures"
STUDIES = ASSETS / "studies"
LOST = "The process that led this sweep ended unexpectedly. Resume takes it up; its runs are kept."
SweepVerb = Literal["stop", "more", "resume", "confirm"]


class Sweeps(Runs):
    """The part of the store that knows sweeps."""

    paths: Paths
    db: AppDb

    def new_sweep(self, request: SweepRequest, name: str = "") -> str:
        """Puts a sweep on record and returns its id; a process has yet to own it."""
        sweep_id, created = new_id(), time.time()
        folder = self.paths.sweep_folder(sweep_id)
        (folder / PICTURES).mkdir(parents=True)
        title = " ".join(name.split())[:NAME_LIMIT] or sweep_title(request)
        document = {"name": title, "created": created, "request": request.model_dump(mode="json")}
        sign(folder, self.visitor)
        write_atomic(folder / REQUEST, json.dumps(document).encode())
        return sweep_id

    def sweeps(self) -> list[SweepRecord]:
        """Newest first. A damaged one is listed as such and hides no other."""
        found = [path.name for path in self.paths.sweeps.iterdir() if (path / REQUEST).exists()]
        return [self.sweep(sweep_id) for sweep_id in sorted(found, reverse=True)]

    def studies(self) -> list[SweepRecord]:
        """Those that ship with Lethe, by name."""
        return [self.sweep(path.parent.name) for path in sorted(STUDIES.glob(f"*/{REQUEST}"))]

    def is_study(self, sweep_id: str) -> bool:
        """Whether it ships with Lethe: it has no runs here, and nobody leads it."""
        return not self.paths.sweep_folder(sweep_id).exists() and (STUDIES / sweep_id).is_dir()

    def _readable(self, sweep_id: str) -> Path:
        """Where it lies, in the home or beside Lethe."""
        own = self.paths.sweep_folder(sweep_id)
        return STUDIES / sweep_id if self.is_study(sweep_id) else own

    def sweep(self, sweep_id: str) -> SweepRecord:
        """UnknownRun when there is none of this id."""
        folder = self._readable(sweep_id)
        path, said = folder / REQUEST, folder / PROGRESS
        if not path.exists():
            raise unknown_sweep(sweep_id)
        try:
            name, created, request = _request(path, stamp(path))
            progress = _progress(said, stamp(said))
        except (OSError, ValueError, KeyError, ValidationError) as error:
            cause = " ".join(str(error).split())[:200]
            text = f"The record of this sweep is damaged ({cause})."
            return SweepRecord(sweep_id, sweep_id, 0.0, "damaged", text)
        state: Any = progress.state or "queued"
        message = progress.message
        if state in ("running", "paused") and not held(folder / OWNER):
            state, message = "lost", LOST
        return SweepRecord(sweep_id, name, created, state, message, request, progress)

    def publish(self, sweep_id: str, progress: SweepProgress) -> None:
        """The owner's word on where its sweep stands, whole."""
        path = self.paths.sweep_folder(sweep_id) / PROGRESS
        write_atomic(path, progress.model_dump_json(exclude_defaults=True).encode())

    @contextmanager
    def owned(self, sweep_id: str) -> Iterator[Path]:
        """The sweep's folder, for the one process that may lead it; RunBusy while another does."""
        folder = self.paths.sweep_folder(sweep_id)
        if not folder.exists():
            raise unknown_sweep(sweep_id)
        lock = hold(folder / OWNER)
        if lock is None:
            raise RunBusy(f"Sweep {sweep_id} is led by another process already.")
        try:
            yield folder
        finally:
            lock.release()

    def is_owned(self, sweep_id: str) -> bool:
        return held(self.paths.sweep_folder(sweep_id) / OWNER)

    def trial_runs(self, sweep_id: str) -> list[RunRecord]:
        """The runs of a sweep's trials, oldest first."""
        own = [(trial_of(record.request), record) for record in reversed(self.runs(TRIAL))]
        return [record for place, record in own if place and place[0] == sweep_id]

    def sweep_command(self, sweep_id: str, verb: SweepVerb, value: Any = None, by: str = "") -> int:
        """Its id; the owner acknowledges it by that, as a run does (``acknowledged``)."""
        if verb not in get_args(SweepVerb):
            known = ", ".join(get_args(SweepVerb))
            raise BadRequest(f"{verb!r} is not a command; a sweep knows {known}.")
        if self.is_study(sweep_id):
            raise BadRequest("This study was recorded elsewhere: start a sweep of your own.")
        self.sweep(sweep_id)
        given = {"by": by, "value": value} if by else value
        row = {"run_id": sweep_id, "verb": verb, "value": json.dumps(given), "note": None}
        with self.db.write() as connection:
            done = connection.execute(insert(COMMAND), row)
            key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def run_bytes(self, run_id: str) -> int:
        """What a run takes on the disk; 0 of one that is gone."""
        files = (stamp(path) for path in self.paths.run(run_id).rglob("*") if path.is_file())
        return sum(found[1] for found in files if found)  # a worker takes some away meanwhile

    def save_picture(self, sweep_id: str, number: int, data: bytes) -> None:
        """The last frame of a trial as the gallery draws it, see ``stage.trials``."""
        folder = self.paths.sweep_folder(sweep_id) / PICTURES
        folder.mkdir(exist_ok=True)
        write_atomic(folder / f"{number:05d}.bin", data)

    def pictures(self, sweep_id: str) -> dict[int, Path]:
        """The files of the trials' pictures, by number."""
        folder = self._readable(sweep_id) / PICTURES
        return {int(path.stem): path for path in sorted(folder.glob("[0-9]*.bin"))}

    def delete_sweep(self, sweep_id: str) -> None:
        """The sweep and its runs. RunBusy while a process leads it."""
        with self.owned(sweep_id) as folder:
            for record in self.trial_runs(sweep_id):
                self.delete(record.run_id)
            shutil.rmtree(folder, ignore_errors=True)


def sweep_title(request: SweepRequest) -> str:
    """What a sweep is called until a person names it: "contrast weight x temperature, digits"."""
    knobs = " x ".join(name.replace("_", " ") for name in request.axes)
    base = request.base
    return f"{knobs}, {forgotten(base.forget, RunProgress())}, {data_words(base.data)}"


def unknown_sweep(sweep_id: Any) -> UnknownRun:
    return UnknownRun(f"There is no sweep {str(sweep_id)[:80]!r}; `lethe sweep list` lists them.")


@lru_cache(maxsize=256)
def _request(path: Path, stamped: object) -> tuple[str, float, SweepRequest]:
    document = json.loads(path.read_bytes())
    request = SweepRequest.model_validate(document["request"])
    return str(document["name"]), float(document["created"]), request


@lru_cache(maxsize=64)
def _progress(path: Path, stamped: object) -> SweepProgress:
    return (
        SweepProgress() if stamped is None else SweepProgress.model_validate_json(path.read_bytes())
    )
