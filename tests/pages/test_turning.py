"""What a page says that has been left is not heard; everything else is."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from ui.turning import UNDER_WAY_S, Turn, Turned


def says(page: str, fragment: str = "") -> bytes:
    said = BackMsg()
    said.rerun_script.page_script_hash, said.rerun_script.fragment_id = page, fragment
    return said.SerializeToString()


def leads(page: str) -> bytes:
    told = ForwardMsg()
    told.navigation.page_script_hash = page
    return told.SerializeToString()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turn(clock: Clock) -> Turn:
    """A tab on page a, whose fragment polls."""
    made = Turn(clock)
    made.told(leads("a"))
    assert made.hears(says("a", "poll"))
    return made


def test_a_click_on_a_page_is_not_undone_by_what_the_left_one_still_says(
    turn: Turn, clock: Clock
) -> None:
    assert turn.hears(says("b"))  # the click
    turn.told(leads("a"))  # of a drawing that had begun before
    assert not turn.hears(says("a", "poll"))
    turn.told(leads("b"))
    assert not turn.hears(says("a", "poll")) and turn.hears(says("b", "poll"))
    clock.now = UNDER_WAY_S
    assert turn.hears(says("a", "poll"))  # nothing is under way so long: it is believed again


def test_a_click_is_said_again_where_the_left_page_is_told_in_place_of_the_wanted(
    turn: Turn,
) -> None:
    assert turn.hears(says("b")) and turn.told(leads("a")) and turn.asked == says("b")
    assert not turn.told(leads("b")) and not turn.told(leads("a"))
    turn.told(leads("c"))  # b turned to c by itself
    assert not turn.told(leads("b"))
    assert turn.hears(says("c")) and not turn.told(leads("b"))  # no click: it is there already


def test_who_turns_back_at_once_is_heard(turn: Turn) -> None:
    assert turn.hears(says("b")) and turn.hears(says("a"))
    assert turn.hears(says("a", "poll")) and not turn.hears(says("b", "poll"))


def test_a_page_that_turns_to_another_by_itself_is_left_too(turn: Turn) -> None:
    turn.told(leads("b"))
    assert not turn.hears(says("a", "poll")) and turn.hears(says("b", "poll"))


def test_what_says_no_page_is_streamlits_affair(turn: Turn) -> None:
    stop = BackMsg()
    stop.stop_script = True
    for said in (b"", b"\xff\xff", stop.SerializeToString(), says(""), says("", "poll")):
        assert turn.hears(said)
    turn.told(b"\xff\xff")
    turn.told(b"")
    assert turn.page == "a"


def between(app: Any, receive: Any, send: Any) -> None:
    """Runs the app behind ``Turned``; a browser test may have left a loop of its own here."""
    with ThreadPoolExecutor() as thread:
        thread.submit(asyncio.run, Turned(app)({"type": "websocket"}, receive, send)).result()


def test_the_app_hears_a_lost_click_twice_while_the_tab_says_nothing() -> None:
    heard: list[Any] = []

    async def receive() -> Any:
        if not heard:
            return {"type": "websocket.receive", "bytes": says("a")}
        if len(heard) == 1:
            return {"type": "websocket.receive", "bytes": says("b")}
        await asyncio.sleep(60)  # a person who waits for the page

    async def send(message: Any) -> None:
        pass

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for told in ("a", "a", "b"):
            heard.append((await receive())["bytes"])
            await send({"type": "websocket.send", "bytes": leads(told)})

    between(app, receive, send)
    assert heard == [says("a"), says("b"), says("b")]


def test_between_a_tab_and_the_app_only_that_is_dropped() -> None:
    sent = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "bytes": said}
          for said in (says("a"), says("b"), says("a", "poll"), says("b", "poll"))),
        {"type": "websocket.receive", "text": "words"},
        {"type": "websocket.disconnect"},
    ]  # fmt: skip
    heard: list[Any] = []
    told: list[Any] = []

    async def receive() -> Any:
        return queue.pop(0)

    async def send(message: Any) -> None:
        told.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.send", "bytes": leads("a")})
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())

    queue = list(sent)
    between(app, receive, send)
    assert heard == [one for one in sent if one.get("bytes") != says("a", "poll")]
    assert told == [{"type": "websocket.send", "bytes": leads("a")}]
