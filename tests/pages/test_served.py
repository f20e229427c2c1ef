"""Lethe at an address that others reach: a token, and no path of its own machine."""

import os
import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import streamlit as st
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from cu_core.files import CONFINED, READ_ONLY, SESSION_GB, SESSION_RUNS
from cu_core.service.catalog import catalog
from cu_core.spec import UnlearnRequest
from cu_core.store import Store
from cu_core.store.appdb import QUESTION
from cu_core.store.visiting import Limits
from ui import navigation, served, visitors

SETTINGS = (CONFINED, served.TOKEN, READ_ONLY, SESSION_RUNS, SESSION_GB)
OPEN = [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.0.1", True)]
SHARED = [(a, False) for a in ("", "0.0.0.0", "192.168.1.7", "::", "a.school")]
Page = Callable[..., AppTest]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``at(address)``: where the server listens."""
    own = st.get_option

    def listen(address: str) -> None:
        monkeypatch.setattr(
            st, "get_option", lambda name: address if name == "server.address" else own(name)
        )

    served._door.clear()
    for name in SETTINGS:
        monkeypatch.setenv(name, "")  # so that what a page sets is taken back
        monkeypatch.delenv(name)
    return listen


@pytest.mark.parametrize(("address", "own"), [*OPEN, *SHARED])
def test_an_address_is_this_machines_own_or_shared(address: str, own: bool) -> None:
    assert served.is_loopback(address) == own


def test_paths_are_confined_where_others_reach_it(
    page: Page, at: Callable[[str], None], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at("127.0.0.1")
    page()
    assert CONFINED not in os.environ
    at("0.0.0.0")
    page()
    own = [store.paths.incoming, store.paths.choices, store.paths.runs, store.paths.data]
    assert os.environ[CONFINED].split(os.pathsep) == [str(one) for one in own]
    at("127.0.0.1")  # behind a proxy: what Lethe keeps for its pages stays within reach
    monkeypatch.setenv(CONFINED, "/srv/data")
    page()
    page()
    assert os.environ[CONFINED].split(os.pathsep) == ["/srv/data", *(str(one) for one in own)]


def test_nothing_is_shown_before_the_token(
    page: Page, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at("0.0.0.0")
    closed = page()
    assert "no token is set" in closed.error[0].value and not closed.button
    monkeypatch.setenv(served.TOKEN, "open sesame")
    app = page()
    assert [one.label for one in app.text_input] == ["Token"] and len(app.button) == 1
    app.text_input[0].input("open")
    app.button[0].click().run()
    assert app.error[0].value.startswith("This is not the token")
    app.text_input[0].input(" open sesame ")
    app.button[0].click().run()
    assert [one.value for one in app.error] == []
    assert not [one for one in app.text_input if one.label == "Token"]
    assert len(app.button) > 1  # the page


@pytest.mark.parametrize("token", [None, served.NOBODY])
def test_whoever_sits_at_it_is_not_asked(
    page: Page, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    at("0.0.0.0" if token else "127.0.0.1")
    if token:
        monkeypatch.setenv(served.TOKEN, token)
    assert not [one for one in page().text_input if one.label == "Token"]


def test_after_wrong_tokens_an_address_waits_longer_each_time_and_no_other_does() -> None:
    served._door.clear()
    fits, waits, now, waited = served._fits, served._waits, 1000.0, []
    for _ in range(served.FREE + 8):
        assert not fits("wrong", "right", "a", now)
        waited.append(waits("a", now))
        assert not (waited[-1] and fits("right", "right", "a", now))  # not even looked at
        now += waited[-1]
    assert waited[: served.FREE] == [0.0] * (served.FREE - 1) + [1.0]
    assert waited[served.FREE :][:3] == [2.0, 4.0, 8.0] and max(waited) == served.LONGEST_S
    assert fits("right", "right", "b", 1000.0)
    assert fits(" right ", "right", "a", now) and waits("a", now) == 0.0


def test_an_address_that_goes_on_for_ever_waits_for_ever() -> None:
    served._door.clear()
    _, tries = served._door()
    tries["a"] = served._Tries(wrong=5000)
    assert not served._fits("wrong", "right", "a", 1000.0)
    assert served._waits("a", 1000.0) == served.LONGEST_S


@pytest.mark.parametrize("token", ["", "open sesame"])
def test_a_home_that_does_not_open_is_a_sentence_for_those_who_are_in(
    page: Page, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    at("127.0.0.1")
    monkeypatch.setenv("LETHE_HOME", "/dev/null/nowhere")
    monkeypatch.setenv(served.TOKEN, token)
    app = page()
    [said] = [one.value for one in app.error]
    assert ("/dev/null/nowhere" in said) == (not token) and not app.exception


def test_a_proxy_on_this_machine_is_believed_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {"X-Forwarded-For": "10.9.9.9, 203.0.113.5"}
    for peer, address in ((None, "203.0.113.5"), ("198.51.100.7", "198.51.100.7")):
        context = SimpleNamespace(ip_address=peer, headers=said)
        monkeypatch.setattr(served.st, "context", context)
        assert served._address() == address


# --- limits, and looking alone ----------------------------------------------------------------


def test_limits_stand_where_others_reach_it_or_where_they_are_set(
    at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at("127.0.0.1")
    assert visitors.limits() == Limits()
    monkeypatch.setenv(SESSION_RUNS, "3")
    assert visitors.limits() == Limits(runs=3)
    at("0.0.0.0")
    assert visitors.limits() == Limits(runs=3, gb=visitors.USUAL.gb)
    monkeypatch.setenv(SESSION_GB, "none")
    assert visitors.limits() == Limits(runs=3)


@pytest.mark.parametrize(
    ("name", "value"), [(READ_ONLY, "maybe"), (SESSION_RUNS, "0"), (SESSION_GB, "lots")]
)
def test_a_setting_that_says_nothing_opens_for_nobody(
    page: Page, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    at("127.0.0.1")
    monkeypatch.setenv(name, value)
    app = page()
    assert name in app.error[0].value.replace("\\", "") and value in app.error[0].value
    assert not app.button


BEGINS = re.compile(
    "Run|Run it now|Train|Try|Use|Download|Look|Check and import|Delete|Rename|Keep this name|"
    "Start again|Resume.*|Pause|Stop|Tell .*|Change it|Make it your own|Tag…|Note…|Replay.*|"
    "Start the sweep|Forget something else, live"
)


@pytest.fixture
def stopped(store: Store, at: Callable[[str], None]) -> str:
    at("127.0.0.1")
    store.save_catalog(catalog(store.home))
    run_id = store.enqueue(UnlearnRequest())
    store.move(run_id, "queued", "stopped")
    return run_id


@pytest.mark.parametrize("name", [one.name for one in navigation.pages()])
def test_where_one_may_only_look_no_page_offers_more_and_each_says_so(
    page: Page, stopped: str, store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    app = page(name, run=stopped) if name == "unlearn" else page(name)
    labels = [one.label for kind in ("button", "popover") for one in app.get(kind)]
    assert not [label for label in labels if BEGINS.fullmatch(label)]
    assert not app.exception and not app.error
    assert [one.body for one in app.get("html") if served.LOOK_ONLY in one.body]
    with store.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(QUESTION)).scalar() == 0


def test_where_one_may_only_look_and_nothing_is_there_the_way_to_recorded_runs_is_shown(
    page: Page, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at("127.0.0.1")
    monkeypatch.setenv(READ_ONLY, "1")
    app = page("unlearn")
    said = " ".join(one.body for one in app.get("html"))
    assert "No run is here yet" in said and "below" not in said
    assert any(one.label == "Watch one" for one in app.get("page_link"))


@pytest.mark.parametrize("key", ["run-go-on", "delete-{}", "keep-{}"])
def test_a_forged_click_is_refused_where_one_may_only_look(
    page: Page, stopped: str, store: Store, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The button is there, as for whoever forges one: what it does is refused in the store."""
    before, app = store.run(stopped), page("unlearn", run=stopped)
    app.text_input(key=f"name-{stopped}").input("another name")
    monkeypatch.setenv(READ_ONLY, "1")
    app.button(key=key.format(stopped)).click().run()
    assert store.run(stopped) == before
    assert any("for looking" in one.value for one in app.warning)
