"""What is seen and exported of a run speaks of its samples as their owner does."""

import csv
import io

import numpy as np
import pytest

from cu_core.spec import Origin
from cu_core.stage import export, unpack
from cu_core.stage.sections import NAMED, named
from cu_core.store import Store
from cu_core.store.names import name_arrays
from tests.pages import fabricate
from tests.tab import Tab

POINTS = 60
ROWS = np.arange(POINTS) * 3 + 1
FILES = tuple(f"cats/{row}.png" for row in ROWS)
KEYS = tuple(f"k{row}" for row in ROWS)


@pytest.fixture
def run_id(store: Store) -> str:
    """A run whose samples have rows, files and keys, written as a worker does."""
    made = fabricate.finished(store, points=POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "move", lambda *args, **more: True)
        writer = store.writer(made)
        writer.probe_extras(**name_arrays(Origin(ROWS, "x", FILES, KEYS)))
        writer.close()
    return made


def test_the_first_blob_brings_the_names_and_later_ones_do_not(store: Store, run_id: str) -> None:
    tab = Tab(store, run_id)
    tab.poll()
    names = tab.header["names"]
    assert names["row"] == ROWS.tolist() and names["of"] == "x"
    assert names["file"] == list(FILES) and names["key"] == list(KEYS) and "text" not in names
    tab.sent.forget_from(3)
    tab.poll()
    assert tab.header["start"] > 0 and tab.header["names"] is None


def test_an_older_run_plays_without_names(store: Store) -> None:
    tab = Tab(store, fabricate.finished(store))
    tab.poll()
    assert tab.header["names"] is None and tab.frames


def test_a_page_and_a_recording_keep_the_names_without_the_data(store: Store, run_id: str) -> None:
    header, _ = unpack(export.whole(store, store.run(run_id)))
    assert header["names"]["file"] == list(FILES)


def test_many_samples_travel_by_their_rows_alone() -> None:
    n = NAMED + 1
    probe = {"index": np.arange(n), **name_arrays(Origin(np.arange(n) + 5, "x", ("f",) * n))}
    assert named(probe) == {"of": "x", "row": list(range(5, n + 5))}
    same = {"index": np.arange(3), **name_arrays(Origin(np.arange(3)))}
    assert named(same) == {"of": "", "row": None}


def test_the_list_of_samples_has_the_rows_files_and_keys(store: Store, run_id: str) -> None:
    made = export.formats()["samples"].make(store, store.run(run_id)).decode()
    rows = list(csv.DictReader(io.StringIO(made)))
    assert [int(r["row"]) for r in rows] == ROWS.tolist()
    assert [r["file"] for r in rows] == list(FILES) and [r["key"] for r in rows] == list(KEYS)
    probe = store.reader(run_id).probe()
    assert probe is not None
    assert [r["forget"] == "True" for r in rows] == probe["is_forget"].tolist()
    assert [int(r["class"]) for r in rows] == probe["label"].tolist()
    last = store.reader(run_id).snapshots()[-1].step
    answers = store.reader(run_id).frame(last)["pred"].tolist()
    assert [int(r["predicted_last"]) for r in rows] == answers


def test_the_list_of_an_older_run_has_its_index(store: Store) -> None:
    record = store.run(fabricate.finished(store))
    rows = list(
        csv.DictReader(io.StringIO(export.formats()["samples"].make(store, record).decode()))
    )
    assert [int(r["row"]) for r in rows] == [*range(60)] and {r["file"] for r in rows} == {""}
