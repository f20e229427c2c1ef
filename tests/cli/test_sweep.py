"""`lethe sweep`: what a file asks for is begun, followed and moved on, or refused in a sentence."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.cli._sweeps import follow
from cu_core.errors import BadRequest
from cu_core.service import spawn
from cu_core.spec import Axis, UnlearnRequest
from cu_core.store import Store
from cu_core.sweeps import owner
from cu_core.sweeps.executors import Executor
from cu_core.sweeps.file import EXAMPLE, request_in
from tests.sweeps.made_up import made_up_sweep, request
from tests.sweeps.places import MadeUpPlace

SHORT = """
base: {forget: "class:5", max_steps: 2, hparams: {lr: 1e-3}}
axes:
  contrast_weight: [1e-1, 10, log]
  variant: [paper, official]
objectives: [forget_gap]
sampler: qmc
trials: 4
"""


@pytest.fixture
def led(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Owners are threads of this process, and their runs are made up."""
    executor = Executor("local", "", "", lambda store, sweep_id, request: MadeUpPlace(store))
    monkeypatch.setattr(owner, "executors", lambda: {"local": executor})

    owners: list[threading.Thread] = []

    def lead(store: Store, sweep_id: str) -> None:
        owners.append(threading.Thread(target=owner.lead, args=(store, sweep_id, None, 0.01)))
        owners[-1].start()

    monkeypatch.setattr(spawn, "lead", lead)
    yield
    for thread in owners:
        thread.join()


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict:  # type: ignore[type-arg]
    assert main(["sweep", *words, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_sweep_is_begun_followed_and_moved_on(
    store: Store, led: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(SHORT)
    home = ["--home", str(store.home)]
    assert main(["sweep", "start", "--wait", "--name", "Mine", str(file), *home]) == 0
    caught = capsys.readouterr()
    assert "4 of 4 done; " in caught.out and "Mine" in caught.out
    assert sorted(line.partition(":")[0] for line in caught.err.splitlines()) == [
        f"Trial {number} done" for number in range(4)
    ]
    sweep_id = store.sweeps()[0].sweep_id
    said = told(capsys, "show", sweep_id, *home)
    assert (said["id"], said["state"], len(said["trials"])) == (sweep_id, "done", 4)
    for number, trial in enumerate(said["trials"]):
        assert trial["number"] == number and trial["knobs"].keys() == {"contrast_weight", "variant"}
        assert store.run(trial["run_id"]).summary.metrics["ua"] == trial["values"]["forget_gap"]
        assert trial["message"] == "" and trial["reported"] and trial["front"] in (True, False)
    assert said["request"]["base"]["hparams"] == {"lr": 0.001}
    told(capsys, "more", sweep_id, "2", *home)
    told(capsys, "confirm", sweep_id, *home)
    assert main(["sweep", "more", sweep_id, "0", *home]) == 2
    assert "at least 1, got 0" in capsys.readouterr().err
    assert main(["sweep", "list", *home]) == 0
    assert sweep_id in capsys.readouterr().out


def test_what_is_on_record_is_shown_without_its_owner(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_id = made_up_sweep(store, 5)
    assert main(["sweep", "show", sweep_id, "--home", str(store.home)]) == 0
    out = capsys.readouterr().out
    assert "4 of 5 done, 1 failed; " in out and "contrast_weight" in out
    stopped = told(capsys, "stop", sweep_id, "--home", str(store.home))
    assert stopped["note"] == "The sweep is done already." and not store.pending(sweep_id)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("base: {}\naxes: {heat: [0, 1]}", "contrastive has no knob 'heat'"),
        ("base: {}\naxes: {temperature: [0.01, 1]}", "must be a number in [0.05, 2], got 0.01"),
        ("base: {}\naxes: {temperature: [0.5, 1]}\nexecutor: mars", "No executor is called 'mars'"),
        ("base: {forget: 'class:99'}\naxes: {temperature: [0.5, 1]}", "99"),
    ],
)
def test_what_cannot_run_leaves_nothing_behind(
    text: str,
    sentence: str,
    store: Store,
    led: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(text)
    assert main(["sweep", "start", str(file), "--home", str(store.home)]) == 2
    caught = capsys.readouterr()
    assert sentence in caught.err and caught.err.count("\n") == 1
    assert not store.sweeps() and not caught.out


def test_ctrl_c_ends_the_waiting_and_not_the_sweep(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cu_core.cli._sweeps.time.sleep", interrupt)
    sweep_id = store.new_sweep(request())
    assert follow(store, sweep_id) is None
    assert f"the sweep goes on. See it with: python -m cu_core sweep show {sweep_id}" in (
        capsys.readouterr().err
    )
    assert store.sweep(sweep_id).state == "queued" and not store.pending(sweep_id)


def asked(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    file = tmp_path / "sweep.yaml"
    file.write_text(text)
    return request_in(file)


def test_axes_in_short(tmp_path: Path) -> None:
    request = asked(tmp_path, EXAMPLE)
    assert request.base == UnlearnRequest() and request.trials == 30
    assert request.axes == {
        "temperature": Axis(low=0.05, high=1, log=True),
        "variant": Axis(choices=("paper", "official")),
    }
    more = asked(
        tmp_path,
        "base: {}\naxes:\n  a: [1e-3, 1]\n  b: {choices: [1, 2, 4]}\n  c: [true, false]\n"
        "  d: {low: 1e-4, high: 1, log: true, points: 4}",
    )
    assert more.axes == {
        "a": Axis(low=1e-3, high=1),
        "b": Axis(choices=(1, 2, 4)),
        "c": Axis(choices=(True, False)),
        "d": Axis(low=1e-4, high=1, log=True, points=4),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("axes: {a: [0, 1]}", "base must be a mapping"),
        ("base: {}\naxes: {a: 3}", "The axis a must be a list or a mapping, got 3"),
        ("base: {}\naxes: {a: [1, 2, 4]}", r"written {choices: \[1, 2, 4\]}"),
        ("base: {}\naxes: {a: [2, 1]}", "low must be below high, got 2"),
        ("base: {}\naxes: {a: [0, 1, log]}", "begins above 0, got 0"),
        ("base: {}\naxes: {a: {from: 1}}", "axes.a has no setting 'from'"),
        ("base: {forgte: x}\naxes: {a: [0, 1]}", "base has no setting 'forgte'"),
        ("base: {}\naxes: {a: [0, 1]}\nobjectives: [best]", "a list of avg_gap, forget_gap"),
        ("base: {}\naxes: {a: [0, 1]}\ntrials: 0", "sweep.trials must be an integer in"),
        ("- 1", "must hold base, axes and the rest by name"),
        ("a: [", "is no YAML file"),
        ("a: &x [1]\nb: *x", "aliases"),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    text: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        asked(tmp_path, text)
    with pytest.raises(BadRequest, match=r"cannot be read \(No such file"):
        request_in(tmp_path / "nowhere.yaml")
