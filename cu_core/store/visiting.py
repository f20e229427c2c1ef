"""The home as the visitors of a served app have it: to look at alone, or within limits.

All pages go through one store (``ui.session.store``). A served app puts one of these in its place,
so what a visitor must not do is refused where it is done, whichever button or forged click asks.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cu_core.errors import StoreError
from cu_core.files import SESSION_GB, SESSION_RUNS
from cu_core.spec import LIVE, Question, Request, SweepRequest
from cu_core.store import Store
from cu_core.store.begun import Begun, begun, sign
from cu_core.store.paths import hold
from cu_core.store.sweeps import SweepVerb

GB = 1_000_000_000
NAMED = 3  # of a visitor's runs, in a refusal
ONLY_LOOKING = (
    "This Lethe is for looking: runs can be watched, compared and handed over, and nothing can be "
    "started, brought in, changed or deleted here."
)
# What remains of a store that is read-only; a name that is new is refused until it stands here.
LOOKING = frozenset((
    "acknowledged", "ahead", "answer", "branch", "cancel", "catalog", "choice", "choices",
    "eval", "failed_starts", "family", "free_bytes", "handout", "has_model", "idle_workers",
    "is_known", "is_owned", "is_ready", "is_settling", "is_study", "labels", "layout",
    "list_version", "model", "model_dir", "models", "news", "only_one", "open_question",
    "overview", "pending", "pictures", "progress", "queued_trials", "reader", "run",
    "run_bytes", "runs", "same_request", "scene", "slot", "start_failed", "story_names",
    "story_text", "studies", "sweep", "sweeps", "trial_runs", "version", "weights", "workers",
))  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Of one visitor. ``runs``: queued or at work at once; ``gb``: on the disk, 10^9 bytes, in all
    runs that they began; None: as many as there is room for."""

    runs: int | None = None
    gb: float | None = None


class ReadOnly(Store):
    """A store in which what is on record can be looked at and handed over, and nothing else."""

    read_only = True

    def __init__(self, store: Store) -> None:
        vars(self).update(vars(store))

    def ask(self, question: Question[Any]) -> int:
        """StoreError unless it is answered from what is on record."""
        if not question.of_record:
            raise StoreError(ONLY_LOOKING)
        return super().ask(question)


def _refused(*_: object, **__: object) -> NoReturn:
    raise StoreError(ONLY_LOOKING)


for _name, _ in inspect.getmembers(Store, inspect.isfunction):
    if not _name.startswith("_") and _name not in {*LOOKING, "ask"}:
        setattr(ReadOnly, _name, _refused)


class Limited(Store):
    """A store in which a visitor may begin only so much. ``who``: says which visitor it is, when
    they begin something."""

    def __init__(self, store: Store, who: Callable[[], str], limits: Limits) -> None:
        vars(self).update(vars(store))
        self._who, self._limits = who, limits

    @property
    def visitor(self) -> str:
        return self._who()

    def enqueue(self, request: Request, name: str | None = None) -> str:
        """StoreError where the visitor has what they may have."""
        with self._room():
            return super().enqueue(request, name)

    def requeue(self, run_id: str) -> bool:
        """The same; the run counts as that of the visitor who takes it up."""
        with self._room():
            done = super().requeue(run_id)
            if done:
                sign(self.paths.run(run_id), self.visitor, begun(self.paths.run(run_id)).within)
            return done

    def new_sweep(self, request: SweepRequest, name: str = "") -> str:
        """The same: a sweep at work counts as one run, and on the disk with all its runs."""
        with self._room():
            return super().new_sweep(request, name)

    def sweep_command(self, sweep_id: str, verb: SweepVerb, value: Any = None, by: str = "") -> int:
        """The same, but for "stop"."""
        if verb == "stop":
            return super().sweep_command(sweep_id, verb, value, by)
        with self._room(but=sweep_id):
            return super().sweep_command(sweep_id, verb, value, by)

    @contextmanager
    def _room(self, but: str = "") -> Iterator[None]:
        """Held while something is begun: two tabs of a visitor take no place twice."""
        lock = hold(self.paths.locks / "visitors.lock", 5.0)
        if lock is None:
            raise StoreError("Somebody else is just starting a run. Try again.")
        with lock:
            self._check(self.visitor, but)
            yield

    def _check(self, visitor: str, but: str) -> None:
        most, gb = self._limits.runs, self._limits.gb
        runs = [i for i in self.paths.run_ids() if _began(self.paths.run(i)) == visitor]
        sweeps = [s for s in self.sweeps() if _began(self.paths.sweeps / s.sweep_id) == visitor]
        live = [run.name for run in map(self.run, runs) if run.state in LIVE]
        live += [one.name for one in sweeps if one.state in LIVE and one.sweep_id != but]
        if most is not None and len(live) >= most:
            yours = ", ".join(repr(name) for name in live[:NAMED])
            raise StoreError(
                f"You have {len(live)} of the {most} runs that a visitor of this Lethe may have "
                f"queued or at work: {yours}. Wait until one has ended, or stop one. "
                f"({SESSION_RUNS})"
            )
        runs += [one.run_id for sweep in sweeps for one in self.trial_runs(sweep.sweep_id)]
        used = sum(map(self.run_bytes, runs))
        if gb is not None and used >= gb * GB:
            raise StoreError(
                f"The runs that you began take {used / GB:,.2f} GB on the disk, and a visitor of "
                f"this Lethe may have {gb:g} GB ({SESSION_GB}). Delete one that you no longer need."
            )


def _began(folder: Path) -> str:
    """The visitor who began it; "" of what cannot be read, which is nobody's."""
    with suppress(StoreError):
        return begun(folder).visitor
    return Begun().visitor
