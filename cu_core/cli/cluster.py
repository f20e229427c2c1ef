"""``lethe cluster``: several machines for a sweep. See docs/CLUSTER.md."""

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cu_core.cli._print import columns
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.store import Store

if TYPE_CHECKING:
    from cu_core.sweeps.cluster.doctor import Machine

ACTS = ("start", "join", "doctor", "stop")


def _options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("part", choices=ACTS, help="start a head here; join one; look at every machine; leave")
    add("head", nargs="?", metavar="HOST[:PORT]", help="join: of the machine that started it")
    add("--interface", metavar="ADDRESS", help="private address that others reach this machine by")
    add("--port", type=int, help="start: of the head (6379)")
    add("--token", type=Path, metavar="FILE", help="join: the head's token (cluster.token in home)")
    add("--store-mb", type=int, help="memory for what travels between runs (Ray's own choice)")
    add("--gpus", type=int, help="of this machine (all)")
    add("--cpus", type=int, help="of this machine (all)")


def _act(options: Namespace) -> int:
    from cu_core.sweeps.cluster.membership import require_ray

    require_ray()
    if bool(options.head) != (options.part == "join"):
        raise BadRequest("Say which cluster to join: `lethe cluster join HOST`; only join has one.")
    acts = {"start": _start, "join": _join, "doctor": _doctor, "stop": _stop}
    return acts[options.part](options)


def _start(options: Namespace) -> int:
    from cu_core.sweeps.cluster import membership, processes

    home = Store(options.home).home
    address = membership.private(options.interface or membership.THIS_MACHINE)
    head = membership.Head(address, options.port or membership.PORT)
    token = membership.token(home)
    words = processes.start_words(head, options.store_mb, options.gpus, options.cpus)
    processes.begin(home, head, words, token)
    join = f"lethe cluster join {head.address}"
    if options.json:
        print(json.dumps({"address": head.address, "token": str(token), "join": join}))
    elif address == membership.THIS_MACHINE:
        print(f"The cluster has started at {head.address}: this machine alone.")
    else:
        print(f"The cluster has started at {head.address}. On each other machine:")
        print(f"  scp {address}:{token} ~/.lethe/{membership.TOKEN}\n  {join}")
    return 0


def _join(options: Namespace) -> int:
    from cu_core.sweeps.cluster import membership, processes

    home, head = Store(options.home).home, membership.head_at(options.head)
    own = membership.private(options.interface) if options.interface else None
    token = membership.token(home, options.token or home / membership.TOKEN)
    shares = {"store_mb": options.store_mb, "gpus": options.gpus, "cpus": options.cpus}
    if not processes.answers(head.host, head.port, 5.0):
        raise BadRequest(
            f"Nobody answers at {head.address}. Is the head started with --interface {head.host}, "
            "and does the firewall let this machine in?"
        )
    processes.begin(home, head, processes.join_words(head, own, **shares), token)
    said = {"address": head.address, "joined": True}
    print(json.dumps(said) if options.json else f"This machine is part of {head.address} now.")
    return 0


def _doctor(options: Namespace) -> int:
    from cu_core.sweeps.cluster import doctor, membership, processes

    membership.connect(Store(options.home).home, any_version=True)
    import ray

    try:
        machines = doctor.look()
    finally:
        ray.shutdown()
    said = doctor.complaints(processes.labels(), machines)
    if options.json:
        print(json.dumps({"machines": [asdict(it) for it in machines], "complaints": said}))
    else:
        _table(machines)
        print("\n".join(said or ["All machines are fit for a sweep."]))
    return 2 if said else 0


def _table(machines: "Sequence[Machine]") -> None:
    names = ("python", "torch", "ray", "version")
    heads = ["machine", "address", *names[:3], "lethe", "GPUs", "CPUs", "free GB"]
    rows = []
    for it in machines:
        known = [it.versions.get(f"lethe-{name}", "-") for name in names]
        counts = [str(it.gpus), str(it.cpus), f"{it.free_gb:.0f}"]
        rows.append([it.name, it.address, *known, *counts])
    columns(heads, rows)


def _stop(options: Namespace) -> int:
    from cu_core.sweeps.cluster import node, processes

    ended = processes.end(Store(options.home).home)
    shutil.rmtree(node.scratch(), ignore_errors=True)
    text = "This machine has left the cluster." if ended else "No cluster ran here."
    print(json.dumps({"ended": ended}) if options.json else text)
    return 0


VERB = Verb("cluster", "Start, join, look at or leave a cluster of machines.", _act, _options)
