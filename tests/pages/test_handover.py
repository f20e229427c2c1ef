"""Hand over: every format in its group, made here or by a process, cancelled, saved."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.comparison import export as beside
from cu_core.errors import StoreError
from cu_core.service import spawn
from cu_core.spec import Export, Exported
from cu_core.stage import export
from cu_core.store import Store
from tests.pages.conftest import ROOT
from tests.pages.fabricate import CATALOG, finished
from tests.store.samples import child
from ui import handover

Page = Callable[..., AppTest]
TAKE_AND_WAIT = """
import os, sys, time
from cu_core.store import Store
store = Store(sys.argv[1], bundled=None)
store.register_worker(os.getpid(), "busy")
print(store.take_question(int(sys.argv[2])).id, flush=True)
time.sleep(60)
"""


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Questions that a process was started for; none is."""
    found: list[int] = []
    monkeypatch.setattr(spawn, "hand_out", lambda store, number: found.append(number))
    return found


@pytest.fixture
def run_id(store: Store) -> str:
    store.save_catalog(CATALOG)
    return finished(store)


@pytest.fixture
def panel(page: Page, run_id: str, begun: list[int]) -> AppTest:
    """The page of a run with the panel open."""
    return opened(page("unlearn", run=run_id))


def opened(app: AppTest) -> AppTest:
    app.button(key="handover/open").click().run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def saves(app: AppTest) -> list[str]:
    return [element.proto.label for element in app.get("download_button")]


def makes(app: AppTest) -> list[str]:
    own = (button for button in app.button if (button.key or "").startswith("handover-make-"))
    return [button.key.removeprefix("handover-make-") for button in own if button.key]


def test_every_format_is_there_in_its_group(panel: AppTest) -> None:
    assert set(makes(panel)) == set(export.formats())
    said = texts(panel)
    for kind in export.formats().values():
        assert kind.help in said.replace("&#x27;", "'")
    assert said.index("To watch") < said.index("One page (html)") < said.index("To compute with")
    assert "None of them attests" in said


@pytest.mark.parametrize(
    ("mime", "purpose"),
    [
        ("text/html", "watch"),
        ("image/gif", "watch"),
        ("video/mp4", "watch"),
        ("image/png", "show"),
        ("image/svg+xml", "show"),
        ("application/pdf", "show"),
        ("text/csv", "compute"),
        ("application/zip", "compute"),
    ],
)
def test_what_a_file_is_for_follows_from_its_type(mime: str, purpose: str) -> None:
    words = dict.fromkeys(("key", "title", "noun", "ending", "help"), "x")
    assert export.Format(mime=mime, **words).purpose == purpose


def test_a_quick_one_is_made_here(panel: AppTest, begun: list[int]) -> None:
    panel.button(key="handover-make-csv").click().run()
    (label,) = saves(panel)
    assert label.startswith("Save the table (") and label.endswith(" kB)")
    assert begun == [] and "csv" not in makes(panel)


def test_what_cannot_be_made_is_said_in_its_row(page: Page, store: Store, begun: list[int]) -> None:
    app = opened(page("unlearn", run=finished(store, end="stopped")))
    app.button(key="handover-make-recording").click().run()
    (error,) = [
        one for one in app.error if "only a run that is done" in one.value.replace("\\", "")
    ]
    assert error and "recording" in makes(app) and not app.exception


def test_a_slow_one_is_left_to_a_process_which_says_how_far_it_is(
    panel: AppTest, store: Store, run_id: str, begun: list[int]
) -> None:
    panel.button(key="handover-make-zip").click().run()
    asked = Export(run=run_id, format="zip")
    (number,) = begun
    assert store.open_question(asked) == number and "Starting…" in texts(panel)
    assert store.take_question(number) is not None
    store.tell(number, "File 3 of 41")
    assert "File 3 of 41" in texts(panel.run())
    store.save_handout(asked, ".zip", b"x" * 5_300_000)
    store.reply(number, Exported(bytes=5_300_000))
    assert saves(panel.run()) == ["Save the zip (5.3 MB)"]


def test_another_tab_waits_for_the_same_file_and_finds_it(
    panel: AppTest, page: Page, store: Store, run_id: str, begun: list[int]
) -> None:
    panel.button(key="handover-make-zip").click().run()
    other = opened(page("unlearn", run=run_id))
    assert "zip" not in makes(other) and "Starting…" in texts(other)
    store.take_question(begun[0])
    store.save_handout(Export(run=run_id, format="zip"), ".zip", b"zip")
    store.reply(begun[0], Exported(bytes=3))
    assert len(begun) == 1 and saves(other.run()) == ["Save the zip (0 kB)"]
    assert saves(opened(page("unlearn", run=run_id))) == ["Save the zip (0 kB)"]


def test_cancelled_it_can_be_made_again(panel: AppTest, store: Store, begun: list[int]) -> None:
    panel.button(key="handover-make-zip").click().run()
    store.take_question(begun[0])
    panel.button(key="handover-cancel-zip").click().run()
    assert not store.tell(begun[0], "File 4 of 41")
    assert "Cancelled; nothing was kept of it." in texts(panel) and saves(panel) == []
    assert "zip" in makes(panel)
    panel.button(key="handover-make-zip").click().run()
    assert len(begun) == 2 and "Cancelled" not in texts(panel)


def test_what_goes_wrong_while_a_row_is_drawn_anew_is_a_sentence(
    panel: AppTest, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise StoreError("The store is locked. Try again.")

    monkeypatch.setattr(handover, "_progress", fault)
    panel.button(key="handover-make-zip").click().run()
    assert not panel.exception and len(begun) == 1
    assert any("The store is locked" in error.value for error in panel.error)


def test_a_killed_process_is_a_sentence(panel: AppTest, store: Store, begun: list[int]) -> None:
    panel.button(key="handover-make-zip").click().run()
    worker = child(TAKE_AND_WAIT, store.home, str(begun[0]))
    assert worker.stdout is not None and int(worker.stdout.readline()) == begun[0]
    assert "Starting…" in texts(panel.run())
    worker.kill()
    worker.wait()
    panel.run()
    assert any("ended unexpectedly" in error.value for error in panel.error)
    assert "zip" in makes(panel)


def test_runs_side_by_side_are_handed_over_together(
    page: Page, store: Store, run_id: str, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ",".join((run_id, finished(store)))
    app = page("watch", compare=ids)
    opened(app.switch_page(str(ROOT / "pages/compare.py")).run())
    assert makes(app) == list(beside.formats())
    app.button(key="handover-make-html").click().run()
    assert [label.partition(" (")[0] for label in saves(app)] == ["Save the page"]


def test_the_panel_of_a_run_does_not_stay_over_another_one(panel: AppTest, store: Store) -> None:
    panel.query_params["run"] = finished(store)
    panel.session_state["run"] = panel.query_params["run"][0]
    panel.run()
    assert makes(panel) == [] and not panel.exception


def test_what_nobody_foresaw_is_said_and_the_page_stands(
    page: Page, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cu_core.stage.export.html._whole.whole", lambda *_: 1 // 0)
    app = opened(page("unlearn", run=run_id))
    app.button(key="handover-make-html").click().run()
    assert any("Something went wrong" in error.value for error in app.error)
    assert not app.exception
