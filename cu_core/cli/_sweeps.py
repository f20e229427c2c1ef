"""Sweeps at the command line: followed, and printed as JSON for machines, as a table for people."""

import json
import sys
import time
from argparse import Namespace
from typing import Any

from cu_core.cli._print import columns
from cu_core.spec import OBJECTIVES, SweepRecord, Trial
from cu_core.store import Store

POLL_S = 0.3  # how often a sweep that another process leads is looked at
START_S = 120.0  # a process that has not taken the sweep by then is not coming
INTERRUPTED = 130  # what shells call the end by Ctrl-C
ENDED = ("done", "stopped", "failed")


def print_sweep(options: Namespace, record: SweepRecord) -> None:
    if options.json:
        print(json.dumps(sweep_json(record)))
        return
    print(f"{record.sweep_id}  {record.state}  {record.name}")
    print(counted(record))
    for said in (record.message, *record.progress.notes):
        print(said, end="\n" if said else "")
    trials = record.progress.trials
    if not trials or record.request is None:
        return
    objectives = record.request.objectives
    heads = ["trial", "state", *record.request.axes, *objectives, "run"]
    columns(heads, [_row(trial, [*record.request.axes], objectives) for trial in trials])
    print("* no other trial is better in all objectives")


def sweep_json(record: SweepRecord) -> dict[str, Any]:
    """What ``show --json`` prints: the record, and each trial with its run."""
    said = record.progress.model_dump(mode="json", exclude={"trials", "state", "message"})
    return {
        "id": record.sweep_id,
        "name": record.name,
        "state": record.state,
        "message": record.message,
        **said,
        "trials": [one.model_dump(mode="json") | {"run_id": one.run_id} for one in _trials(record)],
        "request": record.request.model_dump(mode="json") if record.request else None,
    }


def counted(record: SweepRecord) -> str:
    """ "61 of 200 done, 2 failed; 5 on the front"."""
    trials = _trials(record)
    wanted = record.progress.wanted or (record.request.trials if record.request else 0)
    done = sum(trial.state == "done" for trial in trials)
    failed = sum(trial.state == "failed" for trial in trials)
    front = sum(trial.front for trial in trials)
    lost = f", {failed} failed" if failed else ""
    return f"{done} of {wanted} done{lost}; {front} on the front"


def follow(store: Store, sweep_id: str) -> SweepRecord | None:
    """Says each trial as it ends, until the sweep has; None where Ctrl-C ended the waiting."""
    said: set[int] = set()
    began = time.monotonic()
    try:
        while True:
            record = store.sweep(sweep_id)
            for trial in _trials(record):
                if trial.state != "running" and trial.number not in said:
                    said.add(trial.number)
                    print(_line(trial), file=sys.stderr, flush=True)
            led = store.is_owned(sweep_id)
            never = record.state == "queued" and time.monotonic() - began > START_S
            if not led and (record.state in (*ENDED, "lost", "damaged") or never):
                return record
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        print(
            "No longer waiting; the sweep goes on. See it with: python -m cu_core sweep show "
            f"{sweep_id}",
            file=sys.stderr,
        )
        return None


def _trials(record: SweepRecord) -> tuple[Trial, ...]:
    return record.progress.trials


def _line(trial: Trial) -> str:
    knobs = ", ".join(f"{name} {_cell(value)}" for name, value in trial.knobs.items())
    told = ", ".join(
        f"{OBJECTIVES[key].title} {_cell(value)}" for key, value in trial.values.items()
    )
    return f"Trial {trial.number} {trial.state}: {knobs}; {told or trial.message}"


def _row(trial: Trial, axes: list[str], objectives: tuple[str, ...]) -> list[str]:
    values = [_cell(trial.values.get(key)) for key in objectives]
    own = [_cell(trial.knobs.get(name)) for name in axes]
    return [f"{trial.number}{' *' * trial.front}", trial.state, *own, *values, trial.run_id]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.4g}"
