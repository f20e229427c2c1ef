"""A person's own stories: a file each."""

from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, bundled=None)


def test_what_is_saved_is_read_listed_and_deleted(store: Store) -> None:
    store.save_story("b", "Größe")
    store.save_story("a", "1")
    store.save_story("a", "2")
    assert store.story_names() == ["a", "b"] and store.story_text("a") == "2"
    assert (store.home / "stories/b.md").read_text(encoding="utf-8") == "Größe"
    store.delete_story("a")
    store.delete_story("a")
    assert store.story_names() == ["b"]


@pytest.mark.parametrize("name", ["", "../a", "A", "a.b", "-a", "a" * 61, "a/b"])
def test_no_name_leads_out_of_the_folder(store: Store, name: str) -> None:
    for act in (store.story_text, store.delete_story, lambda name: store.save_story(name, "")):
        with pytest.raises(StoreError, match="is no name of a story"):
            act(name)


def test_what_is_no_text_is_refused(store: Store) -> None:
    (store.home / "stories/a.md").write_bytes(b"\xff\xfe\x00")
    (store.home / "stories/b.md").write_bytes(b"a" * 1_000_001)
    with pytest.raises(StoreError, match="cannot be read as a story"):
        store.story_text("a")
    with pytest.raises(StoreError, match="larger than any story"):
        store.story_text("b")
    with pytest.raises(StoreError, match="cannot be read"):
        store.story_text("c")
