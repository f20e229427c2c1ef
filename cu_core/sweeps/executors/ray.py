"""Runs of a sweep on several machines, through Ray. See docs/CLUSTER.md."""

import os
from contextlib import suppress
from typing import Any

from cu_core.spec import SweepRequest
from cu_core.store import Store
from cu_core.sweeps.cluster.membership import connect, hub_of, needs, room
from cu_core.sweeps.executors._executor import Executor


class Machines:
    """The machines of a cluster, at work for one sweep. Ray answers in this process's main thread.

    When the hub has died, its runs are lost on record; those that this place began are taken up
    from their last checkpoint at the next look.
    """

    def __init__(self, store: Store, sweep_id: str, request: SweepRequest) -> None:
        self.store, self.sweep_id, self.most = store, sweep_id, request.slots
        self._ours = connect(store.home)
        self._begun: set[str] = set()
        self._hub = self._open()

    def _open(self) -> Any:
        hub = hub_of(self.store)
        _answer(hub.open.remote(self.sweep_id))
        return hub

    @property
    def slots(self) -> int:
        found = room()
        return found if self.most is None else min(found, self.most)

    def begin(self, run_id: str) -> None:
        from ray.exceptions import RayActorError

        self._begun.add(run_id)
        try:
            _answer(self._hub.begin.remote(run_id, needs(), os.getcwd()))
        except RayActorError:
            self._again()

    def look(self) -> None:
        from ray.exceptions import RayActorError

        try:
            held = set(_answer(self._hub.look.remote()))
        except RayActorError:
            self._again()
            return
        self._begun &= held

    def _again(self) -> None:
        self._hub = self._open()
        for run_id in sorted(self._begun):
            state = self.store.run(run_id).state
            if state == "lost":
                self.store.requeue(run_id)
            if state in ("lost", "queued"):
                self.begin(run_id)

    def stop(self, run_id: str) -> None:
        from ray.exceptions import RayActorError

        try:
            _answer(self._hub.stop.remote(run_id))
        except RayActorError:
            self._again()
            _answer(self._hub.stop.remote(run_id))

    def close(self) -> None:
        import ray

        with suppress(ray.exceptions.RayActorError):  # which has died: there is nothing to close
            if _answer(self._hub.close.remote(self.sweep_id)):
                ray.kill(self._hub)
        if self._ours:
            ray.shutdown()


def _answer(called: Any) -> Any:
    """What the hub raises is raised here as it was there: a sentence."""
    import ray

    try:
        return ray.get(called)
    except ray.exceptions.RayTaskError as fault:
        raise fault.cause from fault


EXECUTOR = Executor(
    key="ray",
    title="A cluster",
    help="On all machines that have joined with `lethe cluster join`, one run a GPU.",
    open=Machines,
)
