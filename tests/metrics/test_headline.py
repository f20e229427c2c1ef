"""The line of ten words, case by case, and what holds of every one of them."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core.metrics.planted_told import ten_words
from cu_core.metrics.verdict import Evidence, evidence_of, headline
from cu_core.spec import SeedRange, Summary
from cu_core.stage import gallery
from tests.metrics.test_verdict import RETRAINED, evidence
from tests.metrics.test_verdict_numbers import FIGURE, cases

SAW = {"forget_acc_train": 80.0, "ta": 81.0}
OFF = {"forget_acc_test": 0.0}
LINES = [
    ({"ta": 60.0}, "class", "What it should keep suffered: 60 % right."),
    (OFF, "class", "It stopped saying cat, but still sees cat."),
    (OFF | {"rho_knn": 0.5}, "class", "It stopped saying cat, but partly sees it."),
    (OFF | {"rho_knn": 0.1}, "class", "It stopped saying cat, as if never seen."),
    (OFF | {"rho_knn": -1.0}, "class", "It knows cat less than if never seen."),
    (OFF | {"rho_knn": None}, "class", "It stopped saying cat; the rest is unclear."),
    (OFF | {"rho_linear": 0.1}, "class", "It stopped saying cat; deeper tests disagree."),
    (OFF | {"knn_probe_forget": None}, "class", "It stopped saying cat; the rest is unknown."),
    ({"forget_acc_test": 92.0}, "class", "It still says cat, as often as before."),
    ({"forget_acc_test": 99.0}, "class", "It still says cat, more often than before."),
    ({"forget_acc_test": 40.0}, "class", "It still says cat, but not always: 40 %."),
    ({"forget_acc_test": None, "forget_acc_train": None}, "class",
     "Whether it still says cat was not measured."),
    ({"forget_acc_train": 99.0}, "sample", "It still knows the samples: 99 % right."),
    ({"forget_acc_train": 90.0}, "sample", "It still partly knows the samples: 90 % right."),
    ({"forget_acc_train": 82.0}, "sample", "It answers the samples as if never seen."),
    ({"forget_acc_train": 60.0}, "sample", "It answers the samples worse than if unseen."),
    ({"forget_acc_train": None}, "sample", "What it still knows was not measured."),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "kind", "line"), LINES)
def test_word_for_word(given_: dict[str, Any], kind: str, line: str) -> None:
    seeds = (SAW,) if kind == "sample" else (RETRAINED,)
    found = evidence(given_, seeds=seeds, kind=kind)
    assert headline(found) == line
    damaged = line.startswith("What it should keep")
    assert headline(found, "Home.") == (line if damaged else "Home.")


def test_what_the_original_hardly_knew_and_what_accuracy_cannot_tell() -> None:
    unknown = evidence(OFF, original={"forget_acc_test": 3.0, "ta": 85.0})
    assert headline(unknown) == "It hardly knew cat even before."
    low = evidence({"forget_acc_train": 82.0}, {"forget_acc_train": 83.0}, (SAW,), "sample")
    assert headline(low) == "Its answers cannot tell: they are as before."
    alone = Evidence({"forget_acc_train": 80.0}, {}, (), "sample")
    assert headline(alone) == "There is nothing to compare it with."


NAMES = {
    ("cat", "dog"): "It stopped saying cat and dog, but still sees them.",
    ("great white shark",): "It stopped saying great white shark, but still sees it.",
    ("a", "b", "c", "d", "e"): "It stopped saying these classes, but still sees them.",
    ("one of the very long names",): "It stopped saying this class, but still sees it.",
    (): "It stopped saying this class, but still sees it.",
}


@pytest.mark.parametrize("names", NAMES)
def test_names_that_would_be_too_many_words_give_way(names: tuple[str, ...]) -> None:
    assert headline(evidence(OFF, names=names)) == NAMES[names]


def test_a_run_that_was_stopped_says_so_where_there_is_room() -> None:
    said = headline(evidence(OFF), stopped=True)
    assert said == "Ended early. It stopped saying cat, but still sees cat."
    few = evidence({"forget_acc_train": 90.0}, seeds=(SAW,), kind="sample")
    assert headline(few, stopped=True) == "It still partly knows the samples: 90 % right."


LIGHTS = {"good", "bad", "safe", "unsafe", "ok", "passed", "failed", "success", "failure", "green"}
named = st.sampled_from(
    [(), ("cat",), ("cat", "dog"), ("great white shark", "tiger"), tuple("abcdefghijkl")]
)


@settings(max_examples=400, deadline=None)
@given(cases, named, st.booleans(), st.none() | st.floats(0, 100), st.integers(1, 5000))
def test_ten_words_one_figure_and_no_traffic_light(
    found: Evidence, names: tuple[str, ...], stopped: bool, planted: float | None, n: int
) -> None:
    fields = {name: getattr(found, name) for name in found.__dataclass_fields__}
    case = Evidence(**{**fields, "names": names})
    for key in ("planted_home", "planted_trigger"):
        told = ten_words({key: planted}, {key: n})
        for line in (headline(case, told, stopped), headline(case, "", stopped)):
            assert 0 < len(line.split()) <= 10 and line.endswith(".")
            assert len(re.findall(FIGURE, line)) <= 1
            assert not LIGHTS & set(re.findall(r"[a-z]+", line.lower()))
            assert not re.search("retrain|embedding|probe|accuracy|None|nan", line)


@settings(max_examples=200, deadline=None)
@given(cases)
def test_a_record_gives_the_line_that_its_run_was_given(found: Evidence) -> None:
    """What of the retrained seeds a record keeps, their ends, is all that the line goes by."""
    seeds = [dict(seed) for seed in found.seeds]
    bands = {}
    for key in {key for seed in seeds for key in seed}:
        known = [v for seed in seeds if (v := seed.get(key)) is not None]
        if len(known) > 1:
            bands[key] = SeedRange(min(known), max(known))
    whole = all(v is not None for seed in seeds for v in seed.values())
    record = Summary.model_validate(
        {
            "metrics": found.metrics,
            "original": found.original,
            "retrained": seeds[0] if seeds else None,
            "band": bands,
            "counts": found.counts,
            "chance": found.chance,
            "forget": {"kind": found.kind, "classes": list(range(len(found.names)))},
        }
    )
    if whole:
        assert headline(evidence_of(record, found.names)) == headline(found)


@pytest.mark.parametrize("name", gallery.names())
def test_what_is_recorded_is_told_in_the_words_of_today(name: str) -> None:
    said = gallery.recording(name).header["headline"]
    assert len(said.split()) <= 10 and said.endswith(".")
