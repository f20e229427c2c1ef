"""Eight visitors at one served app: each has a session of its own, a token to give and a limit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cu_core.files import READ_ONLY, SESSION_RUNS, TOKEN
from cu_core.service.catalog import catalog
from cu_core.store.begun import begun
from tests.e2e.serving import ROOT, App
from tests.e2e.visitor import Visitor
from ui import navigation, served

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SECRET = "a phrase that is in no log 7f3a"
WRONG = "This is not the token"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Of which no worker ever starts: what is queued stays so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN, SECRET)
        patch.setenv(SESSION_RUNS, "1")
        with App(ROOT, tmp_path_factory.mktemp("home")) as app:
            app.store.save_catalog(catalog(app.store.home))
            with app.store.only_one("spawn"):
                yield app


@pytest.fixture
def eight(app: App) -> Iterator[list[Visitor]]:
    with ThreadPoolExecutor(8) as at_once:
        found = list(at_once.map(lambda _: Visitor(app, "models"), range(8)))
    yield found
    for one in found:
        one.close()


def train(visitor: Visitor, seed: int) -> str:
    """What the page says once a model was asked for."""
    visitor.enter("Seed", seed)
    visitor.click("Train")
    return visitor.text


def come_in(visitor: Visitor, token: str) -> None:
    visitor.type("Token", token)
    visitor.click("Come in")


def test_eight_sessions_have_a_page_an_error_and_a_limit_each(
    app: App, eight: list[Visitor]
) -> None:
    first, second, *others = eight
    assert all([one.label for one in each.all("text_input")] == ["Token"] for each in eight)
    assert all(not each.all("number_input") for each in eight)
    come_in(first, "wrong")
    assert WRONG in first.text
    second.rerun()  # neither the error nor what was typed, nor anybody's having come in
    assert WRONG not in second.text and [b.label for b in second.all("button")] == ["Come in"]
    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(lambda each: come_in(each, SECRET), eight))
    assert all("Train a model" in each.text for each in eight)

    train(first, 1)
    train(second, 2)
    assert [r.state for r in app.store.runs("train")] == ["queued"] * 2
    assert "1 of the 1 runs that a visitor" in train(first, 3)
    second.rerun()
    assert "that a visitor" not in second.text
    tab = Visitor(app, "models", cookie=first.cookie)  # a reload, or another tab, of that browser
    come_in(tab, SECRET)
    assert "1 of the 1 runs that a visitor" in train(tab, 4)
    assert len(app.store.runs()) == 2
    for each in (tab, *others):
        each.rerun()
        assert "Train a model" in each.text
    assert app.process.poll() is None and "Traceback" not in app.log.read_text()


def test_a_file_is_taken_only_of_who_has_come_in(app: App) -> None:
    visitor = Visitor(app, "models")
    assert visitor.upload(b"weights") == 403
    come_in(visitor, SECRET)
    assert visitor.upload(b"weights") == 204
    visitor.close()


def test_a_visitor_may_stop_what_they_began(app: App) -> None:
    visitor = Visitor(app, "models")
    come_in(visitor, SECRET)
    train(visitor, 21)
    run = app.store.runs("train")[0]  # the newest
    assert "of the 1 runs that a visitor" in train(visitor, 22) and run.name in visitor.text
    visitor.click("Stop", f"halt-{run.run_id}")
    assert app.store.run(run.run_id).state == "stopped"
    visitor.close()


def test_an_app_for_looking_opens_each_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    monkeypatch.delenv(TOKEN, raising=False)
    with App(ROOT, tmp_path) as app:
        app.store.save_catalog(catalog(app.store.home))
        for page in navigation.pages():
            visitor = Visitor(app, page.name)
            assert served.LOOK_ONLY in visitor.text and not visitor.all("alert"), page.name
            visitor.close()


def test_the_token_is_in_no_file_and_on_no_command_line(app: App) -> None:
    visitor = Visitor(app, "models")
    come_in(visitor, SECRET)
    train(visitor, 11)
    visitor.close()
    for path in app.store.home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    family = [psutil.Process(app.process.pid), *psutil.Process().children(recursive=True)]
    assert not [p for p in family if SECRET in " ".join(p.cmdline())]
    names = {begun(app.store.paths.run(run.run_id)).visitor for run in app.store.runs("train")}
    assert names and not any(name in visitor.cookie for name in names)  # a hash is kept
