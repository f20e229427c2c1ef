"""The owner's names of a run's samples: kept with the probe, and whole when they come back."""

import numpy as np

from cu_core.spec import Origin
from cu_core.store.names import TEXT_LETTERS, name_arrays, names_of


def test_names_come_back_as_they_were() -> None:
    own = Origin(np.array([4, 9]), "x", ("cats/ä.png", ""), ("k1", "k2"), ("<b>", "機"))
    held = names_of(name_arrays(own))
    assert held is not None and held.row.tolist() == [4, 9]
    assert (held.of, held.file, held.key, held.text) == ("x", own.file, own.key, own.text)


def test_a_long_text_is_cut_and_what_is_missing_stays_so() -> None:
    held = names_of(name_arrays(Origin(np.array([4]), text=("a" * 999,))))
    assert held is not None and len(held.text[0]) == TEXT_LETTERS and held.text[0][-1] == "…"
    assert held.file == held.key == () and held.of == ""
    assert names_of({"index": np.arange(3)}) is None  # of an older run


def test_rows_are_sound_beside_words_that_are_not() -> None:
    for raw in (b"[1]", b"{", b'{"file": [1, null]}'):
        held = names_of({"row": np.arange(2), "names": np.frombuffer(raw, np.uint8)})
        assert held is not None and held.row.tolist() == [0, 1]
    assert names_of({"row": np.arange(2)}) is not None
