"""What is chosen by hand: kept for each data set, under names, as files that the rule reads."""

import csv
from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.store import Store
from cu_core.store.choices import LETTERS, TRAY

DATA = "digits"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home", bundled=None)


def test_rows_are_put_added_and_taken_out_and_another_process_sees_them(store):
    assert store.choice(DATA).rows == () and store.choice(DATA).rule == ""
    store.change_choice(DATA, "set", [9, 3])
    store.change_choice(DATA, "add", [3, 7])
    assert store.change_choice(DATA, "remove", [9, 100]).rows == (3, 7)
    other = Store(store.home, bundled=None)
    assert other.choice(DATA).rows == (3, 7)
    assert other.change_choice(DATA, "set", []).rows == () and store.choice(DATA).version is None


def test_the_trays_of_two_data_sets_are_two(store):
    store.change_choice(DATA, "set", [1])
    store.change_choice(f"{DATA} with wrong-labels:0.1", "set", [2])
    store.change_choice("folder:/one/pets", "set", [3])
    store.change_choice("folder:/two/pets", "set", [4])
    keys = (DATA, f"{DATA} with wrong-labels:0.1", "folder:/one/pets", "folder:/two/pets")
    assert [store.choice(key).rows for key in keys] == [(1,), (2,), (3,), (4,)]


def test_a_file_is_a_table_of_rows_under_a_header(store):
    path = store.change_choice(DATA, "set", [12, 4]).path
    with path.open(newline="") as file:
        assert [*csv.DictReader(file)] == [{"row": "4"}, {"row": "12"}]
    assert path.stem == TRAY


def test_a_kept_set_names_the_tray_as_long_as_they_are_the_same(store):
    store.change_choice(DATA, "set", [3, 7])
    kept = store.keep_choice(DATA, " six  ambiguous sevens ")
    assert kept.name == "six ambiguous sevens" and kept.path.name == "six ambiguous sevens.csv"
    assert store.choice(DATA) == kept
    assert store.change_choice(DATA, "add", [8]).name == ""  # the kept one is as it was
    assert [one.rows for one in store.choices(DATA)] == [(3, 7)]
    assert store.open_choice(DATA, kept.name).rows == (3, 7) and store.choice(DATA) == kept


def test_a_kept_set_is_replaced_by_none_of_other_rows(store):
    store.change_choice(DATA, "set", [3])
    kept = store.keep_choice(DATA, "mine")
    assert store.keep_choice(DATA, "Mine") == kept == store.keep_choice(DATA, "mine")
    store.change_choice(DATA, "set", [4, 5])
    for name in ("mine", "MINE"):
        with pytest.raises(StoreError, match="'mine' already"):
            store.keep_choice(DATA, name)
    assert [(one.name, one.rows) for one in store.choices(DATA)] == [("mine", (3,))]


def test_what_is_set_where_a_part_was_seen_leaves_the_rest(store):
    store.change_choice(DATA, "set", range(5000))
    seen = range(10, 20)
    now = store.change_choice(DATA, "set", [12, 6000], among=seen).rows
    assert set(now) == set(range(5000)) - set(seen) | {12, 6000}
    assert store.change_choice(DATA, "set", [], among=now).rows == ()


def test_a_set_that_has_not_changed_is_read_once(store, monkeypatch):
    store.change_choice(DATA, "set", [3, 7])
    store.keep_choice(DATA, "mine")
    before = store.choice(DATA)
    monkeypatch.setattr(Path, "read_text", lambda *args, **more: pytest.fail("read again"))
    assert store.choice(DATA) == before and before.name == "mine"


def test_a_set_that_cannot_be_renamed_or_deleted_says_so(store, monkeypatch):
    def refuses(*args, **more):
        raise PermissionError(13, "Permission denied")

    store.change_choice(DATA, "set", [3])
    store.keep_choice(DATA, "mine")
    monkeypatch.setattr(Path, "rename", refuses)
    monkeypatch.setattr(Path, "unlink", refuses)
    with pytest.raises(StoreError, match=r"could not be renamed \(Permission denied\)"):
        store.rename_choice(DATA, "mine", "yours")
    with pytest.raises(StoreError, match=r"could not be deleted \(Permission denied\)"):
        store.drop_choice(DATA, "mine")
    assert [one.name for one in store.choices(DATA)] == ["mine"]


def test_a_kept_set_is_renamed_and_deleted_and_the_tray_stays(store):
    store.change_choice(DATA, "set", [4, 5])
    store.keep_choice(DATA, "mine")
    assert store.rename_choice(DATA, "mine", "Mine").name == "Mine"  # in another case
    assert store.rename_choice(DATA, "Mine", "mine").rows == (4, 5)
    assert store.rename_choice(DATA, "mine", "Mine again").rows == (4, 5)
    assert [one.name for one in store.choices(DATA)] == ["Mine again"]
    store.drop_choice(DATA, "Mine again")
    assert store.choices(DATA) == [] and store.choice(DATA).rows == (4, 5)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("  ", "needs a name"),
        ("../up", "letters"),
        ("a/b", "letters"),
        ("col#umn", "letters"),
        (".hidden", "letters"),
        ("ends.", "letters"),
        ("x" * (LETTERS + 1), f"at most {LETTERS}"),
        ("Chosen by hand", "the tray itself"),
    ],
)
def test_a_name_that_no_file_can_have_is_told_in_a_sentence(store, name, why):
    store.change_choice(DATA, "set", [3])
    with pytest.raises(StoreError, match=why):
        store.keep_choice(DATA, name)
    assert store.choices(DATA) == []


def test_what_cannot_be_done_is_told_in_a_sentence(store):
    with pytest.raises(StoreError, match="Nothing is chosen"):
        store.keep_choice(DATA, "mine")
    for act in (store.open_choice, store.drop_choice):
        with pytest.raises(StoreError, match="No set of digits is kept as 'mine'"):
            act(DATA, "mine")
    store.change_choice(DATA, "set", [3])
    store.keep_choice(DATA, "mine")
    store.keep_choice(DATA, "yours")
    for taken in ("yours", "Yours"):
        with pytest.raises(StoreError, match="already"):
            store.rename_choice(DATA, "mine", taken)
    store.choice(DATA).path.write_text("index\n3\n")
    assert [one.name for one in store.choices(DATA)] == ["yours"]  # the other is not one of ours
    tray = store.choice(DATA).path.with_name(f"{TRAY}.csv")
    tray.write_text("row\nthree\n")
    with pytest.raises(StoreError, match="cannot be read as a chosen set"):
        store.choice(DATA)


def test_the_version_of_a_list_changes_with_what_it_holds(store):
    first = store.change_choice(DATA, "set", [3])
    second = store.change_choice(DATA, "set", [4])
    assert first.path == second.path and first.version != second.version
    assert store.list_version(second.rule) == second.version
    assert store.list_version("class:5") is None
