"""Stories: the shelf, a guess that counts once, and a story that is written by hand."""

from typing import Any

import pytest

from cu_core.stage.moment import Moment
from cu_core.stories import library
from cu_core.stories.telling import Guess
from tests.pages import fabricate
from tests.pages.test_pages import words
from tests.stories.test_telling import TOLD
from ui import stories, story_draft, story_editor, story_shelf

MINE = TOLD.replace("[one]", "[the-mask]").replace("`step=40 ", "`step=20 ")


def warned(app: Any) -> str:
    """Notices without the signs that keep Markdown out of them."""
    return " ".join(warning.value for warning in app.warning).replace("\\", "")


def test_the_shelf_has_a_card_for_each_and_says_what_is_wrong_with_a_file(page: Any, store: Any):
    store.save_story("mine", MINE)
    store.save_story("broken", "no header")
    app = page("stories")
    assert not app.exception
    said = words(app)
    for title in ("The mask", "Told"):
        assert title in [button.label for button in app.button]
    assert "6 stops, 1 question" in said and "5 stops, 2 questions, yours" in said
    assert "broken\\.md does not begin with a header" in said


def test_a_card_opens_its_story_by_the_address_too_and_a_way_leads_back(page: Any, store: Any):
    app = page("stories")
    app.button(key="tell-the-mask").click().run()
    assert not app.exception and app.query_params["story"] == "the-mask"
    assert "The mask" in words(app)
    next(button for button in app.button if button.label == "All stories").click().run()
    assert "story" not in app.query_params and "Write your own" in words(app)


def test_an_address_that_names_no_story_shows_the_shelf_and_says_so(page: Any, store: Any):
    app = page("stories", story="none")
    assert "No story is called 'none'" in warned(app) and "Write your own" in words(app)


def test_a_story_whose_run_is_missing_says_so_in_a_sentence(page: Any, store: Any):
    store.save_story("mine", TOLD)
    app = page("stories", story="mine")
    assert "which is neither a recorded run nor one of yours" in words(app).replace("\\", "")
    assert not app.exception and len(app.error) == 1 and not app.warning


def begun(page: Any) -> Any:
    """The editor of a new story of the first run that there is."""
    app = page("stories")
    next(b for b in app.button if b.label == "Tell this run as a story").click().run()
    assert not app.exception
    return app


