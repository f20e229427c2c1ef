"""What the gallery of a sweep asks its page for reaches the page's own callbacks."""

from typing import Any

import pytest

from cu_core.stage.trials import Sent
from ui import trials


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"what": "card", "trial": 3}, [("chosen", [3]), ("card", 3)]),
        ({"what": "chosen", "trials": [4, 1]}, [("chosen", [4, 1])]),
        ({"what": "chosen", "trials": []}, [("chosen", [])]),
        ({"what": "open", "trial": 0}, [("open", 0)]),
        ({"what": "need"}, []),
        (None, []),
    ],
)
def test_each_question_calls_whom_it_concerns(
    asked: Any, wanted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    calls = {
        name: lambda value, name=name: heard.append((name, value))
        for name in ("card", "chosen", "open")
    }
    monkeypatch.setattr(trials.st, "session_state", {"g": {"asked": asked}})
    sent = Sent("s", times={0: 2})
    trials.answer("g", sent, calls)
    assert heard == wanted
    assert (sent.times == {}) is (asked == {"what": "need"})


def test_a_page_need_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"g": {"asked": {"what": "card", "trial": 3}}}
    monkeypatch.setattr(trials.st, "session_state", state)
    trials.answer("g", Sent("s"), {"card": None, "chosen": None, "open": None})
