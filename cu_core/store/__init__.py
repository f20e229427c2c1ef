"""Runs, models and messages on disk: the only part of Lethe that knows paths or SQL.

Pages and workers meet here and nowhere else, so a browser that reloads, a second tab and a process
that is killed lose nothing. ``Store`` is for everyone; ``RunWriter`` is for the worker that holds a
run; ``Store.reader`` gives a page what it shows. Every refusal is a ``StoreError`` sentence.
"""

import copy
import re
import secrets
import shutil
from pathlib import Path

from cu_core.files import ASSETS, write_atomic
from cu_core.store.appdb import NOT_STARTED, AppDb
from cu_core.store.branches import Branches
from cu_core.store.choices import Choice, Choices
from cu_core.store.handouts import Handouts
from cu_core.store.labels import Labelled, Labels
from cu_core.store.mailbox import Answer, AskedQuestion, Command, Mailbox
from cu_core.store.modelcache import ModelCache, ModelRecord
from cu_core.store.overviews import Overviews
from cu_core.store.paths import DAY_S, Paths
from cu_core.store.patience import Patience
from cu_core.store.queue import RESUMABLE, ClaimedRun, Queue
from cu_core.store.reader import Event, Frames, RunReader, SnapshotRow
from cu_core.store.slots import Slot, Slots
from cu_core.store.stories import Stories
from cu_core.store.sweeps import Sweeps
from cu_core.store.titles import default_name, forgotten, numbers, title, unnamed
from cu_core.store.views import Views
from cu_core.store.workers import Worker, WorkerRecord, Workers
from cu_core.store.writer import FolderGone, RunWriter

__all__ = [
    "NOT_STARTED",
    "RESUMABLE",
    "Answer",
    "AskedQuestion",
    "Choice",
    "ClaimedRun",
    "Command",
    "Event",
    "FolderGone",
    "Frames",
    "Labels",
    "ModelRecord",
    "RunReader",
    "RunWriter",
    "Slot",
    "SnapshotRow",
    "Store",
    "Worker",
    "WorkerRecord",
    "default_name",
    "forgotten",
    "numbers",
    "title",
    "unnamed",
]
BUNDLED = ASSETS / "models"
STEM_BYTES = 200  # of an upload's name: its ending, and a name while it is written, want some too


class Store(
    Queue,
    Branches,
    Mailbox,
    Workers,
    Slots,
    ModelCache,
    Views,
    Choices,
    Overviews,
    Sweeps,
    Stories,
    Labelled,
    Handouts,
):
    """The home folder: ``home``, else $LETHE_HOME, else ~/.lethe. Cheap to open and open again.

    May be shared by threads and survives a fork: no connection outlives a call.
    """

    read_only = False  # whether all that would change it is refused: ``store.visiting``

    def __init__(self, home: Path | str | None = None, bundled: Path | None = BUNDLED) -> None:
        self.paths = Paths(home)
        self.db = AppDb(self.paths)
        self.patience = Patience()
        self.bundled = bundled if bundled is not None and bundled.is_dir() else None

    @property
    def home(self) -> Path:
        return self.paths.home

    @property
    def data_dir(self) -> Path:
        """Where downloaded datasets lie."""
        return self.paths.data

    def reader(self, run_id: str) -> RunReader:
        """UnknownRun when there is no such run; its files may not exist yet."""
        folder = self.paths.run(run_id)
        if not folder.exists():
            self.run(run_id)
        return RunReader(run_id, folder)

    def writer(self, run_id: str) -> RunWriter:
        """For the worker that holds the run, and only for it."""
        return RunWriter(self, run_id)

    def patient(self, run_id: str) -> "Store":
        """The same store for the process that holds this run: what it writes of it may wait for
        room, as its own ``patience`` is told to."""
        own = copy.copy(self)
        own.patience = Patience(self.paths.run(run_id))
        return own

    def receive(self, filename: str, data: bytes) -> Path:
        """An uploaded file, kept for a day, in a folder of its own: sentences call it by the name
        that its owner gave it, of which no sign survives that a path or a page could mistake."""
        ending = re.sub(r"[^a-z0-9]", "", Path(filename).suffix.lower())[:12]
        stem = re.sub(r"[^\w .()-]+", "-", Path(filename).stem).strip("- .")[:80]
        stem = stem.encode()[:STEM_BYTES].decode(errors="ignore")
        self.paths.sweep(self.paths.incoming, "*", DAY_S)
        folder = self.paths.incoming / secrets.token_hex(8)
        folder.mkdir()
        path = folder / f"{stem or 'upload'}{'.' if ending else ''}{ending}"
        write_atomic(path, data)
        return path

    def take_away(self, upload: Path) -> None:
        """Removes a file that was received; one from elsewhere is a person's own, and stays."""
        if upload.parent.parent == self.paths.incoming:
            shutil.rmtree(upload.parent, ignore_errors=True)

    def free_bytes(self) -> int:
        """Free space where the home folder lies."""
        return shutil.disk_usage(self.home).free