def press(app: Any, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_a_title_of_another_persons_file_is_no_markdown(page: Any, store: Any):
    store.save_story("mine", MINE.replace("title: Told", 'title: "![x](https://a.b/c) *T*"'))
    store.save_story("empty", MINE.split("## ")[0])
    app = page("stories")
    assert app.button(key="tell-mine").label.startswith("\\!\\[x\\]\\(")
    assert "The story 'Told' has no stop" in words(app).replace("\\", "")


def test_a_card_of_a_story_that_asks_shows_where_it_begins(
    page: Any, store: Any, monkeypatch: pytest.MonkeyPatch
):
    drawn: dict[str, set[int]] = {}
    monkeypatch.setattr(
        story_shelf, "picture_of", lambda run, at: drawn.setdefault(run, set()).add(at)
    )
    store.save_story("mine", MINE.split("## Asked")[0])  # asks nothing, so its end is no answer
    page("stories")
    assert drawn["the-mask"] == {0, -1} and drawn["wrong-labels-home"] == {0}


def test_eleven_words_are_refused_once_and_stay_to_be_mended(page: Any, store: Any):
    app = begun(page)
    before = store.story_text("a-new-story")
    app.text_input(key="story-a-new-story-words").set_value("a " * 11).run()
    assert not app.exception and "at most 10 words" in warned(app)
    assert store.story_text("a-new-story") == before
    app.text_input(key="story-a-new-story-words").set_value("Ten at most").run()
    assert library.story("a-new-story", store).story.words == "Ten at most"


def test_the_last_stop_cannot_be_deleted(page: Any):
    app = begun(page)
    assert app.button(key="stop-0-delete").disabled
    press(app, "Add a stop here")
    assert not app.button(key="stop-0-delete").disabled


def test_what_another_tab_wrote_is_not_overwritten(page: Any, store: Any):
    app = begun(page)
    theirs = store.story_text("a-new-story").replace("title: A new story", "title: Theirs")
    store.save_story("a-new-story", theirs)
    press(app, "Add a stop here")  # to what they wrote
    assert "was changed elsewhere" in warned(app)
    story = library.story("a-new-story", store).story
    assert story.title == "Theirs" and len(story.stops) == 2
    assert app.text_input(key="story-a-new-story-title").value == "Theirs"
    store.save_story("a-new-story", theirs)
    app.button(key="stop-1-up").click().run()
    assert store.story_text("a-new-story") == theirs and not app.exception


def test_a_title_is_not_written_over_a_file_that_another_tab_has_changed(page: Any, store: Any):
    app = begun(page)
    theirs = store.story_text("a-new-story").replace("title: A new story", "title: Theirs")
    store.save_story("a-new-story", theirs)
    app.text_input(key="story-a-new-story-title").set_value("Mine").run()
    assert "was changed elsewhere" in warned(app) and not app.exception
    assert store.story_text("a-new-story") == theirs
    assert app.text_input(key="story-a-new-story-title").value == "Theirs"


def test_a_story_that_another_tab_has_deleted_is_not_brought_back(page: Any, store: Any):
    app = begun(page)
    store.delete_story("a-new-story")
    press(app, "Add a stop here")
    assert "was deleted elsewhere" in warned(app) and store.story_names() == []
    assert "Write your own" in words(app)


def test_a_draft_whose_run_is_gone_says_so_and_can_be_closed(page: Any, store: Any):
    app = begun(page)
    text = store.story_text("a-new-story")
    run = library.story("a-new-story", store).story.runs[0]
    store.save_story("a-new-story", text.replace(f"- {run}", "- gone"))
    app.run()
    assert not app.exception and "'gone'" in words(app).replace("\\", "")
    press(app, "Close")
    assert "Write your own" in words(app)


def test_guesses_are_forgotten_when_the_story_is_written_anew(page: Any, store: Any):
    store.save_story("mine", MINE)
    app = page("stories", story="mine")
    app.session_state[stories.GUESSES] = {"mine": {1: Guess(50)}, "other": {1: Guess(1)}}
    press(app, "Change it")
    app.button(key="stop-0-down").click().run()
    assert not app.exception and set(app.session_state[stories.GUESSES]) == {"other"}


def test_a_guess_whose_answer_the_run_lacks_is_taken_back_and_the_story_stands(
    page: Any, store: Any
):
    store.save_story("mine", MINE.replace("{end.ta}", "{end.none}"))
    app = page("stories", story="mine")
    assert not app.error and not app.exception
    app.session_state[stories.GUESSES] = {"mine": {1: Guess(50)}}
    app.run()
    assert "names {end.none}" in words(app).replace("\\", "") and not app.exception
    assert app.session_state[stories.GUESSES] == {"mine": {}} and app.get("bidi_component")


def test_a_guess_counts_once(monkeypatch: pytest.MonkeyPatch):
    held: dict[str, Any] = {"key": {"guess": {"stop": 3, "value": 50}}}
    monkeypatch.setattr(stories.st, "session_state", held)
    stories._guessed("told", "key")
    held["key"] = {"guess": {"stop": 3, "value": 97}}
    stories._guessed("told", "key")
    assert held[stories.GUESSES] == {"told": {3: Guess(50)}}


@pytest.mark.parametrize(
    ("frame", "screen", "told"),
    [
        (None, None, "step=4 view=map colour=pred"),
        (2, {"view": "answers", "colour": "true", "ghost": None, "only": [5]},
         "step=8 view=answers colour=true only=5"),
        (9, {"view": "both", "ghost": True, "highlight": "moved"},
         "step=8 view=both colour=pred ghost=true highlight=moved"),
    ],
)  # fmt: skip
def test_a_stop_takes_the_moment_of_the_picture(frame: Any, screen: Any, told: str):
    class Seen:
        pass

    seen = Seen()
    seen.frame, seen.screen = frame, screen  # type: ignore[attr-defined]
    assert story_editor.moment(seen, [0, 4, 8]) == Moment.parse(told)


def test_a_story_is_written_in_the_app_and_kept_in_its_file(page: Any, store: Any):
    app = begun(page)
    assert store.story_names() == ["a-new-story"]

    def story() -> Any:
        return library.story("a-new-story", store).story

    press(app, "Add a stop here")
    assert [stop.moment.words for stop in story().stops] == [
        "step=0 view=map colour=true", "step=1 view=map colour=pred",
    ]  # fmt: skip
    app.text_input(key="story-a-new-story-title").set_value("Mine: a story").run()
    assert story().title == "Mine: a story"
    fields = {field.label: field for field in (*app.text_input, *app.text_area)}
    fields["Its line, ten words at most"].set_value("Look here")
    fields["What is said below the picture"].set_value("It has {n_forget} of them.")
    fields["Its moment"].set_value("step=20 view=map")
    fields["The question"].set_value("How many?")
    fields["What it goes by"].set_value("metric=ta")
    app.selectbox[-1].set_value("number")
    press(app, "Keep")
    stop = story().stops[1]
    assert (stop.line, stop.text) == ("Look here", "It has {n_forget} of them.")
    assert stop.moment.words == "step=20 view=map" and stop.question.options == {"metric": "ta"}
    app.button(key="stop-1-up").click().run()
    assert [stop.line for stop in story().stops] == ["Look here", story_draft.FIRST]
    app.button(key="stop-1-delete").click().run()
    assert [stop.line for stop in story().stops] == ["Look here"]
    press(app, "Play it")
    assert app.query_params["story"] == "a-new-story"
    press(app, "Change it")
    press(app, "Delete this story")
    assert store.story_names() == [] and "Write your own" in words(app)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("Its line, ten words at most", "a " * 11, "at most 10 words"),
        ("What is said below the picture", "Words.\n\n## More", "begins the next stop"),
        ("Its moment", "sight=map", "is no part of a moment"),
        ("What it goes by", "best=1", "and no 'best'"),
        ("What it goes by", "label=none", "names the class 'none'"),
        ("What is said below the picture", "It is {none}.", "names {none}"),
    ],
)
def test_what_a_stop_cannot_say_is_refused_and_nothing_is_lost(
    page: Any, store: Any, field: str, value: str, named: str
):
    app = begun(page)
    before = store.story_text("a-new-story")
    fields = {one.label: one for one in (*app.text_input, *app.text_area)}
    fields[field].set_value(value)
    app.selectbox[-1].set_value("where")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert named in warned(app)
    assert store.story_text("a-new-story") == before and not app.exception


