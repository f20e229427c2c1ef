"""Files that were made to be handed over: found again while the run says the same, then not."""

import os
import time
from pathlib import Path

import pytest

from cu_core.errors import UnknownRun
from cu_core.spec import Export
from cu_core.store import Store, handouts
from cu_core.store.paths import DAY_S
from tests.pages.fabricate import finished


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, bundled=None)


def files(store: Store) -> list[bytes]:
    return sorted(path.read_bytes() for path in store.paths.handouts.iterdir())


def test_a_file_is_found_by_what_was_asked(store: Store) -> None:
    run_id = finished(store)
    asked = Export(run=run_id, format="gif", opens={"view": "map"})
    assert store.handout(asked, ".gif") is None
    store.save_handout(asked, ".gif", b"frames")
    path = store.handout(asked, ".gif")
    assert path is not None and path.read_bytes() == b"frames" and path.suffix == ".gif"
    for other in ({"format": "mp4"}, {"opens": {}}, {"run": finished(store)}):
        assert store.handout(asked.model_copy(update=other), ".gif") is None
    with pytest.raises(UnknownRun):
        store.handout(Export(run="20260101-000000-000-abcdef", format="gif"), ".gif")


def test_a_run_that_says_otherwise_has_no_file_yet(store: Store) -> None:
    asked = Export(run=finished(store), format="gif")
    store.save_handout(asked, ".gif", b"frames")
    store.rename(asked.run, "Called otherwise")
    assert store.handout(asked, ".gif") is None
    store.save_handout(asked, ".gif", b"with its name")
    with store.ended(asked.run):
        writer = store.writer(asked.run)
        writer.finish(store.run(asked.run).summary.model_copy(update={"headline": "Counted"}))
        writer.close()
    assert store.handout(asked, ".gif") is None


def test_files_go_after_a_day_and_when_there_are_too_many_bytes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(store)
    monkeypatch.setattr(handouts, "KEPT_BYTES", 25)
    yesterday = store.save_handout(Export(run=run_id, format="old"), ".gif", b"old")
    os.utime(yesterday, (time.time() - DAY_S - 1,) * 2)
    half_made = store.paths.handouts / ".x.gif.0011.tmp"
    half_made.write_bytes(b"killed")
    os.utime(half_made, (time.time() - DAY_S - 1,) * 2)
    for age, key in ((30, "first"), (20, "second")):
        path = store.save_handout(Export(run=run_id, format=key), ".gif", key.encode() * 2)
        os.utime(path, (time.time() - age,) * 2)
    assert files(store) == [b"firstfirst", b"secondsecond"]
    store.save_handout(Export(run=run_id, format="third"), ".gif", b"third")
    assert files(store) == [b"secondsecond", b"third"]
    store.save_handout(Export(run=run_id, format="large"), ".gif", b"x" * 40)
    assert files(store) == [b"x" * 40]  # the newest stays in any case
