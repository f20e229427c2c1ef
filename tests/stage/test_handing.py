"""The process that makes a slow file: it counts, it can be cancelled, it answers in a sentence."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cu_core.spec import Export, RunRecord
from cu_core.stage import export, handing
from cu_core.stage.export import PLAIN, ExportFormat, Order
from cu_core.store import Answer, Store
from tests.pages.fabricate import finished

FRAMES = 40
Act = Callable[[int], None]


def nothing(done: int) -> None:
    """Of each frame."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, bundled=None)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """``slowly(act)``: there is a format that calls ``act(done)`` before it says so."""

    def declare(act: Act) -> None:
        def make(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
            for done in range(1, FRAMES + 1):
                act(done)
                order.tick(done, FRAMES)
            return f"{record.run_id} {dict(order.opens)}".encode()

        words = {"title": "slow", "noun": "slow file", "ending": ".slow", "mime": "image/gif"}
        made = ExportFormat(key="slow", help="Slow.", slow=True, seen=True, make=make, **words)
        monkeypatch.setattr(handing, "formats", lambda: {"slow": made})
        monkeypatch.setattr(handing, "TELL_S", 0.0)

    return declare


def asked(store: Store) -> tuple[Export, int]:
    question = Export(run=finished(store), format="slow", opens={"view": "map"})
    return question, store.ask(question)


def answer(store: Store, number: int) -> Answer:
    found = store.answer(number)
    assert found is not None
    return found


def test_a_file_is_made_and_kept_and_how_far_it_is_is_told(
    store: Store, slowly: Callable[[Act], None]
) -> None:
    heard: list[str] = []
    question, number = asked(store)
    slowly(lambda done: heard.append(answer(store, number).doing))
    handing.hand_out(store, number)
    assert heard == ["", *(f"Frame {done} of {FRAMES}" for done in range(1, FRAMES))]
    path = store.handout(question, ".slow")
    assert path is not None and path.read_text() == f"{question.run} {{'view': 'map'}}"
    found = answer(store, number)
    assert (found.state, found.answer) == ("answered", {"bytes": path.stat().st_size})


def test_a_file_that_is_cancelled_ends_there_and_is_not_kept(
    store: Store, slowly: Callable[[Act], None]
) -> None:
    made: list[int] = []
    _, number = asked(store)
    slowly(lambda done: made.append(done) or (done == 31 and store.cancel(number)) or None)
    handing.hand_out(store, number)
    assert made[-1] == 31 and answer(store, number).state == "cancelled"
    assert list(store.paths.handouts.iterdir()) == []


def test_a_file_that_is_cancelled_as_it_is_kept_goes_too(
    store: Store, slowly: Callable[[Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number = asked(store)
    slowly(nothing)
    keep = store.save_handout

    def late(*given: object) -> Path:
        store.cancel(number)
        return keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "save_handout", late)
    handing.hand_out(store, number)
    assert list(store.paths.handouts.iterdir()) == []


def test_a_run_that_is_renamed_meanwhile_has_no_file_under_its_new_name(
    store: Store, slowly: Callable[[Act], None]
) -> None:
    question, number = asked(store)
    slowly(lambda done: (done == 31 and store.rename(question.run, "Called otherwise")) or None)
    handing.hand_out(store, number)
    assert answer(store, number).error == "The run has changed meanwhile. Make it again."
    assert store.handout(question, ".slow") is None
    again = store.ask(question)
    handing.hand_out(store, again)
    assert store.handout(question, ".slow") is not None


def test_a_run_that_changes_as_its_file_is_kept_has_none_either(
    store: Store, slowly: Callable[[Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    question, number = asked(store)
    slowly(nothing)
    keep = store.save_handout

    def late(*given: object) -> Path:
        store.rename(question.run, "Called otherwise")
        return keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "save_handout", late)
    handing.hand_out(store, number)
    assert store.handout(question, ".slow") is None


def test_what_cannot_be_made_is_answered_with_a_sentence(
    store: Store, slowly: Callable[[Act], None]
) -> None:
    slowly(lambda done: 1 // 0 and None)
    _, number = asked(store)
    handing.hand_out(store, number)
    assert answer(store, number).error.startswith("The file could not be made: ZeroDivisionError")
    unknown = store.ask(Export(run="20260101-000000-000-abcdef", format="slow"))
    handing.hand_out(store, unknown)
    assert "There is no run" in answer(store, unknown).error
    other = store.ask(Export(run=finished(store), format="tape"))
    handing.hand_out(store, other)
    assert answer(store, other).error == "There is no format 'tape'; there are slow."


def test_the_real_process_makes_the_zip_and_needs_no_torch(store: Store) -> None:
    question = Export(run=finished(store), format="zip")
    number = store.ask(question)
    code = (
        "import sys; from cu_core.stage import handing; handing.main();"
        "sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    )
    words = ["--home", str(store.home), "--question", str(number)]
    assert subprocess.run([sys.executable, "-c", code, *words]).returncode == 0
    path = store.handout(question, ".zip")
    assert path is not None
    assert path.read_bytes() == export.formats()["zip"].make(store, store.run(question.run))
    assert store.workers() == []


def test_killed_it_leaves_no_file_and_a_sentence(store: Store) -> None:
    question = Export(run=finished(store), format="zip")
    number = store.ask(question)
    code = (
        "import sys, time; from cu_core.stage import handing;"
        "handing._keep = lambda *_: (print('taken', flush=True), time.sleep(60));handing.main()"
    )
    command = [sys.executable, "-c", code, "--home", str(store.home), "--question", str(number)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"taken\n"
    assert answer(store, number).state == "taken"
    assert [(one.role, one.run_id) for one in store.workers()] == [("busy", "")]
    process.kill()
    process.wait()
    began = time.monotonic()
    assert answer(store, number).error.endswith("ended unexpectedly. Ask again.")
    assert time.monotonic() - began < 5 and list(store.paths.handouts.iterdir()) == []
