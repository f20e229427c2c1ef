"""Writing a story: the run above, where a hand finds the moments; its stops and words below."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cu_core.stage import gallery, pack
from cu_core.stage.moment import Moment
from cu_core.stories import library
from cu_core.stories.questions import kinds
from cu_core.stories.story import Stop
from ui import blocks, session, story_draft
from ui.stage import stage
from ui.story_draft import Draft

OPENS = 1  # the frame at which the picture of the editor stands still
NONE = ""  # the kind of a stop that asks nothing
MARKED = (
    "Paragraphs, **strong** and *emphasis*. A figure in braces is read off the run: {ta} at this "
    "step, {end.ta}, {original.ta}, {retrained.ta}, {n_forget}, {to.NAME}."
)


def offer() -> None:
    """Under the shelf: a story of one's own, from a run or from a file."""
    if session.read_only():
        return
    blocks.heading("Write your own")
    with st.container(horizontal=True, vertical_alignment="bottom", key="story-own"):
        run = st.selectbox("The run that it tells", _runs(), format_func=_called, width=380)
        st.button(
            "Tell this run as a story",
            icon=":material/edit:",
            disabled=run is None,
            on_click=story_draft.begin,
            args=(run,),
        )
    st.file_uploader(
        "Open a story file (.md)",
        type=["md"],
        max_upload_size=1,
        key="story-file",
        on_change=story_draft.open_file,
        args=("story-file",),
    )


def _runs() -> list[str]:
    """One's own that are done, the newest first, then the recorded ones."""
    done = [one.run_id for one in session.store().runs("unlearn") if one.state == "done"]
    return [*done, *gallery.names()]


def _called(name: str) -> str:
    if name in gallery.names():
        return f"{gallery.entry(name).title} (recorded)"
    return session.store().run(name).name


def show(draft: Draft) -> None:
    """The editor of one story, all of it."""
    _head(draft)
    picture, words = st.columns([3, 2], gap="medium")
    looked: tuple[Any, list[int]] | None = None
    with picture, blocks.guarded():
        looked = _picture(draft)
    if looked is None:
        return  # why is said in its place
    with words:
        if st.button("Add a stop here", type="primary", icon=":material/add_location:"):
            story_draft.add(draft, moment(*looked))
            st.rerun()
        blocks.note("Pause the picture where the stop shall stand, and set it as it shall look.")
        for i, stop in enumerate(draft.story.stops):
            _row(draft, i, stop)
        if draft.at is not None and draft.at < len(draft.story.stops):
            _form(draft, draft.at, draft.story.stops[draft.at])


def _head(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="story-edit"):
        for name, label, width in (("title", "Title", 320), ("words", "In ten words", 440)):
            key = story_draft.field(draft, name)
            st.session_state.setdefault(key, getattr(draft.story, name))
            st.text_input(label, key=key, width=width, on_change=_retitle, args=(draft,))
        st.button("Play it", icon=":material/play_arrow:", on_click=story_draft.play, args=(draft,))
        st.download_button(
            "Save as a file",
            draft.story.written,
            file_name=f"{draft.name}.md",
            mime="text/markdown",
            icon=":material/download:",
        )
        st.button("Close", type="tertiary", on_click=story_draft.close)
        with st.popover("Delete", type="tertiary"):
            blocks.note("The file goes for good.")
            st.button("Delete this story", on_click=story_draft.delete, args=(draft,))
    blocks.note(f"Saved in {session.store().home / 'stories' / draft.name}.md.")


def _retitle(draft: Draft) -> None:
    title, words = (st.session_state[story_draft.field(draft, name)] for name in story_draft.FIELDS)
    story_draft.retitle(draft, title, words)


def _picture(draft: Draft) -> tuple[Any, list[int]]:
    """The first run on a Stage of its own: what it says of itself, and its frames' steps."""
    run = draft.story.runs[0]
    data, steps = _data(run, _version(run), session.whose())
    return stage(data, key=f"stage-tell-{draft.name}"), steps


