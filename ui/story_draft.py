"""A story that is being written in this tab: what a hand changes is checked, and in its file at
once, so that nothing is lost with the tab."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cu_core.errors import BadRequest
from cu_core.stage.moment import Moment
from cu_core.stories import library
from cu_core.stories.library import Listed
from cu_core.stories.story import Question, Stop, Story, parse
from cu_core.stories.telling import rehearse
from ui import session, stories, uploads

DRAFT = "stories/draft"
FIELDS = ("title", "words")  # whose input has a key, so that it holds what is refused
BEGUN = "A new story"
FIRST = "What is to be seen here"


@dataclass(frozen=True)
class Draft:
    """``name``: of its file; ``at``: the stop whose words are open, None: none."""

    name: str
    story: Story
    at: int | None = None


def held() -> Draft | None:
    """The one that this tab writes, as its file is now. Where another tab or another program has
    changed or deleted it, that is said."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is None:
        return None
    now = session.attempt(_on_file, draft)
    if now is None:
        close()
    elif now != draft:
        session.notice(
            f"{draft.story.title!r} was changed elsewhere; this is its file as it is now."
        )
        st.session_state[DRAFT] = now
        for name in FIELDS:
            st.session_state.pop(field(draft, name), None)
    return now


def _on_file(draft: Draft) -> Draft:
    if draft.name not in session.store().story_names():
        raise BadRequest(f"{draft.story.title!r} was deleted elsewhere, so it is closed here.")
    story = library.story(draft.name, session.store()).story
    return draft if story == draft.story else Draft(draft.name, story)


def field(draft: Draft, name: str) -> str:
    """The key of an input."""
    return f"story-{draft.name}-{name}"


def close() -> None:
    st.session_state.pop(DRAFT, None)


def play(draft: Draft) -> None:
    """The player, as those see it who are given the story."""
    close()
    stories.show(draft.name)


def begin(run: str) -> None:
    """A story of this run, with one stop at its beginning."""
    stop = Stop(line=FIRST, moment=Moment(step=0, view="map", colour="true"))
    words = "What this run shows, in at most ten words."
    session.attempt(_begin, Story(title=BEGUN, words=words, runs=(run,), stops=(stop,)))


def offer(run: str) -> None:
    """A button, beside a run that is done, that begins its story."""
    icon = ":material/auto_stories:"
    if not session.read_only() and st.button("Tell as a story", type="tertiary", icon=icon):
        begin(run)
        st.switch_page(session.page("stories"))


def copy(one: Listed) -> None:
    """One's own copy of a story that ships."""
    session.attempt(_begin, one.story)


def open_file(key: str) -> None:
    """A story from a file that somebody chose; what is wrong with it is said on the page."""
    upload = uploads.brought(key)
    if upload is not None:
        session.attempt(_read, upload.name, upload.getvalue())


def _read(name: str, data: bytes) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"{name} is no text, so it is no story.") from None
    story = library.checked(parse(text, name))
    rehearse(name, story, library.runs(story, session.store()))
    _begin(story)


def _begin(story: Story) -> None:
    taken = [name for name, _ in library.names(session.store())]
    _put(library.name_for(story.title, taken), story, 0)


def write(one: Listed) -> None:
    """Goes on with one of a person's own."""
    st.session_state[DRAFT] = Draft(one.name, one.story)
    stories.close()


def delete(draft: Draft) -> None:
    session.attempt(session.store().delete_story, draft.name)
    stories.forget(draft.name)
    close()


def _put(name: str, story: Story, at: int | None) -> None:
    """Into its file, and on with what the file says. Guesses were about another story."""
    session.store().save_story(name, story.written)
    st.session_state[DRAFT] = Draft(name, library.story(name, session.store()).story, at)
    stories.forget(name)
    stories.close()


def retitle(draft: Draft, title: str, words: str) -> None:
    session.attempt(_change, draft, {"title": title, "words": words}, draft.at)


def add(draft: Draft, moment: Moment) -> None:
    """A stop of this moment, after the one that is open, else at the end."""
    stops = list(draft.story.stops)
    at = len(stops) if draft.at is None else draft.at + 1
    stops.insert(at, Stop(line=FIRST, moment=moment))
    _stops(draft, stops, at)


def move(draft: Draft, i: int, by: int) -> None:
    stops = list(draft.story.stops)
    stops.insert(i + by, stops.pop(i))
    _stops(draft, stops, i + by)


def drop(draft: Draft, i: int) -> None:
    stops = [stop for k, stop in enumerate(draft.story.stops) if k != i]
    _stops(draft, stops, None)


def choose(draft: Draft, i: int | None) -> None:
    st.session_state[DRAFT] = replace(draft, at=i)


def say(draft: Draft, i: int, given: dict[str, Any]) -> None:
    """What stands at a stop, from the form; a refusal is said, and the stop stays as it was."""
    session.attempt(_say, draft, i, given)


def _say(draft: Draft, i: int, given: dict[str, Any]) -> None:
    asked = given.pop("kind"), given.pop("prompt"), given.pop("options")
    stop = {**given, "moment": Moment.parse(given["moment"])}
    question = None
    if asked[0]:
        options = dict(word.partition("=")[::2] for word in asked[2].split())
        question = Question(kind=asked[0], prompt=asked[1] or FIRST, options=options)
    alone = Stop.model_construct(**{**stop, "question": question})
    made = parse(draft.story.model_copy(update={"stops": (alone,)}).written, "The story").stops
    if len(made) != 1:
        raise BadRequest("No line of a stop's text begins with ##: that begins the next stop.")
    stops = list(draft.story.stops)
    stops[i] = made[0]
    story = _story(draft, {"stops": stops})
    rehearse(draft.name, story, library.runs(story, session.store()))
    _save(draft, story, draft.at)


def _stops(draft: Draft, stops: list[Stop], at: int | None) -> None:
    session.attempt(_change, draft, {"stops": stops}, at)


def _change(draft: Draft, changes: dict[str, Any], at: int | None) -> None:
    _save(draft, _story(draft, changes), at)


def _story(draft: Draft, changes: dict[str, Any]) -> Story:
    """With these changes. BadRequest where it would be no story any more."""
    now = {name: getattr(draft.story, name) for name in Story.model_fields}
    return library.checked(parse(Story.model_construct(**{**now, **changes}).written, "The story"))


def _save(draft: Draft, story: Story, at: int | None) -> None:
    """Unless the file is another one by now, or gone, as ``held`` says."""
    now = held()
    if now is not None and now.story == draft.story:
        _put(draft.name, story, at)
