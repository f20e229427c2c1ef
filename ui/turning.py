"""What a page still says once a person has turned to another: it is not heard.

A part of a page that is drawn by itself (a fragment) speaks by itself too: once a second while its
run is at work, and when a hand has rested. Streamlit takes the page of the newest message for the
one that is wanted. So a word of the page that is being left, under way while the next one opens,
led back to it or left the window empty, and the click was lost.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

Said = TypeVar("Said", BackMsg, ForwardMsg)
UNDER_WAY_S = 10.0  # for so long after a turn a word may be of the page before it


class Turn:
    """Which page one browser tab is on, and which it has just left; by Streamlit's hashes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.page = self.left = ""
        self.since = 0.0

    def to(self, page: str) -> None:
        if page and page != self.page:
            self.left, self.page, self.since = self.page, page, self.now()

    def is_left(self, page: str) -> bool:
        """Whether a word of this page may have been under way when the tab was turned."""
        return bool(page) and page == self.left and self.now() - self.since < UNDER_WAY_S

    def hears(self, data: bytes) -> bool:
        """Whether what the browser says is for the page that it is on."""
        asked = _read(BackMsg(), data).rerun_script
        if asked.fragment_id:
            return not self.is_left(asked.page_script_hash)
        self.to(asked.page_script_hash)
        return True

    def told(self, data: bytes) -> None:
        """What the server says: a page may turn to another by itself."""
        said = _read(ForwardMsg(), data)
        if not self.is_left(said.navigation.page_script_hash):
            self.to(said.navigation.page_script_hash)


def _read(into: Said, data: bytes) -> Said:
    try:
        into.ParseFromString(data)
    except DecodeError:
        into.Clear()  # Streamlit says what is wrong with it
    return into


class Turned:
    """Between a tab and Streamlit: drops what a page says that the tab has left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return await self.app(scope, receive, send)
        turn = Turn()

        async def hear() -> Message:
            while True:
                message = await receive()
                if turn.hears(message.get("bytes") or b""):
                    return message

        async def tell(message: Message) -> None:
            turn.told(message.get("bytes") or b"")
            await send(message)

        await self.app(scope, hear, tell)
