"""What is said of a run whose process is gone: whether memory was the likely reason."""

from pathlib import Path

import psutil
import pytest

from cu_core import process
from cu_core.process import most_memory, peak_memory
from cu_core.spec import RunProgress
from cu_core.store import Store
from tests.store.samples import running


@pytest.mark.parametrize(
    ("share", "said", "unsaid"),
    [
        (0.9, "probably ended it for lack of memory", "not the likely reason"),
        (0.1, "not the likely reason", "probably"),
        (0.0, "Resume takes up its last checkpoint", "memory"),
    ],
)
def test_a_lost_run_says_whether_memory_was_the_reason(
    store: Store, share: float, said: str, unsaid: str
) -> None:
    claimed, writer = running(store)
    there = most_memory()
    if share:
        writer.put(RunProgress(peak_bytes=int(share * there)))
    writer.close()
    claimed.release()  # as a worker that died
    record = store.run(claimed.run_id)
    assert record.state == "lost" and "Resume" in record.message
    assert said in record.message and unsaid not in record.message
    assert (f"of {there / 1e9:.1f} GB" in record.message) == bool(share)


def test_a_container_is_held_to_less_than_its_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = tmp_path / "memory.max", tmp_path / "max"
    held.write_text("123456\n")
    free.write_text("max\n")
    monkeypatch.setattr(process, "LIMITS", (free, tmp_path / "none"))
    assert most_memory() == psutil.virtual_memory().total
    monkeypatch.setattr(process, "LIMITS", (free, held))
    assert most_memory() == 123456


def test_a_process_knows_what_it_has_had() -> None:
    before = peak_memory()
    if before == 0:
        pytest.skip("this system does not say")
    held = bytes(50_000_000)
    assert peak_memory() >= psutil.Process().memory_info().rss >= len(held)
