"""What a page still says once a person has turned to another: it is not heard.

A part of a page that is drawn by itself (a fragment) speaks by itself too: once a second while its
run is at work, and when a hand has rested. Streamlit takes the page of the newest message for the
one that is wanted. So a word of the page that is being left, under way while the next one opens,
led back to it or left the window empty, and the click was lost.

A page that asks to be drawn anew in the very moment of the click takes the wanted page's place in
Streamlit, whatever is dropped here. Its name is told then where that of the wanted one is due, and
the click is said once more.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

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
        self.asked = b""  # the click, until Streamlit tells of the page that it wants

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
        if asked.page_script_hash not in ("", self.page):
            self.asked = data
        self.to(asked.page_script_hash)
        return True

    def told(self, data: bytes) -> bool:
        """What the server says: a page may turn to another by itself. Whether it is the page that
        was left, and the click has to be said again."""
        page = _read(ForwardMsg(), data).navigation.page_script_hash
        if self.is_left(page):
            return bool(self.asked)
        if page:
            self.asked = b""
        self.to(page)
        return False


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
        turn, again = Turn(), asyncio.Event()
        coming: asyncio.Future[Message] | None = None

        async def hear() -> Message:
            nonlocal coming
            while True:
                coming = coming or asyncio.ensure_future(receive())
                await _first(coming, again)
                if again.is_set():
                    again.clear()
                    if turn.asked:
                        return {"type": "websocket.receive", "bytes": turn.asked}
                else:
                    message, coming = coming.result(), None
                    if turn.hears(message.get("bytes") or b""):
                        return message

        async def tell(message: Message) -> None:
            if turn.told(message.get("bytes") or b""):
                again.set()
            await send(message)

        try:
            await self.app(scope, hear, tell)
        finally:
            if coming:
                coming.cancel()


async def _first(coming: asyncio.Future[Message], again: asyncio.Event) -> None:
    """Until either is there."""
    call = asyncio.ensure_future(again.wait())
    both: tuple[asyncio.Future[Any], ...] = (coming, call)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    call.cancel()
