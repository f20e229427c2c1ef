"""Rows of runs: titles that differ, knobs that differ, gaps that are no difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cu_core.comparison.differing import differing
from cu_core.comparison.rows import FEATURES, Known, Row, found, on_record, rows
from cu_core.spec import (
    TRIAL,
    Catalog,
    Provenance,
    RunProgress,
    RunRecord,
    Summary,
    UnlearnRequest,
    WatchRequest,
)
from cu_core.store import Labels, Store, numbers
from tests.comparison.made_up import CATALOG, DIGITS, ended, summary

NAMES = st.sampled_from(["Mine", "Mine, run 1", "Mine, run 2", "Mine, run 2, run 1", "Yours"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield Store(tmp_path / "home", bundled=None)


def known(*requests: UnlearnRequest, **more: object) -> list[Known]:
    records = [
        RunRecord(f"run-{n}", "Mine", "done", float(n), request, summary=summary())
        for n, request in enumerate(requests)
    ]
    return [Known(record, RunProgress(class_names=DIGITS), Labels()) for record in records]


def settings(*requests: UnlearnRequest, catalog: Catalog = CATALOG) -> dict[str, tuple]:
    runs = [(run.record, run.progress) for run in known(*requests)]
    return {setting.key: setting.values for setting in differing(runs, catalog)}


@given(st.lists(NAMES, max_size=12))
def test_no_two_runs_have_the_same_title(names: list[str]) -> None:
    called = {f"run-{n}": name for n, name in enumerate(names)}
    apart = numbers(called)
    titles = [called[run_id] + apart[run_id] for run_id in called]
    assert len(set(titles)) == len(titles)
    for run_id, name in called.items():  # who is alone in its name keeps it
        assert names.count(name) > 1 or apart[run_id] == ""


def test_twins_are_numbered_from_the_oldest_whatever_the_order() -> None:
    runs = known(*[UnlearnRequest(seed=n) for n in range(3)])
    made = rows(runs[::-1], CATALOG)
    assert [row.title for row in made] == ["Mine, run 3", "Mine, run 2", "Mine, run 1"]
    assert [row.method for row in made] == ["Contrastive unlearning"] * 3


def test_only_what_differs_has_a_column_and_a_preset_is_its_knobs() -> None:
    assert settings(UnlearnRequest(), UnlearnRequest()) == {}
    one = UnlearnRequest(preset="sharp", seed=1)
    other = UnlearnRequest(hparams={"lr": 0.1})
    assert settings(one, other) == {
        "knob/temperature": (0.1, 0.7),
        "knob/lr": (0.01, 0.1),
        "seed": (1, 0),
    }
    assert settings(UnlearnRequest(hparams={"temperature": 0.7}), UnlearnRequest()) == {}


def test_a_knob_that_one_method_lacks_differs_only_among_the_others() -> None:
    sharp, usual = UnlearnRequest(preset="sharp"), UnlearnRequest()
    salun = UnlearnRequest(method="salun")
    assert settings(usual, salun) == {}  # the method's own column says it
    assert settings(usual, salun, sharp) == {"knob/temperature": (0.7, None, 0.1)}


def test_the_knobs_that_ran_count_whatever_the_declaration_says_today() -> None:
    ran = summary(provenance=Provenance(knobs={"temperature": 0.3}))
    old = RunRecord("old", "Old", "done", 0.0, UnlearnRequest(), summary=ran)
    runs = [(old, RunProgress()), *[(r.record, r.progress) for r in known(UnlearnRequest())]]
    found = {setting.key: setting.values for setting in differing(runs, CATALOG)}
    assert found["knob/temperature"] == (0.3, 0.7)


def test_a_column_is_all_numbers_or_all_text() -> None:
    pictures = settings(UnlearnRequest(every=5), UnlearnRequest())["every"]
    assert pictures == ("5", "automatic")
    watched = RunRecord("w", "w", "done", 0.0, WatchRequest(dataset="mine", model="net", seed=3))
    runs = [(r.record, r.progress) for r in known(UnlearnRequest(seed=1))]
    found = {s.key: s for s in differing([*runs, (watched, RunProgress())], CATALOG)}
    assert found["seed"].values == (1, 3) and found["seed"].is_number


def test_a_gap_within_the_seeds_is_no_difference() -> None:
    near = summary(0.5)  # the seeds lie a point apart
    record = RunRecord("near", "near", "done", 0.0, UnlearnRequest(), summary=near)
    far = RunRecord("far", "far", "done", 1.0, UnlearnRequest(), summary=summary(3.0))
    alone = RunRecord(
        "alone", "alone", "done", 2.0, UnlearnRequest(), summary=summary(0.5, seeds=False)
    )
    made = rows([Known(r, RunProgress(), Labels()) for r in (record, far, alone)], CATALOG)
    assert made[0].gaps["ua"] == 0.5 and "ua" in made[0].within
    assert [row.distance("ua") for row in made] == [0.0, 3.0, 0.5]
    # Of the far one TA alone is within: its mean must not hide UA.
    assert "ta" in made[1].within and "avg_gap_without_mia" not in made[1].within
    assert made[0].distance("avg_gap_without_mia") == 0.0
    assert made[2].distance("avg_gap_without_mia") == pytest.approx(0.2)
    assert made[0].distance("avg_gap") is None  # no attack was measured


def test_runs_within_the_seeds_are_equal_in_any_order_by_gap() -> None:
    made = [
        Row(f"r{n}", "", gaps={"ua": gap}, within=frozenset({"ua"} if abs(gap) <= 1 else ()))
        for n, gap in enumerate((0.9, -0.1, 4.0, -1.0, -2.0))
    ]
    ranked = sorted(made, key=lambda row: row.distance("ua") or 0)
    assert [row.run_id for row in ranked] == ["r0", "r1", "r3", "r4", "r2"]


def test_features_that_are_not_known_say_why() -> None:
    said = Summary(metrics={"ua": 3.0}, reasons={FEATURES: "no retrained model"})
    records = [
        RunRecord("a", "a", "done", 0.0, UnlearnRequest(), summary=said),
        RunRecord("b", "b", "running", 1.0, UnlearnRequest()),
    ]
    made = rows([Known(r, RunProgress(), Labels()) for r in records], CATALOG)
    assert [row.values[FEATURES] for row in made] == [None, None]
    assert [row.why for row in made] == ["no retrained model", "not measured yet"]


def test_damage_is_said_and_hides_no_other(store: Store) -> None:
    ids = [ended(store, UnlearnRequest(seed=n)) for n in range(3)]
    (store.paths.run(ids[0]) / "config.yaml").write_text("x: [")
    (store.paths.run(ids[1]) / "labels.json").write_text("{")
    made = {row.run_id: row for row in rows(on_record(store, store.runs()), CATALOG)}
    assert made[ids[0]].state == "damaged" and "cannot be read" in made[ids[0]].said
    assert made[ids[1]].state == "done" and "anew" in made[ids[1]].note
    assert made[ids[2]].forget == "class 5" and made[ids[2]].seconds == 22.0


def test_trials_of_a_sweep_are_rows_where_they_are_asked_for(store: Store) -> None:
    ended(store, UnlearnRequest(trial="sweep-0001/3"))
    assert on_record(store, store.runs("unlearn")) == []
    assert len(rows(on_record(store, store.runs(TRIAL)), CATALOG)) == 1


def test_filters_hold_together() -> None:
    made = [
        Row("a", "Mine", data="digits", method="SalUn", state="done", tags=("good", "talk")),
        Row("b", "Yours", data="digits", method="SCRUB", state="failed", note="For the Talk"),
    ]
    ids = lambda **by: [row.run_id for row in found(made, **by)]  # noqa: E731
    assert ids() == ["a", "b"] and ids(text="talk") == ["a", "b"]
    assert ids(text="talk mine") == ["a"] and ids(tag=["good", "bad"]) == ["a"]
    assert (
        ids(data=["digits"], state=["failed"]) == ["b"] and ids(method=["SCRUB"], tag=["x"]) == []
    )
