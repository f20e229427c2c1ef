"""The table of all metrics: bands of retrained seeds, intervals, and values by block and class."""

import re
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from cu_core.spec import SeedRange, Summary
from tests.pages import fabricate

METRICS = [
    fabricate.metric("ta", "TA", "high"),
    fabricate.metric("mia", "Loss attack", unit="AUC", range=(0.0, 1.0)),
    fabricate.metric("share", "Predicted as", per_class=True),
    fabricate.metric("cka", "CKA by layer", unit="CKA", range=(0.0, 1.0)),
    fabricate.metric("rho", "rho", unit="of original"),
]
SUMMARY = Summary(
    metrics={"ta": 90.0, "mia": 0.5, "mia/low": 0.41, "mia/high": 0.6, "rho": None}
    | {"ta/tuning": 89.0, "ta/reported": 91.0}  # for who chooses among many: no row
    | {"share/0": 0.2, "share/1": 99.0, "share/12": 0.8, "cka/0": 0.9, "cka/layer1": 0.7},
    original={"ta": 91.0, "share/0": 0.4, "cka/0": 1.0},
    retrained={"ta": 90.5, "mia": 0.52, "share/1": 80.0, "share/2": 20.0, "cka/0": 0.95},
    reasons={"rho": "not computed: too near"},
    band={"ta": SeedRange(89.9, 90.7), "mia": SeedRange(0.51, 0.53)},
    inside={"ta": True, "mia": False, "cka/0": True},
    gap={"ta": 0.5, "mia": 0.02, "cka/0": 0.05},
    retrained_seeds=("a", "b", "c"),
)


def page(metrics, summary):  # type: ignore[no-untyped-def]
    from ui import results

    results.tiles(metrics, summary)
    results.table(metrics, summary, ("cat", "<b>dog</b>", "bird"))


def drawn(summary: Summary) -> tuple[str, dict[str, list[str]]]:
    """The words of the tiles, and the cells of each row by the first words of its head."""
    app = AppTest.from_function(page, args=(METRICS, summary)).run()
    assert not app.exception
    tiles, told, table = (block.proto.body for block in app.get("html"))
    assert ("band of 3 seeds" in told) is bool(summary.band) and "95 % interval" in told
    rows = re.findall(r"<tr class.*?</tr>", table)  # those of the head have none
    cells = [[_words(c) for c in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    return _words(tiles), {row[0].partition(" What")[0]: row[1:] for row in cells}


def _words(html: str) -> str:
    closed = re.sub(r'<span class="lethe-told".*?</span></span>', "", html)  # what a word opens
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", closed)).split())


def test_a_gap_inside_the_band_says_so() -> None:
    tiles, rows = drawn(SUMMARY)
    inside = "seeds differ as much"
    assert tiles == (
        f"Kept? TA 90.0 % original retrained now retrained 90.5 % · gap −0.5 points, {inside} "
        "Loss attack 0.5 AUC retrained now retrained 0.52 AUC · gap −0.02"
    )
    assert rows["TA"] == ["90.0 %", "91.0 %", "90.5 % 89.9 % to 90.7 %", f"−0.5 points {inside}"]
    mia = rows["Loss attack (AUC)"]
    assert mia == ["0.5 0.41 to 0.6", "–", "0.52 0.51 to 0.53", "−0.02"]
    assert rows["rho (of original)"] == ["not computed: too near", "–", "–", "–"]


def test_values_by_class_and_by_block_have_rows_of_their_own() -> None:
    _, rows = drawn(SUMMARY)
    order = list(rows)
    at = order.index("Predicted as")
    # a class that no model gives to 1 % is left out; a name is text, whatever it holds
    assert order[at : at + 3] == ["Predicted as", "<b>dog</b>", "bird"]
    assert rows["<b>dog</b>"] == ["99.0 %", "–", "80.0 %", "+19.0 points"]
    at = order.index("CKA by layer")
    assert order[at : at + 3] == ["CKA by layer", "block 0", "layer1"]
    assert rows["block 0"][3].endswith("seeds differ as much") and rows["CKA by layer"] == [""] * 4


def test_no_gap_is_no_wider_than_anything() -> None:
    tiles, _ = drawn(SUMMARY.model_copy(update={"gap": {"ta": 0.0}}))
    assert "seeds differ" not in tiles


def test_one_retrained_model_has_no_band() -> None:
    lone = SUMMARY.model_copy(update={"band": {}, "inside": {}, "retrained_seeds": ("a",)})
    tiles, rows = drawn(lone)
    assert "seeds" not in tiles and rows["TA"][2:] == ["90.5 %", "−0.5 points"]
    none = lone.model_copy(update={"retrained": None})
    tiles, rows = drawn(none)
    assert rows["TA"][2:] == ["–", "–"] and "no retrained reference" in tiles


def test_the_rows_stand_in_their_groups_and_what_has_no_value_is_last() -> None:
    _, rows = drawn(SUMMARY)
    heads = [name for name, cells in rows.items() if not cells]
    assert heads == ["Kept", "Features", "Privacy", "Other measures", "Not computed"]
    order = list(rows)
    assert order.index("Kept") < order.index("TA") < order.index("Privacy")
    assert order[-1] == "rho (of original)"


def test_what_is_far_from_retrained_is_marked_and_what_seeds_reach_is_not() -> None:
    values = {"ta": 80.0, "mia": 0.53}
    near = {"ta": 90.0, "mia": 0.52}
    app = AppTest.from_function(
        page, args=(METRICS[:2], Summary(metrics=values, retrained=near, inside={"mia": True}))
    ).run()
    marked = re.findall(r'<tr class="(\w*)"><th scope="row">(\w+)', app.get("html")[-1].proto.body)
    assert marked == [("far", "TA"), ("", "Loss")]


def shares(metrics, summary, samples):  # type: ignore[no-untyped-def]
    from ui import results

    results.tiles(metrics, summary, samples)


@pytest.mark.parametrize(("n", "said"), [(6, "5 of 6"), (600, "83.3 %"), (0, "83.3 %")])
def test_a_share_of_few_samples_is_a_count(n: int, said: str) -> None:
    metric = fabricate.metric("forget_acc_train", "Forget accuracy")
    made = Summary(metrics={"forget_acc_train": 500 / 6}, retrained={"forget_acc_train": 100 / 6})
    app = AppTest.from_function(shares, args=([metric], made, {"forget_acc_train": n})).run()
    assert said in _words(app.get("html")[0].proto.body)
