"""The bench of the sweep page: what it opens is a whole sweep, and its text says what it took."""

from pathlib import Path

from bench import report, sweep_page
from cu_core.figures.sweeps import figures
from cu_core.store import Store


def test_the_made_up_sweep_has_something_for_every_figure(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = store.sweep(sweep_page.made_up(store, 40))
    assert record.state == "done" and record.request is not None
    trials = record.progress.trials
    assert len(trials) == 40 and any(trial.front for trial in trials)
    infos = [figures()[key].info(record.request, record.progress) for key in sweep_page.FIGURES]
    assert None not in infos


def test_the_text_says_the_median_and_whether_it_is_quick_enough() -> None:
    sizes = [report.target("front, s", 2.5, most=sweep_page.MOST)]
    found = {"trials": 500, "took": {"front": [1.0, 3.0, 2.5]}, "sizes": sizes}
    ran = {"command": "python -m bench sweep_page", "date": "today"}
    said = sweep_page.text({**found, **ran, "machine": {"cores": 2}, "seconds": {"wall": 9}})
    assert "| 500 | front | 2.50 | 1.00 | 3.00 | 3 |" in said and "cores 2, wall, s 9" in said
    assert "| front, s | ≤ 2 | 2.5 | no |" in said
