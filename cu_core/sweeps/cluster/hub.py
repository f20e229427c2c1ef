"""The one process that answers for a home folder's runs while they are made on other machines.

A Ray actor on the machine of the home folder: it holds each run's lock, so that the run is at work
on record for as long as its task is, takes in what the task sends, hands on what people command,
and keeps the models. Its tasks are its own, not the sweep's owner's: they outlive that.

The first run of a kind is rehearsed before any is made: one update of it on one machine. What
comes of that, the original and the retrained model, the map's reference layout and the measures,
all others find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cu_core.errors import StoreError
from cu_core.spec import ACTIVE, FINAL, UnlearnRequest
from cu_core.store import ClaimedRun, Store
from cu_core.store.parcels import Files, model_files, pack_model, unpack, unpack_model, whole
from cu_core.sweeps.cluster import node

OF_ONE_RUN = (  # fields of a request that decide nothing which other runs share
    "method", "preset", "hparams", "first", "parent", "trial", "floor", "every", "max_steps",
    "stop_rule",
)  # fmt: skip
GONE = "The machine that made this run was lost {n} times. Resume takes up its last checkpoint."
STOPPED = "Stopped by you."
# An attempt that is starting is not told: on record that would void what people have commanded.
SAID = frozenset({"running", "paused", *FINAL})
RETRIES = 2  # of a task whose worker or machine died
Needs = dict[str, float]
"""What Ray is to keep free for a run: num_cpus, num_gpus."""


@dataclass(frozen=True)
class Work:
    """What a machine gets of a run. ``number``: of the attempt; ``folder``: the run's at home;
    ``cwd``: the owner's, from which relative paths are named; ``models``: file names by id."""

    run_id: str
    number: int
    folder: Path
    cwd: str
    files: dict[str, bytes]
    models: dict[str, tuple[str, ...]]
    dataset: str


@dataclass
class Held:
    """A run that the hub answers for. ``task``: what Ray calls it; None while it waits."""

    claimed: ClaimedRun
    kind: str
    needs: Needs
    cwd: str
    task: Any = None
    number: int = 0
    state: str = ""


@dataclass
class Kind:
    """Runs that share their models and their map. ``task``: of the rehearsal."""

    rehearsed: bool = False
    task: Any = None
    models: tuple[str, ...] = ()
    waiting: list[str] = field(default_factory=list)


