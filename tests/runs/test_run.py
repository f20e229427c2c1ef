"""Whole runs on digits through the command line: results, refusals, kill -9 and resume.

One home holds the trained models for the module: a run that finds them cached takes a second.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core import methods
from cu_core.cli import main
from cu_core.files import sources_hash
from cu_core.runs.execute import execute
from cu_core.spec import FINAL, ModelIds, Provenance, RunProgress, TrainRequest, UnlearnRequest
from cu_core.store import Store
from tests.tab import Tab, assert_same_picture

ROOT = Path(__file__).resolve().parents[2]
LONG_S = 300.0  # a shared machine
SIX = ("forget_acc_train", "forget_acc_test", "ua", "ra", "ta", "knn_probe_forget")
BUNDLED = "small-cnn-digits-20962f5ddb0b9899"  # the original that comes with Lethe
UNLEARN = ("unlearn", "--dataset", "digits", "--model", "small-cnn", "--method", "contrastive")


def lethe(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cu_core", *words, "--home", str(home)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def unlearn(home: Path, *words: str) -> dict[str, Any]:
    done = lethe(home, *UNLEARN, "--json", *words)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hömé of lethe")


@pytest.fixture(scope="module")
def unbroken(home: Path) -> dict[str, Any]:
    return unlearn(home, "--forget", "class:5", "--seed", "0")


def test_one_command_trains_unlearns_and_measures(unbroken: dict[str, Any]) -> None:
    assert unbroken["state"] == "done" and unbroken["steps"] == 60
    for model in ("metrics", "original", "retrained", "gap"):
        assert set(SIX) <= set(unbroken[model]), model
    unlearned, original, retrained = (unbroken[k] for k in ("metrics", "original", "retrained"))
    assert unlearned["forget_acc_test"] == 0.0
    assert abs(unlearned["ta"] - retrained["ta"]) <= 2.0
    assert original["forget_acc_test"] > 90 and retrained["forget_acc_test"] == 0.0
    assert unlearned["ua"] == pytest.approx(100 - unlearned["forget_acc_train"])
    assert unbroken["gap"]["ta"] == pytest.approx(unlearned["ta"] - retrained["ta"])
    assert len(unbroken["weights_sha256"]) == 64


def test_a_record_says_of_how_many_its_numbers_are(home: Path, unbroken: dict[str, Any]) -> None:
    facts, counts = unbroken["forget"], unbroken["counts"]
    assert facts["n_forget"] == facts["n_drawn"] == counts["ua"]  # digits are all drawn
    assert facts["n_points"] == facts["n_forget"] + facts["n_retain"] == 1347
    assert counts["forget_acc_test"] + counts["ta"] == counts["test_acc"] == 450
    assert unbroken["chance"] == 10 and "chance 10 %" in unbroken["verdict"]
    assert unbroken["verdict"].endswith("One retrained seed, spread unknown.")
    assert unbroken["headline"].startswith("It ") and unbroken["notes"] == []
    for name in ("original", "retrained"):
        model = Store(home).model(unbroken["models"][name])
        assert unbroken[name]["test_acc"] == pytest.approx(model.accuracy, abs=1e-9)


def test_every_frame_is_on_record_with_the_quality_of_its_picture(
    home: Path, unbroken: dict[str, Any]
) -> None:
    reader = Store(home).reader(unbroken["run_id"])
    frames = reader.frames()
    assert list(frames.steps) == list(range(0, 61, 2))
    assert frames.xy.shape == (31, 1347, 2) and np.isfinite(frames.xy).all()
    assert all(0 <= q["fidelity"] <= 1 for q in frames.quality)
    curves = reader.metrics()
    assert curves["forget_acc_test"][0] == list(range(0, 61, 2))
    assert curves["forget_acc_test"][1][0] > 90 and curves["forget_acc_test"][1][-1] == 0.0
    assert len(curves["loss/pull"][0]) == 60


def test_the_same_request_gives_the_same_weights_and_the_same_map(
    home: Path, unbroken: dict[str, Any]
) -> None:
    """The first run trained its retrained model at the end, this one finds it and shows it from the
    start: a ghost changes nothing."""
    again = unlearn(home, "--forget", "class:5", "--seed", "0", "--no-reference")
    assert again["weights_sha256"] == unbroken["weights_sha256"]
    store = Store(home)
    maps = [store.reader(r["run_id"]).frames() for r in (again, unbroken)]
    np.testing.assert_array_equal(*(m.xy for m in maps))
    np.testing.assert_array_equal(*(m.share for m in maps))
    assert_same_ghost(store, again["run_id"], unbroken["run_id"])


def assert_same_ghost(store: Store, one: str, other: str) -> None:
    """Both have it once, of the forget samples alone, in the same places."""
    ghosts = [store.reader(r).progress().ghost for r in (one, other)]
    assert ghosts[0] is not None and ghosts[0] == ghosts[1]
    assert ghosts[0].fidelity is not None and 0 < ghosts[0].fidelity <= 1
    probes = [store.reader(r).probe() or {} for r in (one, other)]
    for name in ("ghost", "ghost_share", "ghost_z", "atlas"):
        np.testing.assert_array_equal(*(probe[name] for probe in probes))
    there = np.isfinite(probes[0]["ghost"]).all(1)
    np.testing.assert_array_equal(there, probes[0]["is_forget"])


def test_watching_does_not_touch_the_run(home: Path, unbroken: dict[str, Any]) -> None:
    rarely = unlearn(home, "--forget", "class:5", "--every", "60")
    assert rarely["weights_sha256"] == unbroken["weights_sha256"]


def test_a_sample_task_runs_to_its_end(home: Path) -> None:
    done = unlearn(home, "--forget", "random:0.1", "--max-steps", "6", "--no-reference")
    assert done["steps"] == 6 and done["metrics"]["forget_acc_test"] is None
    assert done["retrained"] is None and "no retrained reference" in done["verdict"]
    assert done["reasons"]["forget_acc_test"].startswith("not computed: ")


def test_the_papers_stopping_rule_ends_the_run(home: Path) -> None:
    done = unlearn(home, "--forget", "class:5", "--stop-rule", "class-accuracy", "--no-reference")
    assert 0 < done["steps"] < 60 and "Eq. 8" in done["stopped_by"]


@pytest.mark.parametrize(
    "words,sentence",
    [
        (("--set", "temperature=9"), "Contrastive.temperature must be a number in [0.05, 2.0]"),
        (("--set", "tau=1"), "Contrastive has no knob 'tau'"),
        (("--set", "temperature"), "--set takes KNOB=VALUE"),
        (("--preset", "best"), f"its presets: {', '.join(methods.get('contrastive').presets)}"),
        (("--forget", "class:77"), "77"),
        (("--forget", "random:1.5"), "1.5"),
        (("--forget", "class:0,1,2,3,4,5,6,7,8,9"), "all 1,347"),
        (("--model", "resnet19"), "small-cnn"),
        (("--dataset", "cats"), "digits"),
        (("--method", "magic"), "contrastive"),
        (("--device", "cuda"), "cuda"),
        (("--every", "0"), "every"),
        (("--method", "logit-mask", "--forget", "random:0.1"), "whole classes"),
        (("--original", "nope"), "no model 'nope' in the cache; `python -m cu_core list`"),
        (("--original", BUNDLED, "--model", "mlp"), "Choose --model small-cnn --head plain"),
    ],
)
def test_a_bad_request_is_one_sentence_and_leaves_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert main([*UNLEARN, "--json", *words, "--home", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and sentence in said.err and "Traceback" not in said.err
    assert Store(tmp_path).runs() == []


def test_a_diverging_run_fails_with_a_sentence_and_keeps_its_frames(
    home: Path, unbroken: dict[str, Any]
) -> None:
    wild = ("--set", "normalise=false", "--set", "lr=1.0", "--set", "contrast_weight=10")
    done = lethe(home, *UNLEARN, "--json", "--no-reference", *wild)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "no longer a number at step" in done.stderr
    record = Store(home).runs()[0]
    assert record.state == "failed" and "Lower the learning rate" in record.message
    assert len(Store(home).reader(record.run_id).frames().steps) >= 1


def start(home: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cu_core", *UNLEARN, "--home", str(home), *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet)


def until(holds: Callable[[], Any]) -> Any:
    """What it says once that is true of anything."""
    end = time.monotonic() + LONG_S
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
    return found


def newest(home: Path, not_in: set[str]) -> str:
    found = until(lambda: [r.run_id for r in Store(home).runs() if r.run_id not in not_in])
    return str(found[0])


def wait_for_step(home: Path, run_id: str, step: int) -> None:
    until(lambda: Store(home).run(run_id).step >= step)


def test_killed_and_resumed_equals_unbroken(home: Path, unbroken: dict[str, Any]) -> None:
    """kill -9 in mid-run: the run is lost, resumes, and ends with the same weights, curves and
    picture, in a tab that was there all the time and in one that comes afterwards."""
    before = {r.run_id for r in Store(home).runs()}
    worker = start(home, "--forget", "class:5", "--seed", "0")
    run_id = newest(home, before)
    live = Tab(Store(home), run_id)
    while live.store.run(run_id).step < 20:
        live.poll()
        time.sleep(0.1)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert Store(home).run(run_id).state == "lost"
    live.poll()
    assert len(live.frames) >= 8  # a snapshot every second update

    command = [sys.executable, "-m", "cu_core", "resume", run_id, "--json", "--home", str(home)]
    pipe = subprocess.PIPE
    again = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    while again.poll() is None:
        live.poll()
        time.sleep(0.1)
    printed, errors = again.communicate()
    assert again.returncode == 0, errors
    resumed = json.loads(printed)
    assert resumed["state"] == "done"
    assert resumed["weights_sha256"] == unbroken["weights_sha256"]
    store = Store(home)
    ours, theirs = (store.reader(r).metrics() for r in (run_id, unbroken["run_id"]))
    assert ours == theirs
    xy = [store.reader(r).frames().xy for r in (run_id, unbroken["run_id"])]
    np.testing.assert_array_equal(*xy)
    assert_same_ghost(store, run_id, unbroken["run_id"])
    live.poll()
    tabs = [Tab(store, r) for r in (run_id, unbroken["run_id"])]
    for tab in tabs:
        tab.poll()
        assert_same_picture(live, tab)
    assert live.blobs > 2


def test_a_run_taken_up_keeps_the_original_it_began_with(tmp_path: Path) -> None:
    """Whatever model its request would train by now."""
    store = Store(tmp_path)
    training = store.enqueue(TrainRequest(model_seed=1, train_epochs=1))
    other = execute(store, store.claim_run(training)).model
    run_id = store.enqueue(UnlearnRequest(max_steps=2, probe_size=200, reference=False))
    claimed = store.claim_run(run_id)
    writer = store.writer(run_id)
    writer.put(RunProgress(models=ModelIds(original=other)))
    writer.close()
    assert execute(store, claimed).models.original == other


def test_a_run_taken_up_keeps_the_interval_it_began_with(home: Path) -> None:
    """What is between two snapshots may be reckoned otherwise by then."""
    store = Store(home)
    run_id = store.enqueue(UnlearnRequest(max_steps=12, probe_size=200, reference=False))
    store.command(run_id, "stop", None)
    execute(store, store.claim_run(run_id))
    assert store.run(run_id).state == "stopped" and store.run(run_id).step < 4
    writer = store.writer(run_id)
    writer.put(RunProgress(every=4))
    writer.close()
    execute(store, store.claim_run(run_id, ("stopped",)))
    assert store.run(run_id).state == "done"
    assert {4, 8, 12} == set(store.reader(run_id).frames().steps) - {0, 1, 2, 3}


def test_a_run_taken_up_goes_by_its_record_and_says_that_the_sources_differ(home: Path) -> None:
    """Its knobs and its recipe are those of its start, whatever presets and defaults are now."""
    store = Store(home)
    request = UnlearnRequest(max_steps=6, probe_size=200, reference=False)
    whole = execute(store, store.claim_new(request))
    claimed = store.claim_new(request)
    store.command(claimed.run_id, "stop", None)
    execute(store, claimed)
    stopped = store.run(claimed.run_id)
    assert stopped.state == "stopped" and stopped.step < 6
    assert stopped.summary.verdict.startswith(f"Stopped at step {stopped.step} of 6. ")
    began = store.reader(claimed.run_id).progress().provenance
    assert began is not None and began == stopped.summary.provenance == whole.provenance
    assert began.knobs == methods.get("contrastive").make().model_dump()
    assert began.recipe and began.versions["torch"] and began.sources == sources_hash()

    writer = store.writer(claimed.run_id)
    writer.put(RunProgress(provenance=began.model_copy(update={"sources": "0" * 16})))
    writer.close()
    taken_up = execute(store, store.claim_run(claimed.run_id, ("stopped",)))
    assert taken_up.weights_sha256 == whole.weights_sha256
    said = [e.text for e in store.reader(claimed.run_id).events() if e.kind == "sources"]
    assert len(said) == 1 and "0" * 16 in said[0] and sources_hash() in said[0]
    assert taken_up.provenance is not None and taken_up.provenance.sources == "0" * 16


def test_another_default_would_be_another_run(home: Path) -> None:
    """What the test above rests on: a knob on record decides the weights."""
    store = Store(home)
    request = UnlearnRequest(max_steps=6, probe_size=200, reference=False)
    runs = []
    for knobs in ({}, {"temperature": 0.2}):
        claimed = store.claim_new(request)
        known = methods.get("contrastive").make(**knobs).model_dump()
        writer = store.writer(claimed.run_id)
        writer.put(RunProgress(provenance=Provenance(method="contrastive", knobs=known)))
        writer.close()
        runs.append(execute(store, claimed).weights_sha256)
    assert runs[0] != runs[1]


def test_pause_step_rewind_and_stop_are_obeyed(home: Path, unbroken: dict[str, Any]) -> None:
    store = Store(home)
    before = {r.run_id for r in store.runs()}
    worker = start(home, "--forget", "class:5", "--set", "epochs=200", "--every", "50")
    run_id = newest(home, before)
    wait_for_step(home, run_id, 10)

    def say(verb: str, value: int | None = None) -> int:
        """The step at which the worker took the command up."""
        command = store.command(run_id, verb, value)
        return int(until(lambda: store.acknowledged(command)).split()[-1])

    def rests_at(step: int) -> bool:
        """The losses on record end at this step, and stay there."""
        until(lambda: store.reader(run_id).metrics()["loss/pull"][0][-1] == step)
        time.sleep(0.5)
        return bool(store.reader(run_id).metrics()["loss/pull"][0][-1] == step)

    paused_at = say("pause")
    assert rests_at(paused_at)
    assert store.run(run_id).state == "paused"
    say("step", 7)
    assert rests_at(paused_at + 7)
    say("rewind", 5)
    assert rests_at(5)
    assert store.run(run_id).state == "paused"
    say("resume")
    wait_for_step(home, run_id, paused_at + 10)
    say("stop")
    assert worker.wait(LONG_S) is not None
    assert store.run(run_id).state == "stopped"
    curve = store.reader(run_id).metrics()["loss/pull"][0]
    assert curve == sorted(set(curve)), "a step is on record twice"


def test_closing_the_parent_does_not_reach_a_worker(home: Path, unbroken: dict[str, Any]) -> None:
    """The app is killed in mid-run: the worker it spawned goes on to the end."""
    code = (
        "import sys, os, time; from cu_core.service.spawn import ensure_worker;"
        "from cu_core.store import Store; from cu_core.spec import UnlearnRequest;"
        "s = Store(sys.argv[1]);"
        "r = s.enqueue(UnlearnRequest()); print(r, flush=True); ensure_worker(s, os.getpid());"
        f"time.sleep({LONG_S})"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert app.stdout
    run_id = app.stdout.readline().strip()
    store = Store(home)
    wait_for_step(home, run_id, 5)
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    until(lambda: store.run(run_id).state in FINAL)
    record = store.run(run_id)
    assert record.state == "done", record
    assert record.summary.weights_sha256 == unbroken["weights_sha256"]


def test_the_model_that_comes_with_lethe_is_the_one_it_would_train(tmp_path: Path) -> None:
    """Its id is made of data, network and recipe: a change of any of them must replace it."""
    from cu_core.runs import reference_models
    from cu_core.runs.resolve import Setup
    from cu_core.spec import UnlearnRequest

    store = Store(tmp_path)
    wanted = reference_models.model_id(Setup(UnlearnRequest(), store.home), None)
    assert wanted in [m.id for m in store.models()]
    assert store.model(wanted).accuracy > 98
