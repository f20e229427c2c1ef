"""The stories that ship play from recorded runs, and a person's own lie in the home folder."""

import re
from pathlib import Path

import pytest

from cu_core.errors import BadRequest, StoreError
from cu_core.spec import RATIO, Catalog, MetricCard
from cu_core.stage import gallery
from cu_core.store import Store
from cu_core.stories import library
from cu_core.stories.story import parse
from cu_core.stories.telling import Guess, Telling
from tests.stories.test_telling import TOLD

SHIPPED = sorted(path.stem for path in library.FOLDER.glob("*.md"))
TYPED = re.compile(r"\d(?:[\d.,]*)\s*(?:%|percent|points)")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, bundled=None)


def test_five_stories_ship_in_their_order(store: Store) -> None:
    found, refused = library.listed(store)
    titles = [one.story.title for one in found]
    assert titles == [
        "The wrong labels go home",
        "Two ways to 0 %",
        "The mask",
        "What retraining would have done",
        "The sticker",
    ]
    assert not refused and not any(one.own for one in found)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_story_plays_from_recorded_runs_and_every_figure_in_it_is_theirs(
    name: str, store: Store
) -> None:
    story = library.story(name, store).story
    assert 5 <= len(story.stops) <= 7 and all(stop.notes for stop in story.stops)
    assert set(story.runs) <= {*gallery.names()}
    runs = library.runs(story, store)
    asked = {i: Guess() for i, stop in enumerate(story.stops) if stop.question}
    assert asked or len(runs) == 1
    assert Telling(name, story, runs, asked).data()  # every figure is there, every answer too
    for stop in story.stops:
        typed = TYPED.search(f"{stop.line}\n{stop.text}\n{stop.notes}")
        assert typed is None, f"{stop.line}: {typed and typed[0]} is typed, not computed"
        assert stop.moment.step is None or stop.moment.step in runs[0][0]["steps"]
        classes = range(len(runs[0][0]["classes"]))
        assert set(stop.moment.only) <= {*classes}


def test_the_zero_of_a_title_is_what_both_runs_have(store: Store) -> None:
    runs = library.runs(library.story("two-ways-to-0", store).story, store)
    assert [run[0]["summary"]["metrics"]["forget_acc_test"] for run in runs] == [0.0, 0.0]


def test_a_run_has_the_units_that_the_catalog_declares_or_its_curves(store: Store) -> None:
    assert library.run("the-mask", store)[0]["units"]["ta"] == "%"
    metrics = [("relearn_time", "updates"), ("ua", "%"), ("centrality", RATIO)]
    cards = tuple(MetricCard(key=key, title=key, unit=unit) for key, unit in metrics)
    store.save_catalog(Catalog(metrics=cards))
    found = library.run("the-mask", store)[0]["units"]
    assert [found[key] for key in ("ta", "relearn_time", "ua", "centrality")] == [
        "%", "updates", "%", "",
    ]  # fmt: skip


def test_ones_own_story_is_listed_and_goes_before_a_shipped_one(store: Store) -> None:
    store.save_story("mine", TOLD)
    store.save_story("the-mask", TOLD.replace("title: Told", "title: Mine too"))
    store.save_story("broken", "no header")
    found, refused = library.listed(store)
    assert [one.name for one in found if one.own] == ["mine", "the-mask"]
    assert "The mask" not in [one.story.title for one in found]
    store.save_story("unread", "---\ntitle: 2026-13-01\n---\n")
    assert library.listed(store)[0] == found
    assert "The header of unread.md cannot be read" in library.listed(store)[1][-1]
    assert len(refused) == 1 and "broken.md does not begin with a header" in refused[0]


def test_a_story_whose_run_is_missing_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="tells the run 'one', which is neither a recorded run"):
        library.runs(parse(TOLD), store)
    with pytest.raises(StoreError, match="No story is called 'none'"):
        library.story("none", store)


@pytest.mark.parametrize(
    ("asked", "named"),
    [("? why: Why?", "asks 'why'; there are number, where, which"),
     ("? where best=1: Where?", "and no 'best'")],
)  # fmt: skip
def test_a_question_that_nobody_can_answer_is_named(asked: str, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        library.checked(parse(TOLD.replace("? where: Where to?", asked)))


def test_a_story_without_a_stop_is_refused() -> None:
    with pytest.raises(BadRequest, match="The story 'Told' has no stop"):
        library.checked(parse(TOLD.split("## ")[0]))


def test_a_name_is_that_of_a_file_and_nobody_elses() -> None:
    assert library.name_for("Größe: 5 % & more!", []) == "grosse-5-more"
    assert library.name_for("Told", ["told", "told-2"]) == "told-3"
    assert library.name_for("机", []) == "story"
