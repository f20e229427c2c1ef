"""Who may join, where a head may listen, which machines are refused: none of it needs Ray."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from cu_core.errors import BadRequest
from cu_core.spec import UnlearnRequest
from cu_core.sweeps.cluster import hub, membership, processes
from cu_core.sweeps.cluster.doctor import Machine, complaints

OWN = {"lethe-python": "3.11.7", "lethe-torch": "2.9.1", "lethe-sources": "ab"}
FIT = Machine("node-1", "10.0.0.6", OWN, gpus=1, cuda=("H200",), free_gb=50.0)


def test_the_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = membership.token(tmp_path)
    first = path.read_text()
    assert len(first) == 64 and path.stat().st_mode & 0o777 == 0o600
    assert membership.token(tmp_path).read_text() == first
    path.chmod(0o644)
    with pytest.raises(BadRequest, match=r"can be read by others \(mode 644\).*chmod 600"):
        membership.token(tmp_path)


def test_a_token_that_is_named_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no token in .*Copy the head's"):
        membership.token(tmp_path, tmp_path / "elsewhere")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["0.0.0.0", "8.8.8.8"])
def test_nothing_listens_to_the_world(address: str) -> None:
    with pytest.raises(BadRequest, match="open to everyone"):
        membership.private(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.7", "100.64.0.1"])
def test_private_addresses_will_do(address: str) -> None:
    assert membership.private(address) == address


def test_an_address_is_a_host_and_a_port() -> None:
    assert membership.head_at("10.0.0.5") == membership.Head("10.0.0.5", 6379)
    assert membership.head_at("10.0.0.5:7000").address == "10.0.0.5:7000"
    for wrong in ("10.0.0.5:", "10.0.0.5:x", "10.0.0.5:70000", ":6379"):
        with pytest.raises(BadRequest, match="is no address; write HOST or HOST:PORT"):
            membership.head_at(wrong)


def test_the_cluster_is_the_one_on_record_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(membership.ADDRESS, raising=False)
    with pytest.raises(BadRequest, match="lethe cluster start"):
        membership.known(tmp_path)
    here = psutil.Process()
    member = membership.Member("10.0.0.5", 6379, here.pid, here.create_time())
    membership.record(tmp_path, member)
    assert membership.known(tmp_path) == member and processes.alive(member)
    assert (tmp_path / membership.RECORD).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(membership.ADDRESS, "10.0.0.9:7000")
    assert membership.known(tmp_path).address == "10.0.0.9:7000"
    (tmp_path / membership.RECORD).write_text("{")
    with pytest.raises(BadRequest, match="is damaged"):
        membership.member(tmp_path)


def test_another_process_of_the_same_id_is_not_ours(tmp_path: Path) -> None:
    member = membership.Member("10.0.0.5", 6379, os.getpid(), 1.0)
    membership.record(tmp_path, member)
    assert not processes.alive(member)
    processes.refuse_second(tmp_path)
    assert processes.end(tmp_path) is False and psutil.pid_exists(os.getpid())
    with pytest.raises(BadRequest):
        membership.member(tmp_path)


def test_a_second_start_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    here = psutil.Process()
    membership.record(tmp_path, membership.Member("10.0.0.5", 6379, here.pid, here.create_time()))
    with pytest.raises(BadRequest, match=r"part of the cluster at 10\.0\.0\.5:6379 already"):
        processes.refuse_second(tmp_path)


def test_without_ray_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match=r'pip install "lethe-unlearn\[cluster\]"'):
        membership.require_ray()


def test_fit_machines_have_no_complaint() -> None:
    assert complaints(OWN, [FIT, dataclasses.replace(FIT, gpus=0, cuda=())]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"versions": OWN | {"lethe-torch": "2.8.0"}}, "node-1 has torch 2.8.0, and the head has"),
        ({"versions": OWN | {"lethe-sources": "cd"}}, "node-1 has sources of Lethe cd"),
        ({"cuda": ()}, "node-1 has 1 GPUs that its torch does not see"),
        ({"free_gb": 0.5}, "node-1 has 0.5 GB free"),
        ({"token": 0o644}, "Others can read the token of node-1 (mode 644)"),
        ({"versions": {}, "faults": ("it does not answer.",)}, "node-1: it does not answer."),
    ],
)
def test_each_fault_is_named_with_its_machine(change: dict[str, object], said: str) -> None:
    (found,) = complaints(OWN, [FIT, dataclasses.replace(FIT, **change)])
    assert found.startswith(said)


def test_runs_that_differ_in_what_they_share_are_of_another_kind(tmp_path: Path) -> None:
    base = UnlearnRequest(forget="class:5", trial="some-sweep/0")
    kind = hub.kind_of(base, tmp_path)
    alike = {"trial": "some-sweep/1", "hparams": {"lr": 0.1}, "seed": 3, "method": "finetune"}
    assert hub.kind_of(base.model_copy(update=alike), tmp_path) == kind
    for change in ({"forget": "class:4"}, {"model_seed": 1}, {"probe_size": 50}):
        assert hub.kind_of(base.model_copy(update=change), tmp_path) != kind
    drawn = base.model_copy(update={"forget": "random:0.1"})
    other = drawn.model_copy(update={"seed": 1})
    assert hub.kind_of(drawn, tmp_path) != hub.kind_of(other, tmp_path)


SHARES = {"store_mb": 90, "gpus": 0, "cpus": 1}


def test_the_token_is_on_no_command_line_in_no_log_and_in_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of the cluster are told the path of its file, which its owner alone may read."""
    path, started = membership.token(tmp_path), []

    class Process:
        pid = 0

        def __init__(self, words: list[str], env: dict[str, str], **_: Any) -> None:
            started.append((words, env))

        def poll(self) -> int:
            return 1  # it ended at once

    monkeypatch.setattr(processes.subprocess, "Popen", Process)
    monkeypatch.setattr(processes, "_end", lambda pid: None)
    monkeypatch.setattr(processes, "answers", lambda *where: False)
    head = membership.Head("127.0.0.1", 6399)
    joins = processes.join_words(head, None, **SHARES)
    for words in (processes.start_words(head, **SHARES), joins):
        with pytest.raises(BadRequest, match="did not start") as refusal:
            processes.begin(tmp_path, head, words, path)
        secret = path.read_text().strip()
        assert secret not in str(refusal.value)
    assert len(started) == 2
    for words, environment in started:
        assert secret not in " ".join(words) and secret not in environment.values()
    assert secret not in (tmp_path / processes.LOG).read_text()
