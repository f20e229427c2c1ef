"""Which pages there are, and in which order, is said by the files of ``pages/`` alone."""

from pathlib import Path

import pytest

from tests.pages.conftest import ROOT
from ui import navigation


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_every_file_is_a_page_with_a_title_and_a_place_of_its_own() -> None:
    shelf = navigation.pages()
    assert {page.name for page in shelf} == {file.stem for file in (ROOT / "pages").glob("*.py")}
    for column in ("title", "order"):
        assert len({getattr(page, column) for page in shelf}) == len(shelf), column
    assert shelf[0].name == "watch"  # what opens first, and what the address / shows


def test_a_page_is_read_not_run_and_one_without_a_place_comes_last(tmp_path: Path) -> None:
    write(tmp_path, "b", '"""Bees & more: they fly.\n\nMore: of it."""\nimport nowhere\nORDER = 2')
    write(tmp_path, "z", '"""Zoo: without an order."""')
    write(tmp_path, "a", '"""Ants: they walk."""\nORDER = 2.5\nraise SystemExit')
    write(tmp_path, "_own", "not a page, and not Python")
    found = [(page.name, page.title) for page in navigation.pages(tmp_path)]
    assert found == [("b", "Bees & more"), ("a", "Ants"), ("z", "Zoo")]


@pytest.mark.parametrize("text", ["", '"""No colon."""', '"""A line\nand: a second."""'])
def test_a_page_without_a_title_is_loud(tmp_path: Path, text: str) -> None:
    write(tmp_path, "untitled", text)
    with pytest.raises(ValueError, match=r"pages/untitled\.py has no title"):
        navigation.pages(tmp_path)
