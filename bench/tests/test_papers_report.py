"""The papers' bench: what is printed, and its arithmetic by hand."""

from typing import Any

import pytest
import yaml

from bench import papers_report, papers_rules, papers_run, papers_text
from cu_core import methods
from cu_core.spec import UnlearnRequest


@pytest.mark.parametrize(
    ("asked", "method", "expected"),
    [
        (("digits", "small-cnn", "class:5", "class"), "contrastive", [85.79]),
        (("parquet:x", "resnet34", "class:5", "class"), "contrastive", [86.59]),
        (("digits", "small-cnn", "random:0.1", "sample"), "contrastive", [82.82, 94.18]),
        (("digits", "small-cnn", "random:0.5", "sample"), "coun", [92.36]),
        (("tv:cifar100", "resnet18", "random:0.1", "sample"), "coun", [72.88]),
        (("digits", "small-cnn", "class:5", "class"), "ssd", []),
    ],
)
def test_printed_rows(asked: tuple[str, ...], method: str, expected: list[float]) -> None:
    rows = papers_report.find(*asked).get(method, [])
    assert [row["values"].get("ta") for row in rows if "ta" in row["values"]] == expected


def test_printed_gaps_are_those_of_the_printed_numbers_but_for_the_noted_ones() -> None:
    wrong = []
    for table in yaml.safe_load(papers_report.TABLES.read_text()):
        assert all(
            len(row) == len(table["columns"])
            for net in table["rows"].values()
            for row in net.values()
        )
        for network, rows in table["rows"].items():
            for method, row in rows.items():
                if "avg_gap" in table["columns"] and method != "retrained" and row[0] is not None:
                    gap = sum(abs(a - b) for a, b in zip(row[:4], rows["retrained"], strict=False))
                    if abs(gap / 4 - row[4]) > 0.011:
                        wrong.append(f"{network}/{method}")
                        assert f"{network}/{method}" in table["notes"]
    assert wrong == ["resnet18/salun", "resnet18/neg-grad-plus"]


# --- arithmetic -------------------------------------------------------------------------------


def cell(seed: int, name: str = "m", **values: float) -> dict[str, Any]:
    usual = {"ra": 100.0, "ua": 4.0, "ta": 90.0, "mia_efficacy": 10.0}
    retrained = {"ra": 100.0, "ua": 5.0 + seed, "ta": 91.0, "mia_efficacy": 12.0}
    return {
        "name": name,
        "request": {"model_seed": seed, "method": "coun"},
        "metrics": {**usual, **values},
        "retrained": retrained,
        "steps": 10 + seed,
        "forward": 100,
        "backward": 50,
        "seconds": 1.0,
    }


def test_gaps_are_to_the_mean_of_the_retrained_seeds() -> None:
    cells = [cell(0), cell(1, ua=6.0), cell(2)]
    row = papers_report.row(cells, papers_report.by_seed(cells, "retrained"), [], {})
    # |100-100|, |4-6| or |6-6|, |90-91|, |10-12|
    assert row["stats"]["avg_gap"]["mean"] == pytest.approx((5 / 4 + 3 / 4 + 5 / 4) / 3)
    assert row["stats"]["avg_gap"]["n"] == 3 and row["stats"]["steps"]["mean"] == 11
    # as the paper has it, the distance of the means: |100-100|, |4.67-6|, |90-91|, |10-12|
    assert row["stats"]["gap_of_means"]["mean"] == pytest.approx((4 / 3 + 1 + 2) / 4)
    assert row["inside"] == {"ra": True, "ua": False, "ta": False, "mia_efficacy": False}
    assert row["stats"]["avg_gap_without_mia"]["mean"] == pytest.approx((3 / 3 + 1 / 3 + 3 / 3) / 3)


def test_an_attack_that_retrained_seeds_answer_as_they_like_counts_for_nothing() -> None:
    cells = [cell(seed, ua=value) for seed, value in enumerate((4.0, 6.0, 6.0))]
    for one, mia in zip(cells, (100.0, 100.0, 0.0), strict=True):
        one["retrained"]["mia_efficacy"] = mia
    retrained = papers_report.by_seed(cells, "retrained")
    row = papers_report.row(cells, retrained, [], {})
    assert "avg_gap" not in row["stats"] and "gap_of_means" not in row["stats"]
    assert "avg_gap_without_mia" in row["stats"] and "mia_efficacy" not in row["inside"]
    assert "MIA is void, 3 retrained seeds read 0 to 100" in row["reasons"]["avg_gap"]
    farther = papers_report.row([cell(0, "b", ta=50.0)] * 2, retrained, [], {})
    lost = papers_report.row(
        [{"name": "c", "request": cells[0]["request"], "error": "It diverged."}], retrained, [], {}
    )
    assert papers_report.sorted_rows([lost, farther, row]) == [row, farther, lost]


