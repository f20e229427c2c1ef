"""A sweep's runs on two machines, as far as one can play two: what is on record is what would be
had they been made here, whoever dies on the way.

Each machine has one GPU that is none, so two runs go at once.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import psutil
import pytest

from cu_core.runs.execute import execute
from cu_core.runs.loop import SAVE_EVERY_S
from cu_core.spec import FINAL, Axis, RunRecord, SweepRequest, UnlearnRequest
from cu_core.store import Store
from cu_core.sweeps.cluster import membership
from cu_core.sweeps.cluster.membership import THIS_MACHINE, Member, environment, token
from cu_core.sweeps.executors import Place, executors

LONG_S = 300.0  # a shared machine
pytestmark = [
    pytest.mark.long,
    pytest.mark.cluster,
    pytest.mark.timeout(3 * LONG_S),
    # Not imported yet: Ray reads its environment then.
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `cluster`"),
]
SHARE = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 100 * 2**20}
SHARE |= {"node_ip_address": THIS_MACHINE}
STEPS, EVERY, MIDDLE = 120, 40, 60
REQUEST = UnlearnRequest(
    dataset="digits", model="small-cnn", forget="class:5", reference=False, every=EVERY,
    max_steps=STEPS, probe_size=60, hparams={"epochs": 100},
)  # fmt: skip


@dataclass
class Played:
    """A cluster in this machine. ``second``: the machine beside the head; ``stopped``: a run that
    was, with a checkpoint."""

    cluster: Any
    second: Any
    store: Store
    sweep_id: str
    place: Place
    stopped: str = ""

    def run(self, seed: int) -> str:
        """A queued run, begun, that rests before its first update."""
        request = REQUEST.model_copy(update={"seed": seed, "trial": f"{self.sweep_id}/{seed}"})
        run_id = self.store.enqueue(request)
        self.begin(run_id)
        return run_id

    def begin(self, run_id: str) -> None:
        """A queued run: told to rest before anybody makes it, so that none is too fast for it."""
        self.store.command(run_id, "pause")
        self.place.begin(run_id)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG_S
        while not holds():
            assert time.monotonic() < end, "it did not come to that"
            self.place.look()
            time.sleep(0.1)

    def ended(self, *run_ids: str) -> list[RunRecord]:
        self.until(lambda: all(self.store.run(r).state in FINAL for r in run_ids))
        return [self.store.run(run_id) for run_id in run_ids]

    def hold(self, *run_ids: str) -> None:
        """Each rests in its middle from here on, with a checkpoint at home: one is made at the
        first picture that is ``SAVE_EVERY_S`` after the begin or later."""
        self.until(lambda: all(self.store.run(r).state == "paused" for r in run_ids))
        time.sleep(SAVE_EVERY_S)
        for run_id in run_ids:
            self.store.command(run_id, "step", MIDDLE)
        self.until(lambda: all(self.store.run(r).step >= MIDDLE for r in run_ids))
        assert all(map(self.is_saved, run_ids))

    def is_saved(self, run_id: str) -> bool:
        return (self.store.paths.run(run_id) / "ckpt" / "last.pt").exists()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    store = Store(tmp_path_factory.mktemp("home of lethe"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(token(store.home), THIS_MACHINE).items():
            patch.setenv(name, value)
        patch.setenv("OMP_NUM_THREADS", "1")
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args=SHARE | {"include_dashboard": False})
        try:
            second = cluster.add_node(**SHARE)
            host, _, port = cluster.address.rpartition(":")
            membership.record(store.home, Member(host, int(port), os.getpid(), 0.0))
            request = SweepRequest(base=REQUEST, axes={"lr": Axis(low=0.001, high=0.01)})
            sweep_id = store.new_sweep(request)
            place = executors()["ray"].open(store, sweep_id, request)
            yield Played(cluster, second, store, sweep_id, place)
            place.close()
        finally:
            cluster.shutdown()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], RunRecord]:
    """The same run made here, by its seed."""
    store = Store(tmp_path_factory.mktemp("alone"))

    def run(seed: int) -> RunRecord:
        claimed = store.claim_new(REQUEST.model_copy(update={"seed": seed}))
        execute(store, claimed)
        return store.run(claimed.run_id)

    return run


def assert_whole(store: Store, record: RunRecord, other: RunRecord) -> None:
    """Every row and picture is at home, and the weights have the bits of the other run."""
    assert record.state == "done", record.message
    assert record.summary.weights_sha256 == other.summary.weights_sha256
    reader = store.reader(record.run_id)
    assert list(reader.frames().steps) == [0, 40, 80, 120]
    losses = [rows for name, rows in reader.metrics().items() if name.startswith("loss/")]
    assert losses and all(list(rows[0]) == [*range(1, STEPS + 1)] for rows in losses)
    assert not (reader.folder / "ckpt" / "last.pt").exists()
    assert reader.probe() is not None and (reader.folder / "unlearned.safetensors").exists()


def worker_of(run_id: str) -> psutil.Process | None:
    """The process that makes a run, as Ray titles it."""
    for process in psutil.process_iter(["cmdline"]):
        if (
            run_id in " ".join(process.info["cmdline"] or [])
            and "ray::" in process.info["cmdline"][0]
        ):
            return process
    return None


def test_one_is_killed_one_is_stopped_and_one_is_not_wanted(
    played: Played, alone: Callable[[int], RunRecord]
) -> None:
    assert played.place.slots == 2
    killed, stopped = played.run(0), played.run(1)
    assert {played.store.run(run_id).state for run_id in (killed, stopped)} == {"starting"}
    played.hold(killed, stopped)
    unwanted = played.run(2)  # no machine is free for it
    played.place.stop(unwanted)
    process = worker_of(killed)
    assert process is not None
    process.kill()
    played.place.stop(stopped)
    first, *others = played.ended(killed, stopped, unwanted)
    assert_whole(played.store, first, alone(0))
    assert played.store.has_model(str(first.summary.models.original))
    assert [record.state for record in others] == ["stopped"] * 2
    assert MIDDLE <= others[0].step < STEPS and played.is_saved(stopped)
    assert others[1].step == 0
    played.stopped = stopped


def test_a_lost_machine_costs_no_run(played: Played, alone: Callable[[int], RunRecord]) -> None:
    """One of the two runs was stopped before, and goes on from its checkpoint."""
    assert played.store.requeue(played.stopped)
    played.begin(played.stopped)
    run_ids = [played.stopped, played.run(3)]
    played.hold(run_ids[1])
    played.until(lambda: played.store.run(run_ids[0]).state == "paused")
    played.cluster.remove_node(played.second, allow_graceful=False)
    for run_id in run_ids:  # the one on the machine that is left rests still
        played.store.command(run_id, "resume")
    for seed, record in zip((1, 3), played.ended(*run_ids), strict=True):
        assert_whole(played.store, record, alone(seed))
    played.until(lambda: played.place.slots == 1)
