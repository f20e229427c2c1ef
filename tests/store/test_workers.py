"""What is known of workers that end before they are ready, and of those of another home."""

from cu_core.store import Store
from tests.store.samples import REQUEST


def test_workers_that_end_at_their_start_are_counted_until_one_is_ready(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    for code in (1, 1):
        store.start_failed(code)
    assert store.failed_starts().words(store.home) == ""  # the next one may come
    store.start_failed(-9)
    said = store.failed_starts().words(store.home)
    assert "3 workers" in said and "signal 9" in said and str(store.home / "worker.log") in said
    assert store.run(run_id).state == "queued" and store.workers() == []
    store.is_ready()
    assert store.failed_starts().words(store.home) == ""
    with store.claim_run(run_id) as claimed:
        assert claimed.run_id == run_id


def test_two_homes_share_neither_workers_nor_what_they_take(store: Store) -> None:
    other = Store(store.home.with_name("another"), bundled=None)
    store.enqueue(REQUEST)
    place = store.register_worker(101)
    with store.only_one("spawn") as here, other.only_one("spawn", 0) as there:
        assert here and there
    assert (store.idle_workers(), other.idle_workers()) == (1, 0)
    assert other.claim() is None and store.claim() is not None
    place.release()
