"""A sweep's runs through Ray on this machine: how much of the time its places are at work.

    python -m bench cluster [--runs 8]        (needs the extra `cluster`)

Runs of digits on so many GPUs that are none, one processor each. The first run of all is not timed:
it is rehearsed, and processes load torch. A run's seconds are those for which it is running on
record; efficiency is their sum by the number of places, by the seconds from the first begin to the
last end. ``overhead`` compares with the same runs made here, one after the other, without Ray.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import report
from bench.runs import asked, executed, now, say
from cu_core.spec import FINAL, LAST_ONLY, SweepRequest, UnlearnRequest
from cu_core.store import Store

EFFICIENCY = 0.9  # of the ideal
LOOK_S = 0.02
OBJECT_STORE = 100 * 2**20


def main(argv: list[str]) -> int:
    options = report.Options("cluster", __doc__)
    options.add_argument("--quick", action="store_true", help="few short runs")
    options.sized("--runs", 8, 2, "that are timed")
    options.sized("--steps", 200, 20, "updates a run")
    options.add_argument("--places", type=int, default=2, help="GPUs that are none")
    return report.run("cluster", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    base = asked(
        dataset="digits", every=LAST_ONLY, max_steps=options.steps, hparams={"epochs": 100}
    )
    store = Store(home / "home")
    with placed(store, base, options.places) as (place, sweep_id):
        say("one run that is not timed")
        began = now()
        made(store, place, base, sweep_id, [0])
        first = now() - began
        say(f"{options.runs} runs on {place.slots} places")
        began = now()
        spans = made(store, place, base, sweep_id, range(1, options.runs + 1))
        wall = now() - began
    alone = []
    for seed in range(1, options.runs + 1):
        began = now()
        with executed(store, base.model_copy(update={"seed": seed})):
            alone.append(now() - began)
    busy = sum(spans) / options.places / wall
    rows = [
        report.target("share of the time that places are at work", busy, least=EFFICIENCY),
        report.target("seconds of the batch", wall),
        report.target("seconds of a run, through Ray", sum(spans) / len(spans)),
        report.target("seconds of a run, here", sum(alone) / len(alone)),
        report.target("seconds of the first run, with its rehearsal", first),
    ]
    return {"rows": rows}


@contextmanager
def placed(store: Store, base: UnlearnRequest, places: int) -> Iterator[tuple[Any, str]]:
    from cu_core.sweeps.cluster import membership
    from cu_core.sweeps.cluster.code import runtime_env
    from cu_core.sweeps.executors import executors

    membership.require_ray()
    token = membership.token(store.home)
    os.environ.update(membership.environment(token, membership.THIS_MACHINE))
    import ray

    ray.init(
        address="local",
        num_cpus=places,
        num_gpus=places,
        object_store_memory=OBJECT_STORE,
        include_dashboard=False,
        log_to_driver=False,
        namespace=membership.NAMESPACE,
        runtime_env=runtime_env(),
    )
    try:
        said = {"base": base, "axes": {"lr": {"low": 0.001, "high": 0.01}}, "executor": "ray"}
        request = SweepRequest.model_validate(said)
        sweep_id = store.new_sweep(request)
        place = executors()["ray"].open(store, sweep_id, request)
        yield place, sweep_id
        place.close()
    finally:
        ray.shutdown()


def made(store: Store, place: Any, base: UnlearnRequest, sweep_id: str, seeds: Any) -> list[float]:
    """Seconds for which each run was running."""
    begun: dict[str, float] = {}
    spans: dict[str, float] = {}
    run_ids = []
    for seed in seeds:
        one = base.model_copy(update={"seed": seed, "trial": f"{sweep_id}/{seed}"})
        run_ids.append(store.enqueue(one))
        place.begin(run_ids[-1])
    while len(spans) < len(run_ids):
        for run_id in run_ids:
            state = store.run(run_id).state
            if state == "running":
                begun.setdefault(run_id, now())
            if state in FINAL and run_id not in spans:
                if state != "done":
                    raise RuntimeError(store.run(run_id).message)
                spans[run_id] = now() - begun.get(run_id, now())
        place.look()
        time.sleep(LOOK_S)
    return list(spans.values())


def text(found: report.Row) -> str:
    return "\n".join([*report.target_table(found["rows"]), "", report.circumstances(found)])
