"""Runs at the command line beside other processes that want them, have them, or lose them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cu_core.cli import BUSY, main
from cu_core.spec import UnlearnRequest
from cu_core.store import Store
from tests.store.samples import REQUEST, child, finished

ROOT = Path(__file__).resolve().parents[2]
SHORT = UnlearnRequest(max_steps=2, probe_size=200, reference=False)
GREEDY = """
import sys, time
from cu_core.store import Store
store, kept, seen = Store(sys.argv[1]), [], set()
print("ready", flush=True)
while not (store.home / "enough").exists():
    claimed = store.claim(slots=10_000)
    kept += [claimed] if claimed else []
    seen |= {record.state for record in store.runs()}
    time.sleep(float(sys.argv[2]))
print(len(kept), *sorted(seen), flush=True)
"""
HOLDER = """
import sys
from cu_core.spec import RunProgress, Summary
from cu_core.store import RunWriter, Store
store = Store(sys.argv[1])
claimed = store.claim_run(sys.argv[2])
writer = RunWriter(store, claimed.run_id)
writer.move("starting", "running")
writer.put(RunProgress(phase="unlearning", step=3, total=9))
print("held", flush=True)
state = sys.stdin.readline().strip()
writer.finish(Summary(verdict="All is forgotten."))
writer.move("running", state, "That did not work." if state == "failed" else "")
writer.close()
claimed.release()
"""


def test_a_run_of_the_command_line_is_never_there_for_another_to_take(store: Store) -> None:
    """A process that claims as fast as it can beside 150 runs: each is held from the first look."""
    worker = child(GREEDY, store.home, 0)
    assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    for _ in range(150):
        claimed = store.claim_new(SHORT)
        assert store.move(claimed.run_id, "starting", "stopped")
        claimed.release()
    (store.home / "enough").touch()
    taken, *seen = worker.communicate(timeout=300)[0].split()
    assert taken == "0" and set(seen) <= {"starting", "stopped"}, seen


def test_unlearn_beside_an_idle_worker_ends_with_its_result(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = child(GREEDY, store.home, 0.02)
    assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    words = ["unlearn", "--max-steps", "2", "--probe-size", "200", "--no-reference", "--json"]
    assert main([*words, "--name", "Mine", "--home", str(store.home)]) == 0
    (store.home / "enough").touch()
    assert worker.communicate(timeout=300)[0].split()[0] == "0"
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["name"], told["steps"]) == ("done", "Mine", 2)


def _hear_ctrl_c() -> None:
    """What a shell starts in the background inherits deaf ears, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def waiting(store: Store, run_id: str) -> subprocess.Popen[str]:
    """`lethe resume` in another process, once it says that it waits."""
    command = [sys.executable, "-m", "cu_core", "resume", run_id, "--home", str(store.home)]
    pipe = subprocess.PIPE
    resume = subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, bufsize=1, preexec_fn=_hear_ctrl_c
    )
    assert resume.stderr is not None
    assert resume.stderr.readline() == "Another process has this run: unlearning 3/9\n"
    return resume


def held(store: Store) -> tuple[str, subprocess.Popen[str]]:
    run_id = store.enqueue(SHORT)
    worker = child(HOLDER, store.home, run_id)
    assert worker.stdout is not None and worker.stdout.readline() == "held\n"
    return run_id, worker


@pytest.mark.parametrize(
    ("state", "code", "told"),
    [("done", 0, "All is forgotten."), ("stopped", 0, "stopped"), ("failed", 1, "did not work")],
)
def test_a_run_that_another_process_has_is_waited_for(
    state: str, code: int, told: str, store: Store
) -> None:
    run_id, worker = held(store)
    resume = waiting(store, run_id)
    worker.communicate(f"{state}\n", timeout=300)
    out, errors = resume.communicate(timeout=300)
    assert resume.returncode == code and told in (errors if code else out)


def test_ctrl_c_ends_the_waiting_and_not_the_run(store: Store) -> None:
    run_id, worker = held(store)
    resume = waiting(store, run_id)
    resume.send_signal(signal.SIGINT)
    _, errors = resume.communicate(timeout=300)
    assert resume.returncode == 130 and "No longer waiting; the run goes on." in errors
    assert store.run(run_id).state == "running"
    worker.communicate("done\n", timeout=300)
    assert store.run(run_id).state == "done"


def test_a_run_whose_process_dies_while_it_is_waited_for_is_taken_up(store: Store) -> None:
    run_id, worker = held(store)
    resume = waiting(store, run_id)
    worker.kill()
    worker.wait()
    out, errors = resume.communicate(timeout=300)
    assert resume.returncode == 0, errors
    assert f"{run_id}  done" in out and store.run(run_id).summary.steps == 2


def test_a_finished_run_is_not_resumed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = finished(store)
    assert main(["resume", run_id, "--home", str(store.home)]) == 2
    assert f"Run {run_id} is done" in capsys.readouterr().err


def test_a_run_is_renamed_and_deleted(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_id, home = store.enqueue(REQUEST), ["--home", str(store.home)]
    assert main(["rename", run_id, "  Mine,  all ", *home]) == 0
    assert capsys.readouterr().out == f"{run_id}  Mine, all\n"
    assert main(["rename", run_id, " ", *home]) == 2
    assert "cannot be empty" in capsys.readouterr().err
    assert main(["rename", run_id, "Yours", *home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "Yours" == store.run(run_id).name
    with store.claim_run(run_id):
        assert main(["delete", run_id, *home]) == BUSY == 75  # it can be tried again
        assert "stop it first" in capsys.readouterr().err
    assert main(["delete", run_id, *home]) == 0
    assert run_id in capsys.readouterr().out and store.runs() == []


def test_the_phases_of_a_run_are_said_as_the_page_says_them(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["unlearn", "--max-steps", "2", "--probe-size", "200", "--no-reference"]
    assert main([*words, "--home", str(store.home)]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Reading the data"
    assert any(line.startswith("Forgetting class 5") for line in told)
    assert told[-1].startswith("Unlearned; measured now on every image")
    assert main([*words, "--json", "--home", str(store.home)]) == 0
    assert capsys.readouterr().err == ""


def test_a_verdict_on_a_draw_is_counted_behind_it(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``unlearn`` ends with the verdict and leaves the counting to a process of its own; ``settle``
    counts, and ``--exact`` leaves nothing to count."""
    monkeypatch.setattr("cu_core.runs.whole.DRAWN", 60)
    left: list[str] = []
    monkeypatch.setattr("cu_core.cli._runs.settle", lambda _store, run_id: left.append(run_id))
    words = ["unlearn", "--model", "mlp", "--epochs", "1", "--max-steps", "2", "--json"]
    home = ["--home", str(store.home)]
    assert main([*words, *home]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["looked_at"][1] == 1797 and left == [first["run_id"]]
    assert main(["settle", first["run_id"], "--json", *home]) == 0
    exact = json.loads(capsys.readouterr().out)
    assert "looked_at" not in exact or exact["looked_at"] is None
    assert main([*words, "--exact", *home]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["metrics"] == exact["metrics"] and len(left) == 1
