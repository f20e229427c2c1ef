"""This machine's part in a cluster as a process: started, looked for, ended.

`ray start --block` stands above all that Ray starts here and takes it down with itself, so that of
several clusters on one machine only one's own is ended.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil

from cu_core.errors import BadRequest
from cu_core.files import sources_hash
from cu_core.store.config import versions
from cu_core.sweeps.cluster import membership
from cu_core.sweeps.cluster.membership import Head, Member

LOG = "cluster.log"
BEGIN_S, END_S = 240.0, 30.0  # of a machine that has much else to do
LOG_LINES = 4


def labels() -> dict[str, str]:
    """What a machine says of itself when it joins, by which another version is seen at once."""
    known = versions()
    said = {name: known.get(name, "none") for name in ("python", "torch")}
    said |= {"version": known["lethe"], "sources": sources_hash(), "ray": ray_version()}
    return {f"lethe-{name}": _plain(value) for name, value in said.items()}


def ray_version() -> str:
    """Without importing it. BadRequest where there is none."""
    membership.require_ray()
    return version("ray")


def start_words(head: Head, store_mb: int | None, gpus: int | None, cpus: int | None) -> list[str]:
    """The command that starts a head."""
    alone = [f"--node-ip-address={head.host}", f"--port={head.port}", "--head"]
    return [*_words(store_mb, gpus, cpus), *alone, "--include-dashboard=false"]


def join_words(head: Head, own: str | None, **shares: int | None) -> list[str]:
    """The command that joins one; ``own``: the address that others reach this machine by."""
    named = [f"--node-ip-address={own}"] if own else []
    return [*_words(**shares), f"--address={head.address}", *named]


def _words(store_mb: int | None, gpus: int | None, cpus: int | None) -> list[str]:
    said = ",".join(f"{name}={value}" for name, value in labels().items())
    words = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
    words += ["--disable-usage-stats", f"--labels={said}"]
    words += [f"--object-store-memory={store_mb * 2**20}"] if store_mb else []
    words += [] if gpus is None else [f"--num-gpus={gpus}"]
    return words + ([] if cpus is None else [f"--num-cpus={cpus}"])


def begin(home: Path, head: Head, words: Sequence[str], token: Path) -> Member:
    """Starts it and waits until it takes part. BadRequest, with the end of its log, if it ends."""
    refuse_second(home)
    with open(home / LOG, "wb") as log:
        process = subprocess.Popen(
            words,
            env=os.environ | membership.environment(token, head.host),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + BEGIN_S
    while not (answers(head.host, head.port) and _has_raylet(process.pid)):
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process.pid)
            raise BadRequest(f"The cluster did not start: {_tail(home)} See {home / LOG}.")
        time.sleep(0.2)
    member = Member(head.host, head.port, process.pid, psutil.Process(process.pid).create_time())
    membership.record(home, member)
    return member


def refuse_second(home: Path) -> None:
    """BadRequest where this home's part in a cluster is alive already."""
    try:
        member = membership.member(home)
    except BadRequest:
        return
    if alive(member):
        raise BadRequest(
            f"This machine is part of the cluster at {member.address} already. Run `lethe cluster "
            "stop` first to leave it."
        )


def alive(member: Member) -> bool:
    """Whether the very process that was started lives."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(member.pid)
        same = abs(process.create_time() - member.created) < 1
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    return False


def end(home: Path) -> bool:
    """Leaves the cluster; a head ends it. False where nothing ran."""
    member = membership.member(home)
    was = alive(member)
    if was:
        _end(member.pid)
    membership.forget(home)
    return was


def _end(pid: int) -> None:
    """What it started goes with it; what does not within ``END_S`` is killed."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    _, left = psutil.wait_procs(family, END_S)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, END_S)


def answers(host: str, port: int, wait_s: float = 1.0) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), wait_s).close()
    except OSError:
        return False
    return True


def _has_raylet(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(it.name() == "raylet" for it in psutil.Process(pid).children(recursive=True))
    return False


def _tail(home: Path) -> str:
    lines = (home / LOG).read_text("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return " ".join(said[-LOG_LINES:]) or "it said nothing."


def _plain(value: str) -> str:
    """As a label may be spelt: letters, digits, dot, dash, underscore."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", value)[:63]
