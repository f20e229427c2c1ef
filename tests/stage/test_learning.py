"""The picture of a learning model as a tab gets it: new frames alone, nothing to forget."""

from typing import Any

import numpy as np

from cu_core.spec import RunProgress
from cu_core.stage import learning, replay, unpack
from cu_core.store import Store
from cu_core.store.views import LEARNING
from tests.store.samples import P, probe, running


def keep(store: Store, run_id: str, steps: list[int]) -> None:
    xy = np.stack([np.arange(2 * P, dtype=np.float32).reshape(P, 2) + step for step in steps])
    pred = np.zeros((len(steps), P), np.uint16)
    facts = {"steps": steps, "accuracy": [10.0 + step for step in steps], "total": 50}
    store.save_view(run_id, LEARNING, {"xy": xy, "pred": pred}, facts)


def test_a_tab_gets_the_frames_it_lacks_and_the_same_bytes_without_one(store: Store) -> None:
    claimed, writer = running(store)
    run_id, sent = claimed.run_id, replay.Sent(claimed.run_id)
    writer.probe(probe())
    writer.put(RunProgress(class_names=("a", "b", "c")))

    def look(tab: replay.Sent = sent) -> tuple[Any, str]:
        reader = store.reader(run_id)
        made = learning.blob(store.run(run_id), reader, reader.progress(), tab)
        return made if made else (None, "")

    assert look() == (None, "")
    keep(store, run_id, [0])
    first, words = look()
    header, sections = unpack(first)
    assert not sections["forget"].any() and header["forget_classes"] == []
    assert [curve["key"] for curve in header["curves"]] == ["test_acc"]
    assert "untrained: 10 % of the test images right" in words and "Nothing is forgotten" in words
    assert look()[0] is first
    keep(store, run_id, [0, 10, 20, 30])
    header, _ = unpack(look()[0])
    assert header["steps"] == [0, 10, 20, 30] and header["start"] == 0
    keep(store, run_id, [0, 10, 20, 30, 40])
    blob, words = look()
    header, _ = unpack(blob)
    assert header["start"] == 2 and header["steps"] == [20, 30, 40] and header["total"] == 5
    assert "after update 40 of 50: 50 % of the test images right" in words
    keep(store, run_id, [0, 10, 15])  # killed, and taken up from an earlier update
    assert unpack(look()[0])[0]["start"] == 0
    writer.close()
    claimed.release()
