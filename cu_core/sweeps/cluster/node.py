"""What happens on a machine that helps: one run, by the code that makes every run, in a home folder
of its own that is gone afterwards, while a thread sends home what is on record.

Models and decoded data lie in a folder that the runs of this machine share. Nothing here needs a
disk that the machines share.
"""

from __future__ import annotations

import contextlib
import getpass
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cu_core.errors import StoreError
from cu_core.process import keep_memory, prepare
from cu_core.spec import LAST_ONLY
from cu_core.store import RESUMABLE, Store
from cu_core.store.config import Config, read_config, versions, write_config
from cu_core.store.parcels import Outgoing, model_files, pack_model, unpack, unpack_model
from cu_core.store.plans import FILE as PLANS

if TYPE_CHECKING:
    from cu_core.sweeps.cluster.hub import Work

SEND_S = 0.5  # between two parcels, or ``SHARE`` times what one costs
SHARE = 10
SHARED = ("models", "locks", "data")  # by the runs of a machine
DAY_S = 86_400.0


def run_one(hub: Any, run_id: str) -> None:
    """A Ray task: one run, from where it stands at home to its end. Its fault is on its record."""
    _begin()
    work: Work | None = _answer(hub.take.remote(run_id))
    if work is None:
        return
    try:
        with _visit(hub, work) as store:
            _make(hub, work, store)
            _send_models(hub, store)
    except Exception as error:
        hub.fail.remote(run_id, work.number, f"{type(error).__name__}: {error}")
        raise


def rehearse(hub: Any, run_id: str) -> None:
    """A Ray task: one update of this run, for what all runs of its kind will find."""
    _begin()
    work: Work | None = _answer(hub.work.remote(run_id))
    if work is None:
        return
    with _visit(hub, work) as store:
        found = _rehearsed(hub, store, run_id)
        _send_models(hub, store)
    _answer(hub.rehearsed.remote(run_id, found))


def _rehearsed(hub: Any, store: Store, run_id: str) -> tuple[str, ...]:
    """The models that it needed; none where it failed, which each run will say for itself."""
    from cu_core.runs.execute import execute

    asked = read_config(store.paths.run(run_id)).request
    changes = {"max_steps": 1, "every": LAST_ONLY, "stop_rule": "none", "first": (), "trial": None}
    short = asked.model_copy(update=changes)
    try:
        _fetch_relatives(hub, store, short)
        summary = execute(store, store.claim_new(short))
    except Exception:
        traceback.print_exc()
        return ()
    models = (summary.models.original, summary.models.retrained, *summary.retrained_seeds)
    return tuple(dict.fromkeys(m for m in models if m))


def _fetch_relatives(hub: Any, store: Store, request: Any) -> None:
    """Models at home of the same network and data: the original, and retrained ones of any seed."""
    from cu_core.runs.resolve import Setup

    data, network = Setup(request, store.home).dataset.hash, request.model
    for model_id, architecture, dataset_hash in _answer(hub.models.remote()):
        if (architecture, dataset_hash) == (network, data):
            _fetch(hub, store, model_id)