class Hub:
    """Methods are called through Ray, one at a time; what they raise reaches the caller."""

    def __init__(self, home: str) -> None:
        self.store = Store(home)
        self.runs: dict[str, Held] = {}
        self.kinds: dict[str, Kind] = {}
        self.sweeps: set[str] = set()
        self._models: dict[str, tuple[tuple[str, ...], Any]] = {}
        self._data: dict[str, list[Any]] = {}

    def open(self, sweep_id: str) -> None:
        self.sweeps.add(sweep_id)

    def close(self, sweep_id: str) -> bool:
        """Whether nobody needs the hub any more."""
        self.sweeps.discard(sweep_id)
        return not self.sweeps and not self.runs

    def begin(self, run_id: str, needs: Needs, cwd: str) -> None:
        """A queued run is to be made; one that is in hand already, here or elsewhere, or has ended
        meanwhile, is left: its record says which."""
        if run_id in self.runs:
            return
        try:
            claimed = self.store.claim_run(run_id)
        except StoreError:
            return
        kind = kind_of(claimed.request, self.store.paths.run(run_id))
        self.runs[run_id] = Held(claimed, kind, needs, cwd)
        shared = self.kinds.setdefault(kind, Kind())
        if shared.rehearsed:
            self._start(run_id)
            return
        shared.waiting.append(run_id)
        if shared.task is None:
            shared.task = self._task(node.rehearse, run_id, needs)

    def take(self, run_id: str) -> Work | None:
        """For a task that begins, or begins again; None: the run is not wanted any more."""
        if run_id in self.runs:
            self.runs[run_id].number += 1
        return self.work(run_id)

    def work(self, run_id: str) -> Work | None:
        """The run as it is at home."""
        held = self.runs.get(run_id)
        if held is None:
            return None
        folder, request = self.store.paths.run(run_id), held.claimed.request
        named = [getattr(request, "original", None), *self.kinds[held.kind].models]
        models = {m: self.model(m)[0] for m in named if m and self.store.has_model(m)}
        dataset = getattr(request, "dataset", "")
        return Work(run_id, held.number, folder, held.cwd, whole(folder), models, dataset)

    def receive(
        self, run_id: str, number: int, files: Files, state: str, message: str
    ) -> list[tuple[int, str, Any]] | None:
        """What a task has made since it last said something; the commands that wait for it. None:
        the run is not this task's any more."""
        held = self.runs.get(run_id)
        if held is None or held.number != number:
            return None
        unpack(self.store.paths.run(run_id), files)
        if state != held.state and state in SAID:
            held.state = state
            self.store.move(run_id, ACTIVE, state, message)
        if state in FINAL:
            self._release(run_id)
            return []
        return [(c.id, c.verb, {"by": c.by, "value": c.value}) for c in self.store.pending(run_id)]

    def acknowledge(self, notes: Mapping[int, str]) -> None:
        for command_id, note in notes.items():
            self.store.acknowledge(command_id, note)

    def fail(self, run_id: str, number: int, why: str) -> None:
        """A task could not even begin with its run."""
        held = self.runs.get(run_id)
        if held is not None and held.number == number:
            self._end(run_id, "failed", why)

    def model(self, model_id: str) -> tuple[tuple[str, ...], Any]:
        """(names of its files, their contents as Ray keeps them, in a list)."""
        import ray

        known = self._models.get(model_id)
        if known is None or set(model_files(self.store, model_id)) - set(known[0]):
            files = pack_model(self.store, model_id)
            self._models[model_id] = tuple(sorted(files)), [ray.put(files)]
        return self._models[model_id]

    def models(self) -> list[tuple[str, str, str]]:
        """(id, network, hash of its data) of every one at home."""
        return [(m.id, m.architecture, m.dataset_hash) for m in self.store.models()]

    def model_files(self) -> dict[str, tuple[str, ...]]:
        """Names of the files of every one at home."""
        return {m.id: tuple(model_files(self.store, m.id)) for m in self.store.models()}

    def data(self, name: str) -> list[Any]:
        """A downloaded set as Ray keeps its files; none where there is no such folder at home."""
        import ray

        folder = self.store.data_dir / name
        if name not in self._data and name.isidentifier() and folder.is_dir():
            files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
            self._data[name] = [ray.put({at: path.read_bytes() for at, path in files.items()})]
        return self._data.get(name, [])

    def keep(self, model_id: str, files: Mapping[str, bytes]) -> None:
        """What a machine has trained or computed from a model."""
        unpack_model(self.store, model_id, files)

    def rehearsed(self, run_id: str, models: tuple[str, ...]) -> None:
        """The rehearsal of this run is over: all of its kind can begin. ``models``: they need."""
        if run_id in self.runs:
            self._open(self.kinds[self.runs[run_id].kind], models)

    def stop(self, run_id: str) -> None:
        """One that no machine has begun with ends here, another at its next step."""
        held = self.runs.get(run_id)
        if held is None and self.store.move(run_id, "queued", "stopped", STOPPED):
            return
        if held is None or held.number:
            self.store.command(run_id, "stop")
            return
        if held.task is not None:
            _cancel(held.task)
        self._end(run_id, "stopped", STOPPED)
        self._rehearse_another(self.kinds[held.kind], run_id)

    def look(self) -> list[str]:
        """Ends on record what has ended without a word; the runs that are in hand."""
        for kind in self.kinds.values():
            if kind.task is not None and not kind.rehearsed and _over(kind.task):
                self._open(kind, ())  # each run says for itself what is wrong
        for run_id, held in list(self.runs.items()):
            if held.task is not None and _over(held.task):
                self._end(run_id, "failed", _why(held.task))
        return list(self.runs)

    def _open(self, kind: Kind, models: tuple[str, ...]) -> None:
        kind.rehearsed, kind.models = True, models
        waiting, kind.waiting = kind.waiting, []
        for run_id in waiting:
            if run_id in self.runs:
                self._start(run_id)

    def _rehearse_another(self, kind: Kind, run_id: str) -> None:
        """The run that was rehearsed is not wanted any more; the next of its kind is."""
        first = kind.waiting[:1] == [run_id]
        kind.waiting = [other for other in kind.waiting if other != run_id]
        if first and not kind.rehearsed:
            _cancel(kind.task)
            kind.task = None
            if kind.waiting:
                after = kind.waiting[0]
                kind.task = self._task(node.rehearse, after, self.runs[after].needs)

    def _start(self, run_id: str) -> None:
        self.runs[run_id].task = self._task(node.run_one, run_id, self.runs[run_id].needs)

    def _task(self, what: Any, run_id: str, needs: Needs) -> Any:
        import ray

        made = ray.remote(what).options(max_retries=RETRIES, name=run_id, **needs)
        return made.remote(ray.get_runtime_context().current_actor, run_id)

    def _end(self, run_id: str, state: Any, why: str) -> None:
        """Also in run.db, from which the index can be rebuilt."""
        writer = self.store.writer(run_id)
        try:
            writer.move(ACTIVE, state, why)
        finally:
            writer.close()
            self._release(run_id)

    def _release(self, run_id: str) -> None:
        held = self.runs.pop(run_id)
        held.claimed.release()


def kind_of(request: Any, folder: Path) -> str:
    """The same for runs that share data, models, forget set and probe."""
    if not isinstance(request, UnlearnRequest):
        raise StoreError("Only unlearning runs are made on a cluster.")
    asked = request.model_copy(update={"first": ()}).model_dump(exclude=set(OF_ONE_RUN))
    if request.forget.startswith("class:"):
        del asked["seed"]  # which draws a random forget set
    for name in ("forget", "after"):  # each run has its own copy of a list
        lists = sorted((folder / name).glob("*"))
        asked[name] = [path.read_bytes() for path in lists] or asked[name]
    return hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()


def _over(task: Any) -> bool:
    """Whether Ray has done with a task, well or not."""
    import ray

    done, _ = ray.wait([task], timeout=0)
    return bool(done)


def _why(task: Any) -> str:
    """The sentence for a task that has ended while its run has not."""
    import ray

    try:
        ray.get(task)
    except ray.exceptions.RayTaskError as fault:
        return f"The machine could not make this run: {fault.cause}"
    except ray.exceptions.RayError:
        return GONE.format(n=RETRIES + 1)
    return "The machine left this run without a word. Resume takes up its last checkpoint."


def _cancel(task: Any) -> None:
    import ray

    ray.cancel(task, force=False)
