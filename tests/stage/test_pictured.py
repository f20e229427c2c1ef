"""Samples from what is on record of them: by their owner's rows, with the right tile each."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from cu_core.spec import AtlasFacts, Origin
from cu_core.stage import pictured
from cu_core.stage.pictured import Pictured
from cu_core.store.names import name_arrays

INDEX = np.array([2, 5, 7, 8, 9])
ROW = np.array([40, 11, 90, 3, 25])


def made(**more):
    """Five samples of whose tiles the p-th is all of grey 50 * p."""
    sheet = np.zeros((4, 6), np.uint8)
    for p in range(5):
        sheet[p // 3 * 2 : p // 3 * 2 + 2, p % 3 * 2 : p % 3 * 2 + 2] = 50 * p
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "PNG")
    origin = Origin(ROW, "the table", file=tuple(f"{row}.png" for row in ROW))
    arrays = {"index": INDEX, "label": np.array([0, 1, 1, 0, 1]), **name_arrays(origin)}
    arrays["atlas"] = np.frombuffer(out.getvalue(), np.uint8)
    facts = AtlasFacts(mime="image/png", tile=2, columns=3)
    return Pictured({**arrays, **more}, facts, ("cat", "dog"))


def grey(address):
    raw = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(raw))).tolist()


def test_rows_and_indices_are_two_names_of_the_same_samples():
    shown = made()
    assert shown.rows_of([7, 2, 1000]) == [90, 40]
    assert shown.index_of([3, 90, 5]) == [7, 8]
    assert shown.rows_of(shown.index_of(ROW.tolist())) == ROW.tolist()


@pytest.mark.parametrize("place", range(5))
def test_a_sample_has_its_own_tile_label_and_file(place):
    row = int(ROW[place])
    (one,) = made().samples([row, 1000]).values()
    assert (one.row, one.file) == (row, f"{row}.png")
    assert one.label == ("cat", "dog", "dog", "cat", "dog")[place]
    assert grey(one.image) == [[50 * place] * 2] * 2
    assert made().samples([row], pictures=False)[row].image == ""


def test_a_recording_without_names_says_so_and_data_without_pictures_have_none():
    arrays = {"index": INDEX, "label": np.zeros(5, np.int64)}
    old = Pictured(arrays, None, ("cat",))
    assert not old.named and made().named
    assert old.samples([7])[7].image == ""


def test_a_tile_is_encoded_once(monkeypatch):
    shown, cuts, cut = made(), [], pictured.cut
    monkeypatch.setattr(
        pictured, "cut", lambda *given, **more: cuts.append(1) or cut(*given, **more)
    )
    first, again = (shown.samples([40, 11]) for _ in range(2))
    assert first == again and len(cuts) == 2
