"""What stands below the player of an exported page: the record, as text, without a script."""

import re
from html import unescape

import pytest

from cu_core import glossary
from cu_core.stage import export, handout, numbers
from cu_core.stage.account import Account, account
from cu_core.stage.limits import DELETION
from cu_core.store import Store
from tests.pages import fabricate

MOST = 30_000  # bytes that it adds to a page


@pytest.fixture
def catalogued(store: Store) -> Store:
    store.save_catalog(fabricate.CATALOG)
    return store


def told(store: Store, **more: object) -> Account:
    return account(store, store.run(fabricate.finished(store, **more)))  # type: ignore[arg-type]


def words(html: str) -> list[str]:
    """The text of every element, in order."""
    return [" ".join(unescape(part).split()) for part in re.findall(r">([^<>]+)<", html)]


def test_it_tells_the_run_in_its_three_lengths_and_what_it_lacks(catalogued: Store) -> None:
    run = told(catalogued)
    said = words(handout.about(run))
    for text in (run.headline, run.sentence, *run.limits, *numbers.HEADS, run.versions, run.date):
        assert text in said, text
    assert said.index(run.headline) < said.index(run.sentence) < said.index("In figures")
    assert DELETION in said


def test_the_table_has_the_figures_of_the_page(catalogued: Store) -> None:
    run = told(catalogued)
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', handout.about(run))
    assert [unescape(title) for title, _ in rows] == [row.title for row in run.rows]
    for row, (_, cells) in zip(run.rows, rows, strict=True):
        texts = [cell.text or "–" for cell in row.cells]
        reason = row.cells[0].why
        assert words(cells) == ([reason] if reason else texts)


def test_what_a_name_holds_is_text(catalogued: Store) -> None:
    run = told(catalogued, name=fabricate.HOSTILE, names=[fabricate.HOSTILE, "</article>", "c"])
    html = handout.about(run)
    assert "<img" not in html and html.count("</article>") == 1 and "<script" not in html
    page = export.formats()["html"].make(catalogued, catalogued.runs()[0]).decode()
    assert page.count(html) == 1


def test_the_words_that_it_uses_are_told_and_no_others(catalogued: Store) -> None:
    run = told(catalogued)
    shown = re.findall(r"</svg><dt>(.*?)</dt><dd>(.*?)</dd>", handout.about(run))
    terms = {term.title: term for term in glossary.terms().values()}
    assert {"Retrained", "Probe", "Gap to retrained", "Accuracy on test"} <= {t for t, _ in shown}
    assert not {"Planted trigger", "Front", "Temperature"} & {t for t, _ in shown}
    assert all(unescape(says) == terms[title].says for title, says in shown)


def test_a_page_grows_by_little_and_loads_nothing(catalogued: Store) -> None:
    record = catalogued.run(
        fabricate.finished(catalogued, names=[f"class {i}" for i in range(100)])
    )
    added = handout.about(account(catalogued, record))
    assert len(added.encode()) < MOST
    assert not re.search(r"https?://|url\(|src=", added)
    page = export.formats()["html"].make(catalogued, record).decode()
    assert "default-src 'none'; script-src 'unsafe-inline'" in page


def test_a_run_without_a_verdict_has_its_player_alone(catalogued: Store) -> None:
    record = catalogued.run(fabricate.finished(catalogued, end=None))
    page = export.formats()["html"].make(catalogued, record).decode()
    assert "<article" not in page and 'id="run"' in page
