"""Which way fits: clearly better, as good, or what BatchNorm remembers."""

from dataclasses import replace

import numpy as np
import pytest

from cu_core.errors import BadRequest
from cu_core.service.importing.looking import Look, Sample
from cu_core.service.importing.scalings import Scalings
from cu_core.service.importing.search import Tried, Way, choose
from cu_core.spec import NORMALISATIONS, Dataset

N = 200
Y = np.arange(N) % 2
SHOWN = Sample(np.zeros((N, 3, 8, 8), np.uint8), Y, "training")


def tried(key: str, right: int, mismatch: float | None = None, **way: object) -> Tried:
    """A way that answers so many of the samples right, the first ones."""
    logits = np.eye(2, dtype=np.float32)[np.where(np.arange(N) < right, Y, 1 - Y)]
    asked = replace(Way(NORMALISATIONS[key], "small-cnn"), **way)  # type: ignore[arg-type]
    return Tried(asked, Look(logits, mismatch), SHOWN, "the data's", np.arange(2))


def test_the_best_is_taken_where_it_is_clearly_above() -> None:
    data, other, best = tried("data", 120), tried("half", 150), tried("totensor", 190)
    assert choose([data, other, best], data) == (best, [])


def test_what_would_be_asked_without_a_search_stays_where_none_is_clearly_better() -> None:
    data, other = tried("data", 188), tried("totensor", 190)
    chosen, level = choose([data, other], data)
    assert chosen is data and level == [other]


def test_batchnorm_tells_ways_apart_that_answer_alike() -> None:
    data, other = tried("data", 190, 1.0), tried("totensor", 190, 0.1)
    assert choose([data, other], data) == (other, [])
    near = tried("totensor", 190, 0.8)
    assert choose([data, near], data) == (data, [near])


def test_colours_and_network_are_left_as_they_are_without_a_reason() -> None:
    data = tried("data", 190)
    turned, stem = tried("data", 191, turned=True), tried("data", 191, network="other")
    assert choose([data, turned, stem], data)[0] is data
    assert choose([tried("data", 100), turned], data)[0] is turned


def images(channels: int) -> Scalings:
    x = np.random.default_rng(0).integers(0, 256, (40, channels, 8, 8)).astype(np.uint8)
    y = np.arange(40) % 2
    return Scalings(Dataset("made", x, y, x[:4], y[:4], ("a", "b")))


def test_three_channels_become_their_mean_for_grey_images() -> None:
    grey = images(1).named("imagenet")
    assert grey.mean == pytest.approx([0.449]) and grey.std == pytest.approx([0.226])
    assert images(3).named("0.5").mean == (0.5, 0.5, 0.5)
    keys = [way.key for way in images(1).usual]
    assert keys[0] == "data" and "data-one" not in keys and "mnist" in keys


def test_numbers_are_called_by_their_usual_name() -> None:
    colour = images(3)
    assert colour.named("0.485,0.456,0.406; 0.229,0.224,0.225").key == "imagenet"
    assert colour.named("123.675,116.28,103.53;58.395,57.12,57.375").key == "imagenet"
    own = colour.own
    found = colour.of_numbers(own[0], own[1])
    assert found is not None and found.key == "data"
    assert colour.of_numbers((0.1, 0.2), (0.3, 0.4)) is None


@pytest.mark.parametrize("text", ["imagnet", "0.1;0", "0.1,0.2;0.3,0.4", "a,b", "1,2,3", "nan;1"])
def test_what_is_no_normalisation_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        images(3).named(text)
    assert text in str(caught.value) and str(caught.value).endswith(".")


def test_rows_have_ways_of_their_own() -> None:
    x = np.random.default_rng(0).normal(3, 2, (40, 5)).astype(np.float32)
    y = np.arange(40) % 2
    rows = Scalings(Dataset("made", x, y, x[:4], y[:4], ("a", "b")))
    assert [way.key for way in rows.usual] == ["data", "as-is", "min-max", "largest"]
    assert rows.named("min-max").mean == pytest.approx(x.min(0).tolist())
    with pytest.raises(BadRequest, match="not for rows"):
        rows.named("imagenet")
