"""Several runs as one blob: each unchanged, and whether they lie in one projection."""

from pathlib import Path
from typing import Any

import numpy as np

from cu_core.comparison.together import Told, flat, linked, together
from cu_core.stage import frames_blob, unpack
from cu_core.store import Store
from tests.pages.fabricate import finished


def blob(
    places: Any, index: Any = None, classes: tuple[str, ...] = ("a", "b"), box: Any = None
) -> bytes:
    """One frame of these places (P, 2)."""
    n = len(places)
    index = np.arange(n) if index is None else index
    label = np.zeros(n, int)
    meta = {"classes": classes, "box": box}
    return frames_blob([places], [label], label, label, index, None, [], meta)


PLACES = np.random.default_rng(0).normal(size=(12, 2))


def test_every_run_is_in_the_pack_as_it_was() -> None:
    blobs = [blob(PLACES), blob(PLACES * 2)]
    data = together(blobs, [Told("A", "one"), Told("B", "two")], {"by": "steps"})
    header, sections = unpack(data)
    assert [sections[f"run{k}"].tobytes() for k in (0, 1)] == blobs
    assert header["panes"] == [{"letter": "A", "title": "one"}, {"letter": "B", "title": "two"}]
    assert (header["linked"], header["screen"]) == (False, {"by": "steps"})


def test_one_projection_is_told_by_the_samples_that_both_show() -> None:
    shuffled = np.random.default_rng(1).permutation(12)
    other_order = blob(PLACES[shuffled], shuffled)
    part = blob(PLACES[:6], np.arange(6), box=[-9.0, -9.0, 9.0, 9.0])  # in a box of its own
    assert linked([blob(PLACES), other_order, part])
    assert not linked([blob(PLACES), blob(PLACES[shuffled])])  # the same places, of other samples
    assert not linked([blob(PLACES), blob(PLACES, np.arange(12) + 100)])  # none is shared
    assert not linked([blob(PLACES), blob(PLACES, classes=("a", "c"))])


def test_a_flat_run_has_what_map_and_curves_are_drawn_from_and_its_pictures_as_they_are(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path, bundled=None)
    run_id = finished(store)
    header, sections = unpack(flat(store, store.run(run_id)))
    assert set(sections) == {"xy", "pred", "label", "forget", "index", "atlas"}
    probe = store.reader(run_id).probe()
    assert probe is not None and sections["atlas"].tobytes() == probe["atlas"].tobytes()
    assert header["curves"] and header["solid"] is None