def _make(hub: Any, work: Work, store: Store) -> None:
    """Executes the run; whatever it prints, a traceback too, belongs to it."""
    from cu_core.runs.execute import execute

    folder = store.paths.run(work.run_id)
    claimed = store.claim_run(work.run_id, RESUMABLE)
    with (
        Line(hub, work, store),
        open(folder / "worker.log", "a", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            execute(store, claimed)
        except (Exception, KeyboardInterrupt):  # which is on record, with its sentence
            traceback.print_exc()


class Line:
    """The line to the hub while a run is made: its record goes there, commands come back."""

    def __init__(self, hub: Any, work: Work, store: Store) -> None:
        self.hub, self.work, self.store = hub, work, store
        self.outgoing = Outgoing(store.paths.run(work.run_id), work.folder)
        self.outgoing.settle()
        self._given: dict[int, int] = {}  # commands by their id at home: their id here
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="line", daemon=True)

    def __enter__(self) -> Line:
        self.send()  # what was commanded meanwhile is here before the first update
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.send()

    def _talk(self) -> None:
        wait = SEND_S
        while not self._ended.wait(wait):
            began = time.monotonic()
            try:
                self.send()
            except Exception:  # the disk at home is full, say: all of it goes with the next one
                traceback.print_exc()
                self.outgoing.again()
            wait = max(SEND_S, SHARE * (time.monotonic() - began))

    def send(self) -> None:
        """One parcel. The state is looked at first, so that no state comes before its rows."""
        run_id, number = self.work.run_id, self.work.number
        record = self.store.run(run_id)
        files = self.outgoing.collect()
        commands = _answer(
            self.hub.receive.remote(run_id, number, files, record.state, record.message)
        )
        if commands is None:  # given to another machine
            self.store.command(run_id, "stop")
            return
        for home_id, verb, given in commands:
            if home_id not in self._given:
                self._given[home_id] = self.store.command(run_id, verb, **given)
        self._acknowledge()

    def _acknowledge(self) -> None:
        said = {home: self.store.acknowledged(here) for home, here in self._given.items()}
        notes = {home: note for home, note in said.items() if note is not None}
        if notes:
            _answer(self.hub.acknowledge.remote(notes))
            self._given = {h: i for h, i in self._given.items() if h not in notes}


@contextlib.contextmanager
def _visit(hub: Any, work: Work) -> Iterator[Store]:
    """A home folder on this machine with the run and its models in it; gone afterwards."""
    base = scratch() / hub._actor_id.hex()
    base.mkdir(exist_ok=True)
    home = base / f"{work.run_id}-{work.number}"
    for left in base.glob(f"{work.run_id}-*"):  # by an attempt that was killed
        shutil.rmtree(left, ignore_errors=True)
    folder = home / "runs" / work.run_id
    folder.mkdir(parents=True)
    for name in SHARED:
        (base / name).mkdir(exist_ok=True)
        (home / name).symlink_to(base / name, target_is_directory=True)
    _copy(base / PLANS, home / PLANS)
    unpack(folder, work.files)
    _move_in(folder, str(work.folder))
    try:
        store = Store(home)  # which takes the run in
        for model_id, names in work.models.items():
            _fetch(hub, store, model_id, names)
        _fetch_data(hub, store, work.dataset)
        with contextlib.chdir(work.cwd if Path(work.cwd).is_dir() else home):
            yield store
        _copy(home / PLANS, base / PLANS)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def scratch() -> Path:
    """Where this machine keeps what it works with; ours alone. What is a day old goes."""
    folder = Path(tempfile.gettempdir()) / f"lethe-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.owner() != getpass.getuser():
        raise StoreError(f"{folder} is another user's. Set TMPDIR to a folder of your own.")
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > DAY_S:
            shutil.rmtree(path, ignore_errors=True)
    return folder


def _move_in(folder: Path, home_folder: str) -> None:
    """A list that came with the run lies here now."""
    known = read_config(folder)
    said = {name: getattr(known.request, name, None) or "" for name in ("forget", "after")}
    here = {n: v.replace(home_folder, str(folder)) for n, v in said.items() if home_folder in v}
    if here:
        moved = known.request.model_copy(update=here)
        write_config(folder, Config(known.name, known.created, moved, versions()))


def _fetch(hub: Any, store: Store, model_id: str, names: tuple[str, ...] = ()) -> None:
    """Adds a model of the home's, with what was computed from it, unless all of it is here."""
    here = set(_names(store, model_id))
    if names and here.issuperset(names):
        return
    _, (kept,) = _answer(hub.model.remote(model_id))
    unpack_model(store, model_id, _answer(kept))


def _fetch_data(hub: Any, store: Store, name: str) -> None:
    """A set that was downloaded at home, where it is not here; others are found by their path."""
    target = store.data_dir / name
    if not name.isidentifier() or target.exists():
        return
    for kept in _answer(hub.data.remote(name)):
        building = Path(tempfile.mkdtemp(prefix=".new-", dir=store.data_dir))
        unpack(building, _answer(kept))
        with contextlib.suppress(OSError):  # another run of this machine was faster
            building.rename(target)
        shutil.rmtree(building, ignore_errors=True)


def _send_models(hub: Any, store: Store) -> None:
    """What was trained here, and what was computed of a model, as far as it is not at home."""
    there = dict(_answer(hub.model_files.remote()))
    for folder in store.paths.models.iterdir():
        if not folder.name.startswith(".") and store.has_model(folder.name):
            new = set(_names(store, folder.name)) - set(there.get(folder.name, ()))
            if new:
                files = pack_model(store, folder.name)
                _answer(hub.keep.remote(folder.name, {name: files[name] for name in new}))


def _names(store: Store, model_id: str) -> list[str]:
    return [*model_files(store, model_id)] if store.has_model(model_id) else []


def _copy(source: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source, target)


def _begin() -> None:
    """Before torch is there."""
    if "torch" not in sys.modules:
        prepare()
    keep_memory()


def _answer(called: Any) -> Any:
    import ray

    return ray.get(called)