def moment(seen: Any, steps: list[int]) -> Moment:
    """What a Stage says of itself (``frame``, ``screen``) as a moment; it stands at ``OPENS`` until
    a hand moves it."""
    screen = dict(getattr(seen, "screen", None) or {})
    frame = getattr(seen, "frame", None)
    step = steps[min(OPENS if frame is None else frame, len(steps) - 1)]
    given = {name: value for name, value in screen.items() if value not in (None, [])}
    return Moment.of({"view": "map", "colour": "pred", **given, "step": step})


def _version(run: str) -> str:
    return run if run in gallery.names() else session.store().run(run).state


@st.cache_data(max_entries=4, show_spinner=False)
def _data(run: str, version: str, whose: str) -> tuple[bytes, list[int]]:
    """The Stage's bytes, paused near the beginning, and the steps of its frames. ``whose``: a
    reloaded tab is another one, whose Stage does not come back to where the old one stood."""
    header, sections = library.run(run, session.store())
    named = {**header, "run": f"tell {whose} {header['run']}", "opens": {"frame": OPENS}}
    return pack(named, sections), list(header["steps"])


def _row(draft: Draft, i: int, stop: Stop) -> None:
    last = len(draft.story.stops) - 1
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"told-stop-{i}"
    ):
        asks = " (asks)" if stop.question else ""
        st.button(
            blocks.plain(f"{i + 1}. {stop.line}{asks}"),
            key=f"stop-{i}",
            type="secondary" if i == draft.at else "tertiary",
            on_click=story_draft.choose,
            args=(draft, i),
        )
        for icon, what, by, off in (
            ("arrow_upward", "up", -1, i == 0),
            ("arrow_downward", "down", 1, i == last),
        ):
            st.button(
                "",
                key=f"stop-{i}-{what}",
                icon=f":material/{icon}:",
                help=f"Move this stop {what}",
                type="tertiary",
                disabled=off,
                on_click=story_draft.move,
                args=(draft, i, by),
            )
        st.button(
            "",
            key=f"stop-{i}-delete",
            icon=":material/delete:",
            help="Delete this stop",
            type="tertiary",
            disabled=last == 0,
            on_click=story_draft.drop,
            args=(draft, i),
        )


def _form(draft: Draft, i: int, stop: Stop) -> None:
    asked = stop.question
    options = " ".join(f"{k}={v}" for k, v in asked.options.items()) if asked else ""
    with st.form(f"stop-form-{draft.name}-{i}-{stop.moment.words}", border=False):
        blocks.heading(f"Stop {i + 1}")
        given: dict[str, Any] = {
            "line": st.text_input("Its line, ten words at most", stop.line),
            "text": st.text_area("What is said below the picture", stop.text, help=MARKED),
            "moment": st.text_input("Its moment", stop.moment.words, help=_moment_help()),
            "kind": st.selectbox(
                "What it asks",
                [NONE, *kinds()],
                index=[NONE, *kinds()].index(asked.kind if asked else NONE),
                format_func=lambda key: kinds()[key].title if key else "Nothing",
            ),
            "prompt": st.text_input("The question", asked.prompt if asked else ""),
            "options": st.text_input("What it goes by", options, help=_options_help()),
            "notes": st.text_area("Notes for the presenter", stop.notes),
        }
        blocks.note("Keep saves this stop.")
        if st.form_submit_button("Keep", type="primary"):
            story_draft.say(draft, i, given)
            st.rerun()


def _moment_help() -> str:
    return "Such as step=31 view=map colour=true. It knows " + ", ".join(Moment.model_fields)


def _options_help() -> str:
    lines = []
    for kind in kinds().values():
        said = "; ".join(f"{name}=… {text}" for name, text in kind.options.items())
        lines.append(f"{kind.title} {said}.")
    return "\n\n".join(lines)
