"""Tags and notes of runs."""

import pytest

from cu_core.errors import StoreError, UnknownRun
from cu_core.store import Store
from cu_core.store.labels import FILE, MOST, NOTE_LIMIT, TAG_LIMIT, Labels
from tests.store.samples import REQUEST


def test_tags_are_sorted_each_once_and_a_note_stands_beside_them(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    assert store.labels(run_id) == Labels()
    store.label(run_id, tags=["Paper ", "good", " good", ""])
    store.label(run_id, note="  For the talk,\nslide 3. ")
    held = Labels(tags=("good", "Paper"), note="For the talk,\nslide 3.")
    assert store.labels(run_id) == held == Store(store.home).labels(run_id)
    store.label(run_id, tags=[])
    assert store.labels(run_id) == Labels(note=held.note)


def test_labels_go_with_their_run(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    store.label(run_id, ["good"])
    store.rename(run_id, "Mine")
    assert store.labels(run_id).tags == ("good",)
    store.delete(run_id)
    with pytest.raises(UnknownRun):
        store.label(run_id, ["good"])
    with pytest.raises(UnknownRun):
        store.labels("../../etc")


def test_what_is_too_long_is_cut_or_refused(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    with pytest.raises(StoreError, match=f"at most {TAG_LIMIT} letters"):
        store.label(run_id, ["x" * (TAG_LIMIT + 1)])
    with pytest.raises(StoreError, match=f"at most {MOST} tags"):
        store.label(run_id, map(str, range(MOST + 1)))
    assert store.labels(run_id) == Labels()
    assert len(store.label(run_id, note="x" * (NOTE_LIMIT + 1)).note) == NOTE_LIMIT


@pytest.mark.parametrize("text", ["{", '{"tags": 3}', "[]"])
def test_a_damaged_file_is_said_and_can_be_written_anew(store: Store, text: str) -> None:
    run_id = store.enqueue(REQUEST)
    (store.paths.run(run_id) / FILE).write_text(text)
    with pytest.raises(StoreError, match="set the tags and the note of this run anew"):
        store.labels(run_id)
    assert [record.state for record in store.runs()] == ["queued"]
    assert store.label(run_id, ["good"]) == store.labels(run_id) == Labels(tags=("good",))
