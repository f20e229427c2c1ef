"""What a worker says before anything runs, of the model that comes with Lethe and of none."""

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadForgetSet, BadRequest
from cu_core.service import choosing, entangled
from cu_core.service.choosing import entangled_facts, overview, pick
from cu_core.spec import Entangled, Overview, Pick, UnlearnRequest
from cu_core.stage import unpack
from cu_core.stage.overview import blob, pictured
from cu_core.stage.replay import Sent
from cu_core.store import Store
from tests.service.test_entangled import brute, sklearn_neighbours

ASKED = UnlearnRequest()
UNTRAINED = UnlearnRequest(model_seed=7)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def digits():
    return data.load("digits")


def by_hand(store, rows, request=ASKED):
    rule = store.change_choice(request.data, "set", rows).rule
    return request.model_copy(update={"forget": rule})


def embedding(store):
    found = choosing.original(store, ASKED)
    return found.index, found.look(found.index)


# --- the picture


def test_the_original_model_is_drawn_once_and_kept(store, digits):
    assert overview(store, Overview(request=ASKED)).why == ""
    arrays, facts, version = store.overview(Overview(request=ASKED))
    assert arrays["xy"].shape == (1, 1347, 2) and np.isfinite(arrays["xy"]).all()
    np.testing.assert_array_equal(arrays["index"], np.arange(1347))
    np.testing.assert_array_equal(arrays["row"], digits.owned.row)
    assert (arrays["pred"][0] == digits.train_y).mean() > 0.98
    assert store.has_model(facts["model"])
    overview(store, Overview(request=ASKED))
    assert store.overview(Overview(request=ASKED))[2] == version  # not made anew
    assert store.overview(Overview(request=UNTRAINED)) is None


def test_its_picture_travels_once_and_then_its_marks_alone(store, digits):
    overview(store, Overview(request=ASKED))
    arrays, facts, version = store.overview(Overview(request=ASKED))
    sent = Sent("original-a")
    first = blob(arrays, facts, version, sent, [3, 4])
    header, sections = unpack(first)
    assert (header["chosen"], header["total"], header["count"]) == ([3, 4], 1, 1)
    assert not sections["forget"].any() and header["atlas"]["tile"] == 8
    assert blob(arrays, facts, version, sent, [3, 4]) is first
    header, sections = unpack(blob(arrays, facts, version, sent, [5]))
    assert (header["chosen"], header["start"], header["count"]) == ([5], 1, 0)
    assert "atlas" not in sections and "label" not in sections
    sent.forget_from(0)  # a page made anew asks for it
    assert unpack(blob(arrays, facts, version, sent, [5]))[0]["count"] == 1
    assert unpack(blob(arrays, facts, (0, 0, 0), sent, [5]))[0]["count"] == 1  # another picture


def test_its_samples_are_known_without_a_worker(store, digits):
    overview(store, Overview(request=ASKED))
    arrays, facts, _ = store.overview(Overview(request=ASKED))
    shown = pictured(arrays, facts)
    (one,) = shown.samples([7]).values()
    assert one.label == digits.class_names[digits.train_y[7]]
    assert one.image.startswith("data:image/png;base64,")
    assert shown.rows_of([5, 99_999]) == [5] and shown.index_of([5, 99_999]) == [5]


def test_nothing_is_trained_for_a_question(store):
    before = [record.id for record in store.models()]
    assert "not trained yet" in overview(store, Overview(request=UNTRAINED)).why
    asked = Entangled(request=by_hand(store, [1, 2], UNTRAINED))
    assert "not trained yet" in entangled_facts(store, asked).why
    with pytest.raises(BadRequest, match="not trained yet"):
        pick(store, Pick(request=UNTRAINED, how="uncertain"))
    assert [record.id for record in store.models()] == before


# --- what is chosen, among what is kept


def test_how_entangled_a_set_is_agrees_with_scikit_learn(store, digits):
    rows = np.random.default_rng(0).permutation(1347)[:60]
    told = entangled_facts(store, Entangled(request=by_hand(store, rows.tolist())))
    chosen = np.isin(np.arange(1347), rows)
    _, (_, z) = embedding(store)
    near = sklearn_neighbours(z, 15)[1][chosen]
    assert told.share == pytest.approx(100 * np.mean(~chosen[near]))
    assert (told.k, told.asked, told.among, told.of) == (15, 60, 1347, 1347)
    wanted = brute(z, chosen, z[:0], 15, 20)
    assert ([one.row for one in told.likeliest], [*told.chosen]) == wanted
    assert all(one.image for one in told.likeliest)