def test_a_shipped_story_is_copied_before_it_is_changed(page: Any, store: Any):
    app = page("stories", story="the-mask")
    next(b for b in app.button if b.label == "Make it your own").click().run()
    assert not app.exception and store.story_names() == ["the-mask-2"]
    assert library.story("the-mask-2", store).story == library.story("the-mask", store).story


def test_an_opened_file_becomes_ones_own_and_a_wrong_one_is_refused_in_a_sentence(
    page: Any, store: Any
):
    app = page("stories")
    app.file_uploader[0].upload("told.md", b"\xff\xfe", "text/markdown").run()
    assert "told.md is no text" in warned(app) and store.story_names() == []
    app = page("stories")
    app.file_uploader[0].upload("told.md", TOLD.encode(), "text/markdown").run()
    assert "neither a recorded run" in warned(app) and store.story_names() == []
    app = page("stories")
    app.file_uploader[0].upload("told.md", MINE.encode(), "text/markdown").run()
    assert store.story_names() == ["told"] and not app.exception


def test_a_finished_run_offers_to_be_told(page: Any, store: Any):
    run_id = fabricate.finished(store)
    app = page("unlearn", run=run_id)
    assert "Tell as a story" in [button.label for button in app.button]
    app = page("stories")
    assert library.run(run_id, store)[0]["summary"]["metrics"]
