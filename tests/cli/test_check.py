"""`lethe check FILE`: what is right passes, and each fault is named with what it means."""

import json
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.service.contract import contracts

METHOD = """
import random
import torch
from torch.nn.functional import cross_entropy
from cu_core.spec import Job, Method, knob

class Mine(Method, label="Mine", paper="none", idea="Up.", loss="-L", epoch_over="forget"):
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, help="SGD learning rate")
    {knob}

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = torch.optim.SGD(job.model.parameters(), self.lr)

    def step(self, job: Job, t: int):
        x, y = job.forget.batch(t)
        loss = -cross_entropy(job.model(x)[0], y) {term}
        job.update(loss)
        return {{"loss": loss}}
"""
METRIC = '''
import numpy as np
from cu_core.spec import ModelOutputs, metric

@metric(title="Mine", unit="%", range=(0.0, {high}), better="low")
def mine(scene: ModelOutputs) -> float:
    """The spread of the logits of the probe, in percent."""
    return float(np.ptp(scene.logits))
'''
NETWORK = """
from torch import nn
from cu_core.models import Architecture

def body(shape):
    width = shape[0]
    return nn.Sequential(nn.Flatten(), nn.Linear(width, 6)), {width}

def refuses(shape):
    return None if len(shape) == 1 else "takes rows of numbers, not images; use small-cnn."

HELP = "A linear layer of six, for rows of numbers."
ARCHITECTURES = (Architecture("mine", "Mine", HELP, body, refuses, 0.1, 1, 2),)
"""
GOOD = {
    "method": METHOD.format(knob="", term=""),
    "metric": METRIC.format(high="1e6"),
    "network": NETWORK.format(width=6),
}


def checked(tmp_path: Path, source: str, *words: str) -> int:
    file = tmp_path / "mine.py"
    file.write_text(source)
    return main(["check", str(file), *words])


@pytest.mark.parametrize("kind", GOOD)
def test_what_keeps_the_contract_passes_line_by_line(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, GOOD[kind]) == 0
    titles = [check.__name__.replace("_", " ") for check in contracts()[kind].checks]
    assert capsys.readouterr().out.splitlines() == [f"mine  ok      {title}" for title in titles]


@pytest.mark.parametrize(
    ("source", "check", "fault"),
    [
        (
            METHOD.format(knob='dull: float = knob(0.5, 0.0, 1.0, help="Nothing")', term=""),
            "no knob is dead",
            "dull=0.25 changes neither the losses nor the weights.",
        ),
        (
            METHOD.format(knob="", term="* random.random()"),
            "the same seed gives the same bits",
            "Twice the same seed gave two different models.",
        ),
        (
            METHOD.format(knob='bare: float = knob(0.5, help="Of no end")', term="* self.bare"),
            "the declaration is complete",
            "The knob bare has no bounds: (None, None).",
        ),
        (
            METRIC.format(high="0.5"),
            "values lie in the declared range or there is a reason",
            "is not in [0.0, 0.5].",
        ),
        (
            NETWORK.format(width=7),
            "it gives logits and the embedding it declares",
            "RuntimeError in",
        ),
    ],
)
def test_a_fault_is_named(
    source: str, check: str, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = checked(tmp_path, source, "--json")
    found = {f["check"]: f["fault"] for f in json.loads(capsys.readouterr().out)}
    assert code == 1 and fault in found[check]


def test_a_failed_line_says_what_it_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, METRIC.format(high="0.5")) == 1
    told = capsys.readouterr().out
    assert "mine  FAILED  values lie in the declared range" in told
    assert "drawn off the scale" in told and "mine  ok      the declaration is complete" in told


def test_a_file_that_the_registry_would_refuse_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, GOOD["method"] + "\nclass Helper: ...\n") == 1
    assert "must declare one class, its Method; here: Mine, Helper" in capsys.readouterr().out


def test_what_is_none_of_them_is_a_bad_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, "x = 1\n") == 2
    assert "declares none of what can be checked: method, metric, network" in (
        capsys.readouterr().err
    )
    assert main(["check", str(tmp_path / "none.py")]) == 2
    assert "There is no Python file" in capsys.readouterr().err
