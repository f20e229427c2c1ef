"""A home as one file and back: nothing lost, nothing damaged taken for sound, nothing outside."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION, UnlearnRequest
from cu_core.store import Store
from cu_core.store.backup import MANIFEST, backup, restore
from cu_core.store.begun import begun, sign
from tests.store.samples import arrays, finished, running


def unheard(done: int, total: int) -> None: ...


def contents(store: Store, run_id: str) -> tuple[object, ...]:
    reader = store.reader(run_id)
    rows = [(row.step, row.sha256) for row in reader.snapshots()]
    return store.run(run_id), reader.metrics(), rows, reader.events()


def test_a_home_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    run_id, ticks = finished(store), []
    (store.paths.incoming / "upload").mkdir()
    (store.paths.incoming / "upload" / "x.npz").write_bytes(b"of the day")
    made = backup(store.home, tmp_path / "b.tar", lambda *at: ticks.append(at))
    assert [done for done, _ in ticks] == list(range(1, made.files + 1))
    again = Store(tmp_path / "again", bundled=None)
    again_home = again.home
    for folder in again_home.iterdir():
        folder.rmdir() if folder.is_dir() else folder.unlink()
    assert restore(tmp_path / "b.tar", again_home, unheard) == made
    again = Store(again_home, bundled=None)
    assert contents(again, run_id) == contents(store, run_id)
    assert not any(again.paths.incoming.iterdir()) and not list(tmp_path.glob(".*"))


def test_what_a_visitor_might_read_is_where_the_home_is_now(store: Store, tmp_path: Path) -> None:
    run_id = finished(store)
    sign(store.paths.run(run_id), "ann", f"{store.paths.runs}:/srv/data")
    backup(store.home, tmp_path / "b.tar", unheard)
    restore(tmp_path / "b.tar", tmp_path / "home", unheard)
    again = Store(tmp_path / "home", bundled=None)
    assert begun(again.paths.run(run_id)).within == f"{again.paths.runs}:/srv/data"


def test_a_run_that_is_being_made_is_in_it_as_far_as_it_is(store: Store, tmp_path: Path) -> None:
    claimed, writer = running(store)
    writer.metrics(3, {"ua": 0.5})
    backup(store.home, tmp_path / "b.tar", unheard)
    writer.metrics(4, {"ua": 0.6})
    restore(tmp_path / "b.tar", tmp_path / "home", unheard)
    again = Store(tmp_path / "home", bundled=None)
    assert again.run(claimed.run_id).state == "lost"
    assert again.reader(claimed.run_id).metrics()["ua"] == ([3], [0.5])
    writer.close()
    claimed.release()


def test_what_a_run_adds_meanwhile_is_never_missed_by_its_record(
    store: Store, tmp_path: Path
) -> None:
    """A snapshot at every file that is copied."""
    claimed, writer = running(store)
    writer.snapshot(0, **arrays(0))
    (store.home / "models" / "m").mkdir(parents=True)
    for i in range(3):
        (store.home / "models" / "m" / f"{i}").write_bytes(b"x")
    steps = iter(range(1, 99))

    def add(done: int, total: int) -> None:
        writer.snapshot(step := next(steps), **arrays(step))

    backup(store.home, tmp_path / "b.tar", add)
    writer.close()
    claimed.release()
    restore(tmp_path / "b.tar", tmp_path / "home", unheard)
    reader = Store(tmp_path / "home", bundled=None).reader(claimed.run_id)
    assert reader.snapshots() and all(row.path.exists() for row in reader.snapshots())


def test_a_damaged_run_is_kept_as_it_is_and_the_others_whole(store: Store, tmp_path: Path) -> None:
    broken, sound = finished(store), finished(store)
    (store.paths.run(broken) / "run.db").write_bytes(b"no database")
    backup(store.home, tmp_path / "b.tar", unheard)
    restore(tmp_path / "b.tar", tmp_path / "home", unheard)
    again = Store(tmp_path / "home", bundled=None)
    assert (again.paths.run(broken) / "run.db").read_bytes() == b"no database"
    assert contents(again, sound) == contents(store, sound)


def test_a_list_of_samples_goes_along(store: Store, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("row\n3\n5\n")
    run_id = store.enqueue(UnlearnRequest(forget=f"indices:{tmp_path / 'rows.csv'}"))
    backup(store.home, tmp_path / "b.tar", unheard)
    restore(tmp_path / "b.tar", tmp_path / "home", unheard)
    asked = Store(tmp_path / "home", bundled=None).run(run_id).request
    assert isinstance(asked, UnlearnRequest)
    path = Path(asked.forget.removeprefix("indices:"))
    assert path.is_relative_to(tmp_path / "home") and path.read_text() == "row\n3\n5\n"


def test_a_link_is_not_left_out_in_silence(store: Store, tmp_path: Path) -> None:
    store.paths.models.rmdir()
    (tmp_path / "large disk").mkdir()
    store.paths.models.symlink_to(tmp_path / "large disk", target_is_directory=True)
    with pytest.raises(StoreError, match="is a link"):
        backup(store.home, tmp_path / "b.tar", unheard)
    assert not list(tmp_path.glob("*b.tar*"))


@pytest.mark.parametrize("inside", ["file", "file/home"])
def test_a_place_where_no_home_can_be_is_named(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = archive(tmp_path / "b.tar", {})
    with pytest.raises(StoreError, match="cannot be made"):
        restore(path, tmp_path / inside, unheard)


def test_a_home_that_has_something_is_not_touched(store: Store, tmp_path: Path) -> None:
    finished(store)
    backup(store.home, tmp_path / "b.tar", unheard)
    with pytest.raises(StoreError, match="is not empty"):
        restore(tmp_path / "b.tar", store.home, unheard)
    with pytest.raises(StoreError, match="lies in the home folder"):
        backup(store.home, store.home / "b.tar", unheard)


def archive(path: Path, files: dict[str, bytes], layout: int = SCHEMA_VERSION) -> Path:
    hashes = {name: "0" * 64 for name in files}
    said = json.dumps({"layout": layout, "home": "/old", "sha256": hashes}).encode()
    with tarfile.open(path, "w") as made:
        for name, data in {**files, MANIFEST: said}.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            made.addfile(about, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["../outside", "/tmp/lethe-outside"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "b.tar", {name: b"x"})
    with pytest.raises(StoreError):
        restore(path, tmp_path / "in" / "home", unheard)
    assert not (tmp_path / "in" / "outside").exists() and not Path("/tmp/lethe-outside").exists()
    assert not list((tmp_path / "in").iterdir())


def test_a_link_is_no_file(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as made:
        about = tarfile.TarInfo("runs")
        about.type, about.linkname = tarfile.SYMTYPE, "/etc"
        made.addfile(about)
    with pytest.raises(StoreError, match="'runs', which is no file"):
        restore(tmp_path / "b.tar", tmp_path / "home", unheard)


def test_every_flipped_byte_of_a_file_is_found(store: Store, tmp_path: Path) -> None:
    run_id = finished(store)
    backup(store.home, tmp_path / "b.tar", unheard)
    whole = bytearray((tmp_path / "b.tar").read_bytes())
    with tarfile.open(tmp_path / "b.tar") as made:
        places = [m.offset_data + m.size // 2 for m in made.getmembers() if m.size]
    for i, at in enumerate(places):
        whole[at] ^= 1
        (tmp_path / "c.tar").write_bytes(whole)
        with pytest.raises(StoreError, match=r"c\.tar"):
            restore(tmp_path / "c.tar", tmp_path / f"home{i}", unheard)
        assert not (tmp_path / f"home{i}").exists()
        whole[at] ^= 1
    assert run_id


def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no archive")
    with tarfile.open(tmp_path / "b", "w"):
        pass
    later = archive(tmp_path / "c", {}, SCHEMA_VERSION + 1)
    for path, said in (
        (tmp_path / "a", "cannot be restored"),
        (tmp_path / "b", "is no backup"),
        (later, "made by a later Lethe"),
        (tmp_path / "none", "cannot be restored"),
    ):
        with pytest.raises(StoreError, match=said):
            restore(path, tmp_path / "home", unheard)
        assert not (tmp_path / "home").exists()


def test_what_is_packed_or_claims_more_than_it_has_is_not_unpacked(tmp_path: Path) -> None:
    """A backup is written as it is, so that a small file cannot fill the disk."""
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as made:
        about = tarfile.TarInfo("models/zeros")
        about.size = 1 << 20
        made.addfile(about, io.BytesIO(bytes(1 << 20)))
    about = tarfile.TarInfo("models/zeros")
    about.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(1 << 60)}
    about.pax_headers |= {"GNU.sparse.minor": "1", "GNU.sparse.map": f"{1 << 60},0"}
    with tarfile.open(tmp_path / "b.tar", "w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(about)
    for name, said in (("a.tar.gz", "cannot be restored"), ("b.tar", "more than it can hold")):
        with pytest.raises(StoreError, match=said):
            restore(tmp_path / name, tmp_path / "home", unheard)
        assert not (tmp_path / "home").exists() and not list(tmp_path.glob(".*"))
