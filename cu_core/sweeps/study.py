"""The study of a sweep: which setting is next, by Optuna, which is imported here and nowhere else.

The study that is asked lives in memory and is made anew from the runs on record whenever a process
takes a sweep up, so that nothing of it can be lost or stale. What has ended is written to
``study.db`` beside the sweep as well, in SQLite's rollback-journal mode, for Optuna's own tools.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from cu_core.seeding import derive
from cu_core.spec import OBJECTIVES, Axis, SweepRequest, Trial
from cu_core.sweeps.designs import grid, spread

if TYPE_CHECKING:
    import optuna

DESIGNS = {"grid": grid, "qmc": spread}  # laid out ahead; the others learn from what came out
FILE, NAME = "study.db", "sweep"
CONSTRAINT = "floor"  # which a trial below the floor of test accuracy violates
AGAIN = "again"  # an attribute of the study
SEED_RANGE = 2**32  # what Optuna's samplers take
WAIT_S = 30.0  # for a lock on the file, which another tool may read


class Study:
    """``ask`` for the next setting, ``tell`` what came of it."""

    def __init__(
        self, folder: Path, request: SweepRequest, whole: Collection[str], trials: Sequence[Trial]
    ) -> None:
        """``whole``: the axes of integers; ``trials``: what is known already, by number."""
        import optuna

        optuna.logging.disable_default_handler()
        self._request, self._whole = request, whole
        self._axes = {n: _distribution(a, n in whole) for n, a in request.axes.items()}
        directions = optuna.study.StudyDirection
        self._directions = [
            directions.MAXIMIZE if OBJECTIVES[key].better == "high" else directions.MINIMIZE
            for key in request.objectives
        ]
        self._memory = optuna.storages.InMemoryStorage()
        self._study = self._created(self._memory)
        self._numbers: dict[int, int] = {}  # of a trial -> of Optuna's
        for trial in trials:
            self._add(self._study, trial)
            self._numbers[trial.number] = len(self._numbers)
        self._file = self._open(folder / FILE, trials)

    def ask(self, number: int) -> dict[str, Any]:
        """The setting of a new trial: by the request, its number and what is told until now."""
        if design := DESIGNS.get(self._request.sampler):
            knobs = design(self._request, self._whole, number)
            self._add(self._study, Trial(number=number, knobs=knobs))
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Optuna's, on what it calls experimental
                self._study.sampler = self._sampler(number)
                knobs = dict(self._study.ask(self._axes).params)
        self._numbers[number] = len(self._numbers)
        return knobs

    def tell(self, trial: Trial) -> None:
        """What has ended: with its values, and whether it crossed the floor, or without any."""
        import optuna

        number, frozen = self._numbers[trial.number], self._frozen(trial)
        if frozen.values is None:
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)
        else:
            study = self._memory.get_study_id_from_name(NAME)
            trial_id = self._memory.get_trial_id_from_study_id_trial_number(study, number)
            for key, value in frozen.constraints.items():
                optuna.trial.Trial(self._study, trial_id).set_constraint(key, value)
            self._study.tell(number, frozen.values)
        if trial.number not in self._on_file:  # an owner before this one may have told it
            self._on_file.add(trial.number)
            self._file.add_trial(frozen)

    @property
    def again(self) -> list[str]:
        """The runs that were begun a second time."""
        return list(self._file.user_attrs.get(AGAIN, ()))

    def begun_again(self, run_id: str) -> None:
        self._file.set_user_attr(AGAIN, [*self.again, run_id])

    def close(self) -> None:
        self._file_storage.remove_session()
        self._file_storage.engine.dispose()

    def _add(self, study: optuna.Study, trial: Trial) -> None:
        study.add_trial(self._frozen(trial))

    def _frozen(self, trial: Trial) -> optuna.trial.FrozenTrial:
        """A trial in Optuna's words. One that is stopped can be taken up, so it still runs."""
        from optuna.trial import TrialState, create_trial

        own = [trial.values.get(key) for key in self._request.objectives]
        values = [value for value in own if value is not None]
        told = trial.state == "done" and len(values) == len(own)
        open_ = trial.state in ("running", "stopped")
        limited = (self._request.floor, self._request.base.floor) != (None, None)
        return create_trial(
            state=TrialState.RUNNING if open_ else TrialState.COMPLETE if told else TrialState.FAIL,
            values=values if told else None,
            params=trial.knobs,
            distributions=self._axes,
            user_attrs={"number": trial.number, "run_ids": list(trial.run_ids)},
            constraints={CONSTRAINT: float(trial.below_floor)} if told and limited else {},
        )

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """One of its own for every number: a process that takes a sweep up draws what the one
        before it would have drawn."""
        import optuna

        seed = derive("sampler", self._request.sampler_seed, number) % SEED_RANGE
        if self._request.sampler == "gp":
            return optuna.samplers.GPSampler(seed=seed)
        return optuna.samplers.TPESampler(seed=seed)

    def _open(self, path: Path, trials: Sequence[Trial]) -> optuna.Study:
        """The file, whole: what has ended meanwhile is added, and a damaged one moved aside."""
        try:
            study = self._read(path)
            self._on_file = {one.user_attrs["number"] for one in study.get_trials(deepcopy=False)}
        except (DatabaseError, LookupError, ValueError):
            path.replace(path.with_name(f"{FILE}.damaged-{time.time_ns()}"))
            study, self._on_file = self._read(path), set()
        for trial in trials:
            if trial.number not in self._on_file and trial.state in ("done", "failed"):
                self._on_file.add(trial.number)
                self._add(study, trial)
        return study

    def _read(self, path: Path) -> optuna.Study:
        import optuna

        self._file_storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": WAIT_S}}
        )
        # Whatever the machine's end would tear is on record in the runs
        event.listen(self._file_storage.engine, "connect", _without_sync)
        self._file_storage.engine.dispose()
        return self._created(self._file_storage)

    def _created(self, storage: optuna.storages.BaseStorage) -> optuna.Study:
        import optuna

        return optuna.create_study(
            storage=storage, study_name=NAME, directions=self._directions, load_if_exists=True
        )


def _without_sync(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _distribution(axis: Axis, whole: bool) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.low is None or axis.high is None:
        return CategoricalDistribution(axis.choices)
    if whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)
