"""A visitor without a browser: a session of its own over Streamlit's web socket, as a page has it.
Many of them are cheap."""

import urllib.request
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.e2e.serving import App

WAIT_S = 120


class Visitor:
    """A session at ``app``. ``cookie``: of a browser that was here before, "" for a new one."""

    def __init__(self, app: App, page: str = "", cookie: str = "") -> None:
        client = pytest.importorskip("websockets.sync.client")
        self.cookie, self.page, self.url = cookie or self._named(app), page, app.url
        self.session = ""
        self.states: dict[str, dict[str, Any]] = {}
        self.found: dict[tuple[int, ...], Any] = {}
        self.cached: dict[str, Any] = {}
        self.socket = client.connect(
            f"ws://127.0.0.1:{app.port}/_stcore/stream",
            subprotocols=["streamlit"],
            additional_headers={"Cookie": self.cookie, "Origin": app.url},
            max_size=None,
        )
        self.rerun()

    def close(self) -> None:
        self.socket.close()

    @staticmethod
    def _named(app: App) -> str:
        with urllib.request.urlopen(app.url, timeout=30) as page:
            given = SimpleCookie(page.headers.get("set-cookie", ""))
        return "; ".join(f"{name}={one.value}" for name, one in given.items())

    # --- what is seen

    def all(self, kind: str) -> list[Any]:
        """The elements of a kind that are on the page, such as "button"."""
        return [getattr(e, kind) for e in self.found.values() if e.WhichOneof("type") == kind]

    @property
    def text(self) -> str:
        """All that is said on the page."""
        said = [one.body for kind in ("html", "markdown", "alert") for one in self.all(kind)]
        return " ".join(said)

    # --- what is done

    def type(self, label: str, value: str) -> None:
        """Into a field of a form, which is sent with its button."""
        field = next(one for one in self.all("text_input") if one.label == label)
        self.states[field.id] = {"string_value": value}

    def enter(self, label: str, number: int) -> None:
        field = next(one for one in self.all("number_input") if one.label == label)
        self.states[field.id] = {"int_value" if field.data_type == 0 else "double_value": number}

    def click(self, label: str, key: str = "") -> None:
        """``key``: which button, where several are called the same."""
        known = [one.id for one in self.all("button") if one.label == label]
        widget = next(name for name in known if name.endswith(key))
        self.states[widget] = {"trigger_value": True}
        self.rerun()
        del self.states[widget]

    def upload(self, content: bytes) -> int:
        """The status that the server answers to a file, sent as a page's widget sends it."""
        import requests

        with requests.Session() as browser:
            browser.get(f"{self.url}/_stcore/health")
            sent = browser.put(
                f"{self.url}/_stcore/upload_file/{self.session}/{len(content)}",
                files={"file": ("a.bin", content)},
                headers={"X-Xsrftoken": browser.cookies.get("_streamlit_xsrf", "")},
            )
        return int(sent.status_code)

    def rerun(self) -> None:
        """One run of the page's script, to its end."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.page_name = self.page
        for widget, value in self.states.items():
            message.rerun_script.widget_states.widgets.add(id=widget, **value)
        self.socket.send(message.SerializeToString())
        for heard in self._heard():
            if heard.WhichOneof("type") == "script_finished" and heard.script_finished == 0:
                return

    def _heard(self) -> Iterator[Any]:
        """What the server says; a script that ended early to run again is waited for."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        while True:
            message = ForwardMsg.FromString(self.socket.recv(timeout=WAIT_S))
            if message.WhichOneof("type") == "ref_hash":
                known = self.cached[message.ref_hash]
                known.metadata.CopyFrom(message.metadata)
                message = known
            elif message.hash:
                self.cached[message.hash] = message
            kind, path = message.WhichOneof("type"), tuple(message.metadata.delta_path)
            if kind == "new_session":
                self.found = {}
                self.session = message.new_session.initialize.session_id
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self.found[path] = message.delta.new_element
            yield message
