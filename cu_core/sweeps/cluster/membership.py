"""A cluster of one's own: its token, its address, and this machine's part in it.

    <home>/cluster.json  address and port of the head     <home>/cluster.token  who has it may join

Both are readable by their owner alone. Whoever reaches the head's ports with the token runs code on
every machine, so the head listens on one private address, this machine's own unless told.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import secrets
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cu_core.errors import BadRequest
from cu_core.files import sources_hash
from cu_core.store import Store
from cu_core.sweeps.cluster.code import runtime_env

RECORD, TOKEN = "cluster.json", "cluster.token"
ADDRESS = "LETHE_CLUSTER"  # the environment variable that names a head, HOST:PORT
TOKEN_PATH = "LETHE_CLUSTER_TOKEN"  # and a file with its token
NAMESPACE = "lethe"
PORT = 6379
THIS_MACHINE = "127.0.0.1"
NO_RAY = 'Sweeps on a cluster need Ray: pip install "lethe-unlearn[cluster]"'
NO_CLUSTER = (
    f"No cluster was started from {{home}}. Run `lethe cluster start`, or set {ADDRESS} to "
    "HOST:PORT of one that runs."
)


@dataclass(frozen=True)
class Head:
    host: str
    port: int = PORT

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Member(Head):
    """And the process of this machine's part, by its id and when it was created."""

    pid: int = 0
    created: float = 0.0


def require_ray() -> None:
    """BadRequest where it is not installed."""
    if find_spec("ray") is None:
        raise BadRequest(f"{NO_RAY}.")


def head_at(said: str) -> Head:
    """HOST or HOST:PORT. BadRequest for a port that is none."""
    host, colon, port = said.rpartition(":")
    if not colon:
        return Head(said)
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadRequest(f"{said!r} is no address; write HOST or HOST:PORT, as in 10.0.0.5:{PORT}.")
    return Head(host, int(port))


def private(said: str) -> str:
    """The IP address to listen on. BadRequest for one that all the world may reach."""
    try:
        found = ipaddress.ip_address(socket.gethostbyname(said))
    except (OSError, ValueError):
        raise BadRequest(f"{said!r} is no address; name one of this machine's own.") from None
    if found.is_unspecified or found.is_global:
        raise BadRequest(
            f"{said} is open to everyone who reaches this machine, and who reaches the ports of a "
            "cluster runs code on it. Name the address of a private network, such as 10.0.0.5."
        )
    return str(found)


def token(home: Path, given: Path | None = None) -> Path:
    """The token's file: 32 random bytes that only its owner may read. Made if there is none, unless
    one is ``given``, here or by the environment."""
    named = given or (Path(said) if (said := os.environ.get(TOKEN_PATH)) else None)
    path = named or home / TOKEN
    if not path.exists():
        if named:
            raise BadRequest(
                f"There is no token in {path}. Copy the head's, {TOKEN} in its home folder, there."
            )
        _write_private(path, secrets.token_hex(32))
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise BadRequest(
            f"{path} can be read by others (mode {mode:o}), and who has it runs code on every "
            f"machine. Run `chmod 600 {path}`; if somebody may have read it, delete it and start "
            "the cluster anew."
        )
    return path


def environment(token_path: Path, host: str) -> dict[str, str]:
    """What Ray has to find in the environment of every process of the cluster whose head is there.

    Ray takes 127.0.0.1 for the machine's other address, and listens to all, unless it is told that
    there are no other machines.
    """
    alone = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"} if host == THIS_MACHINE else {}
    return alone | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_path.absolute()),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_raylet_start_wait_time_s": "180",  # on a machine that is busy
        "RAY_worker_niceness": "0",  # Ray's 15 leaves a run 3 % of a core that something else uses
    }


def record(home: Path, member: Member) -> None:
    _write_private(home / RECORD, json.dumps(asdict(member)))


def forget(home: Path) -> None:
    (home / RECORD).unlink(missing_ok=True)


def known(home: Path) -> Head:
    """The head that this home's sweeps go to. BadRequest where there is none."""
    said = os.environ.get(ADDRESS)
    return head_at(said) if said else member(home)


def member(home: Path) -> Member:
    """This machine's part in a cluster as it is on record. BadRequest where there is none."""
    try:
        return Member(**json.loads((home / RECORD).read_bytes()))
    except FileNotFoundError:
        raise BadRequest(NO_CLUSTER.format(home=home)) from None
    except (OSError, ValueError, TypeError) as fault:
        raise BadRequest(
            f"{home / RECORD} is damaged ({fault}). Run `lethe cluster start` again."
        ) from None


def connect(home: Path, any_version: bool = False) -> bool:
    """This process speaks for the cluster from here on; False if it did already. In the main
    thread. BadRequest, with what to do, where there is no cluster that answers, or where machines
    in it have another version, unless ``any_version`` will do."""
    require_ray()
    if "ray" in sys.modules and sys.modules["ray"].is_initialized():
        return False
    head = known(home)
    os.environ.update(environment(token(home), head.host))  # Ray reads it once, when it is imported
    import ray

    _connect(head)
    if not any_version:
        from cu_core.sweeps.cluster.doctor import refuse_others

        try:
            refuse_others(ray.nodes())
        except BadRequest:
            ray.shutdown()
            raise
    return True


def _connect(head: Head) -> None:
    import ray

    try:
        ray.init(
            address=head.address,
            namespace=NAMESPACE,
            runtime_env=runtime_env(),
            log_to_driver=False,
            logging_level="WARNING",
            include_dashboard=False,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as fault:
        first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        raise BadRequest(
            f"The cluster at {head.address} does not answer ({first}). Run `lethe cluster doctor`, "
            "or start it again with `lethe cluster start`."
        ) from fault


def hub_of(store: Store) -> Any:
    """The hub of a home folder, on this machine, started if there is none of these sources."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from cu_core.sweeps.cluster.hub import Hub

    here = ray.get_runtime_context().get_node_id()
    home = str(store.home)
    name = hashlib.sha256(f"{home} {sources_hash()}".encode()).hexdigest()[:16]
    kind = ray.remote(Hub).options(
        name=f"hub-{name}",
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
    )
    return kind.remote(home)


def _machines() -> list[dict[str, float]]:
    import ray

    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def room() -> int:
    """Runs at once: one a GPU, or one a processor where there is no GPU."""
    machines = _machines()
    gpus = sum(int(m.get("GPU", 0)) for m in machines)
    return gpus or sum(int(m.get("CPU", 0)) for m in machines)


def needs() -> dict[str, float]:
    """Of one run: a GPU and its share of that machine's processors, or one processor."""
    shares = [m["CPU"] // m["GPU"] for m in _machines() if m.get("GPU", 0) and m.get("CPU", 0)]
    return {"num_gpus": 1, "num_cpus": max(1, min(shares))} if shares else {"num_cpus": 1}


def _write_private(path: Path, text: str) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