def test_a_single_run_has_no_asterisk() -> None:
    cells = [cell(0), cell(1)]
    retrained = papers_report.by_seed(cells, "retrained")
    assert papers_report.row(cells[:1], retrained, [], {})["inside"] == {}


def test_a_run_that_diverged_is_said_and_not_averaged() -> None:
    lost = {k: v for k, v in cell(1).items() if k in ("name", "request")} | {
        "error": "It diverged."
    }
    row = papers_report.row([cell(0), lost], [], [], {})
    assert row["stats"]["ra"]["n"] == 1 and row["errors"] == ["seed 1: It diverged."]
    assert papers_report.row([lost], [], [], {})["reasons"] == {}


def test_missing_measures_have_a_reason() -> None:
    bare = cell(0)
    del bare["metrics"]["mia_efficacy"]
    bare["reasons"] = {"rho_knn": "not computed: too near"}
    why = papers_report.row([bare], [], [], {})["reasons"]
    assert why["rho_knn"] == "not computed: too near"
    assert why["avg_gap"] == "not computed: it needs MIA"
    assert why["mia_efficacy"] == "not computed: there is no measure of this name"


def test_a_mean_over_fewer_seeds_says_so() -> None:
    cells = [cell(seed, rho_knn=0.5) for seed in range(3)]
    del cells[1]["metrics"]["rho_knn"]
    cells[1]["reasons"] = {"rho_knn": "not computed: too near"}
    row = papers_report.row(cells, papers_report.by_seed(cells, "retrained"), [], {})
    assert row["reasons"]["rho_knn"] == "not computed for 1 of 3 seeds: too near"
    at = list(papers_text.MEASURES).index("rho_knn")
    assert papers_text.measured(row)[at] == "0.50 ± 0.00 (n = 2)"
    assert "n =" not in "".join(papers_text.measured(row)[:at])
    assert "rho 15-nn not computed for 1 of 3 seeds: too near" in papers_text.notes([row], [])


def test_a_cell_is_measured_again_beside_other_seeds_or_by_other_metrics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cu_core import metrics

    def key(*beside: int) -> str:
        return papers_run.Case("x", UnlearnRequest(), beside=beside).key

    assert key(0, 1) == key(1, 0) != key(0, 1, 2)
    before = key(0)
    monkeypatch.setattr(metrics, "VERSION", "other")
    assert key(0) != before


def test_rules_are_tried_on_the_snapshots() -> None:
    accuracy = [100.0, 60.0, 9.0, 4.0]  # at steps 0, 2, 4, 6
    steps = [0, 2, 4, 6]
    flat = {"ra": [100.0, 98.0, 97.0, 94.0], "ta": [95.0, 95.0, 95.0, 50.0]}
    curves = {"forget_acc_train": accuracy, "forget_acc_test": accuracy, **flat}
    curves["ua"] = [100 - a for a in accuracy]
    one = {
        "curves": {name: (steps, values) for name, values in curves.items()},
        "retrained": {"ra": 98.0, "ua": 90.0, "ta": 95.0},
        "forget": {"kind": "class"},
        "class_names": [str(i) for i in range(10)],
    }
    stops = {stop["rule"]: stop for stop in papers_rules.stops(one)}
    assert stops["best gap there is"]["step"] == 4
    assert stops["best gap there is"]["gap"] == pytest.approx(2 / 3)
    assert stops["Eq. 8"]["step"] == 4 and stops["Eq. 8"]["above"] == 0
    assert stops["Eq. 9"]["step"] == 2
    assert stops["Eq. 9"]["gap"] == pytest.approx(50 / 3)
    assert stops["Eq. 9"]["above"] == pytest.approx(48 / 3)
    assert stops["100 % of the steps"]["step"] == 6
    assert stops["SCRUB+R"]["step"] == 6  # the forget test accuracy of the end is 4 %
    one["forget"] = {"kind": "sample"}
    stops = {stop["rule"]: stop for stop in papers_rules.stops(one)}
    assert "Eq. 8" not in stops
    assert stops["SCRUB+R"]["step"] == 2  # 60 is nearer to the end's test accuracy of 50 than 9


def test_ablations_take_the_knobs_there_are() -> None:
    there, missing = papers_rules.ablations()
    names = [name for name, _ in there]
    assert names[:4] == ["as it is", "push only", "pull only", "no cross-entropy"]
    assert len(there) + len(missing) == len(papers_rules.PARTS)
    for _, changed in there:
        methods.get(papers_rules.METHOD).make(**changed)
