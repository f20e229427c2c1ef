"""What each machine of a cluster is and has, and what is wrong with it.

A sweep gives the same bits only where the same versions compute, so a machine with another Python,
torch, Ray or Lethe is refused by name. A machine is asked by a task of its own, which needs neither
a GPU nor a processor to be free.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cu_core.errors import BadRequest
from cu_core.sweeps.cluster.processes import answers, labels

LOOK_S = 120.0
FEW_GB = 2.0  # free, where runs work
TITLES = {
    "lethe-python": "Python",
    "lethe-torch": "torch",
    "lethe-ray": "Ray",
    "lethe-version": "Lethe",
    "lethe-sources": "sources of Lethe",
}


@dataclass(frozen=True)
class Machine:
    """``versions``: by the names of ``labels``; ``gpus``: how many Ray counts there, ``cuda``: what
    torch sees; ``token``: the mode of the token's file, None where there is none; ``faults``: of
    reaching it."""

    name: str
    address: str
    versions: dict[str, str]
    gpus: int = 0
    cpus: int = 0
    cuda: tuple[str, ...] = ()
    free_gb: float = 0.0
    token: int | None = 0o600
    faults: tuple[str, ...] = ()


def complaints(own: dict[str, str], machines: Sequence[Machine]) -> list[str]:
    """A sentence for each thing that is wrong, with the machine's name."""
    return [said for machine in machines for said in _of_one(own, machine)]


def _of_one(own: dict[str, str], it: Machine) -> list[str]:
    said = [f"{it.name}: {fault}" for fault in it.faults]
    for name, title in TITLES.items():
        here, there = own.get(name), it.versions.get(name)
        if there is not None and here != there:
            said.append(
                f"{it.name} has {title} {there}, and the head has {here}: install the same there, "
                "and join again."
            )
    if not it.versions:
        return said
    if it.gpus and not it.cuda:
        said.append(
            f"{it.name} has {it.gpus} GPUs that its torch does not see: install torch for CUDA."
        )
    if it.free_gb < FEW_GB:
        said.append(f"{it.name} has {it.free_gb:.1f} GB free where runs work: free some space.")
    if it.token is not None and it.token & 0o077:
        said.append(f"Others can read the token of {it.name} (mode {it.token:o}): chmod 600 it.")
    return said


def refuse_others(nodes: Sequence[dict[str, Any]]) -> None:
    """BadRequest, with their names, where machines have joined with other versions. One that says
    nothing of itself (it was not joined by `lethe cluster`) is left to the doctor."""
    own = labels()
    found = [
        Machine(_name(node), "", {k: v for k, v in said.items() if k in own}, free_gb=math.inf)
        for node in nodes
        if node["Alive"] and (said := node.get("Labels") or {})
    ]
    if said := complaints(own, found):
        raise BadRequest(" ".join(said))


def look() -> list[Machine]:
    """Every machine of the cluster that this process speaks for, asked now."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = []
    for node in ray.nodes():
        if node["Alive"]:
            pinned = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            task = ray.remote(_facts).options(num_cpus=0, max_retries=0, scheduling_strategy=pinned)
            asked.append((node, task.remote()))
    return [_machine(node, task) for node, task in asked]


def _machine(node: dict[str, Any], task: Any) -> Machine:
    import ray

    shares, address = node["Resources"], str(node["NodeManagerAddress"])
    counts: dict[str, Any] = {"gpus": int(shares.get("GPU", 0)), "cpus": int(shares.get("CPU", 0))}
    ports = {"task": node["NodeManagerPort"], "object": node["ObjectManagerPort"]}
    faults = [
        f"its {name} port {address}:{port} cannot be reached from here: open it in the firewall."
        for name, port in ports.items()
        if not answers(address, int(port))
    ]
    try:
        found = ray.get(task, timeout=LOOK_S)
    except ray.exceptions.RayError as fault:
        why = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        faults.append(f"it does not answer ({why}).")
        return Machine(_name(node), address, {}, faults=tuple(faults), **counts)
    said = {k: v for k, v in (node.get("Labels") or {}).items() if k.startswith("lethe-")}
    return Machine(
        _name(node), address, found.pop("versions") | said, faults=tuple(faults), **counts, **found
    )


def _name(node: dict[str, Any]) -> str:
    return str(node.get("NodeManagerHostname") or node["NodeManagerAddress"])


def _facts() -> dict[str, Any]:
    """A Ray task: of the machine it is made on."""
    import os
    import tempfile

    import psutil
    import torch

    from cu_core.sweeps.cluster.processes import labels

    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    seen = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return {
        "versions": labels(),
        "cuda": tuple(torch.cuda.get_device_name(i) for i in seen),
        "free_gb": psutil.disk_usage(tempfile.gettempdir()).free / 1e9,
        "token": os.stat(path).st_mode & 0o777 if path and os.path.exists(path) else None,
    }
