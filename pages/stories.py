"""Stories: a run told in stops, each a moment of its picture, some of which ask first."""

import streamlit as st

from ui import blocks, session, stories, story_draft, story_editor, story_shelf

ORDER = 1.5

told, draft = stories.shown(), story_draft.held()
session.notices()

if told is not None:
    blocks.tab(told.story.title)
    story_shelf.head(told)
    stories.play(told)
    story_shelf.foot(told)
elif draft is not None:
    blocks.tab(draft.story.title)
    story_editor.show(draft)
else:
    blocks.headline("Stories", "A run in a few stops. Some ask you first.")
    story_shelf.cards()
    st.space("small")
    story_editor.offer()