def test_a_large_set_is_looked_at_in_part_and_what_is_chosen_as_a_whole(store, monkeypatch):
    monkeypatch.setattr(choosing, "MOST", 300)
    rows = np.arange(100, 140)
    told = entangled_facts(store, Entangled(request=by_hand(store, rows.tolist())))
    found = choosing.original(store, ASKED)
    index, inside = found.index, np.isin(found.index, rows)
    assert len(index) == 300 and told.among == 300 and told.of == 1347 and told.asked == 40
    z = found.look(index)[1]
    outside = found.look(np.setdiff1d(rows, index))[1]
    near = np.concatenate(
        [sklearn_neighbours(z, 15)[1][inside], entangled.nearest_to(z, outside, 15)]
    )
    assert told.share == pytest.approx(100 * np.mean(~inside[near]))
    wanted, count = brute(z, inside, outside, 15, 20)
    assert [one.row for one in told.likeliest] == index[wanted].tolist()
    assert [*told.chosen] == count


def test_a_class_apart_is_entangled_less_than_a_random_draw(store):
    apart = entangled_facts(store, Entangled(request=ASKED)).share
    rows = np.random.default_rng(0).permutation(1347)[:130].tolist()
    assert apart < 20 < 80 < entangled_facts(store, Entangled(request=by_hand(store, rows))).share


def test_a_list_that_cannot_be_forgotten_is_its_own_sentence(store):
    with pytest.raises(BadForgetSet, match="something must be left"):
        entangled_facts(store, Entangled(request=by_hand(store, range(1347))))


# --- ways to choose


def test_the_neighbours_of_one_image_are_those_of_scikit_learn(store):
    _, (_, z) = embedding(store)
    near = sklearn_neighbours(z, 8)[1][25]
    found = pick(store, Pick(request=ASKED, how="near", of="25", n=8))
    assert [*found.rows] == sorted([25, *near.tolist()])
    with pytest.raises(BadRequest, match="No training sample has the row '5000'"):
        pick(store, Pick(request=ASKED, how="near", of="5000"))


def test_the_most_uncertain_have_the_least_margin(store, digits):
    _, (logits, _) = embedding(store)
    chance = np.exp(logits - logits.max(1, keepdims=True).astype(np.float64))
    best = np.sort(chance / chance.sum(1, keepdims=True), 1)
    margin = best[:, -1] - best[:, -2]
    found = np.array(pick(store, Pick(request=ASKED, how="uncertain", n=12)).rows)
    assert margin[found].max() <= np.delete(margin, found).min()
    of = np.array(pick(store, Pick(request=ASKED, how="uncertain", n=5, of="3")).rows)
    assert (digits.train_y[of] == 3).all() and len(of) == 5


def test_the_deepest_in_other_classes_have_the_most_neighbours_there(store, digits):
    _, (_, z) = embedding(store)
    near = sklearn_neighbours(z, 15)[1]
    other = (digits.train_y[near] != digits.train_y[:, None]).sum(1)
    found = np.array(pick(store, Pick(request=ASKED, how="entangled", n=9)).rows)
    assert other[found].min() >= np.delete(other, found).max()


def test_a_random_draw_is_of_its_class_and_of_its_seed(store, digits):
    def drawn(seed):
        return pick(store, Pick(request=ASKED, how="random", n=20, of="4", seed=seed)).rows

    assert len(set(drawn(0))) == 20 and (digits.train_y[[*drawn(0)]] == 4).all()
    assert drawn(0) == drawn(0) != drawn(1)
    with pytest.raises(BadRequest, match="There is no class '12'"):
        pick(store, Pick(request=ASKED, how="random", of="12"))


def test_what_is_planted_is_known_where_the_data_say_so(store):
    asked = UnlearnRequest(plant="wrong-labels:0.1")
    planted = data.load("digits", plant="wrong-labels:0.1").planted
    found = pick(store, Pick(request=asked, how="planted", n=100_000))
    assert [*found.rows] == planted.tolist()
    with pytest.raises(BadRequest, match="Nothing is known to be mislabelled"):
        pick(store, Pick(request=ASKED, how="planted"))


def test_a_file_is_read_as_the_rule_reads_it(store):
    path = store.receive("mine.csv", b"id,row,x\n1,30,0\n2,10,0\n3,30,0\n")
    found = pick(store, Pick(request=ASKED, how="file", of=f"{path}#row"))
    assert found.rows == (10, 30) and "a second time" in found.notes[0]
    path = store.receive("mine.csv", b"row\n99999\n")
    with pytest.raises(BadForgetSet, match=r"mine\.csv lists the row 99999"):
        pick(store, Pick(request=ASKED, how="file", of=str(path)))
