"""Whose files the server takes. Streamlit takes them of any session, before a page has asked."""

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ui.browsers import wants_token
from ui.visitors import is_read_only

PLACE = "/_stcore/upload_file/"  # behind it the session's id, then the file's
REMEMBERED = 4096  # sessions
_admitted: dict[str, None] = {}  # in the order in which they came in


def admit() -> None:
    """This session has given the token, so its files are taken from now on."""
    if context := get_script_run_ctx():
        _admitted[context.session_id] = None
        while len(_admitted) > REMEMBERED:
            del _admitted[next(iter(_admitted))]


def brought(key: str) -> UploadedFile | None:
    """The file that has just come to the uploader of this key; None where it was taken already.

    Streamlit tells of a file twice where something else is said while the uploader goes away.
    """
    upload: UploadedFile | None = st.session_state[key]
    taken = f"{key}/taken"
    if upload is None or st.session_state.get(taken) == upload.file_id:
        return None
    st.session_state[taken] = upload.file_id
    return upload


class Known:
    """Refuses a file, before it is read, of a session that has no page yet, and where there is
    nothing to bring: each would stay in the server's memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = scope["type"] == "http" and PLACE in scope["path"]
        if inside and not _is_taken(scope["path"].partition(PLACE)[2].partition("/")[0]):
            refusal = PlainTextResponse("No file is taken from here.", 403)
            return await refusal(scope, receive, send)
        await self.app(scope, receive, send)


def _is_taken(session: str) -> bool:
    return not is_read_only() and (session in _admitted or not wants_token())
