"""The doctor finds what was broken on purpose, and names it."""

from cu_core.store import Store
from cu_core.store.health import findings
from tests.store.samples import finished, running


def said(store: Store, level: str) -> list[str]:
    return [one.says for one in findings(store) if one.level == level]


def test_a_sound_home_has_no_fault(store: Store) -> None:
    finished(store)
    faults = [says for says in said(store, "fault") if "GB are free" not in says]
    assert faults == [] and "Sound: 1." in said(store, "well")


def test_damaged_and_lost_runs_are_named_with_what_to_do(store: Store) -> None:
    broken, sound = finished(store), finished(store)
    path = store.paths.run(broken) / "run.db"
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    claimed, writer = running(store)
    writer.close()
    claimed.release()  # as a worker that died
    faults = " ".join(said(store, "fault"))
    assert broken in faults and f"lethe delete {broken}" in faults and sound not in faults
    assert f"lethe resume {claimed.run_id}" in " ".join(said(store, "note"))
