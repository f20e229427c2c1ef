"""The sheet of paper: one page whatever it holds; its figures are the record's, its names text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typst

from cu_core.errors import StoreError
from cu_core.spec import RunRecord, Summary, UnlearnRequest
from cu_core.stage import export
from cu_core.stage.export import pdf
from cu_core.stage.limits import DELETION, limits
from cu_core.stage.numbers import metric_text
from cu_core.store import Store
from tests.pages import fabricate

MARKUP = "#panic() $x$ *bold* _it_ `raw` @cite <label> \\ // שלום 日本 [link] = heading"
CONTROL = re.compile(r"[\x00-\x1f]")  # on no sheet
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 3
KNOBS = {f"a_very_long_name_of_a_knob_{i}": "an-even-longer-value" * 4 for i in range(40)}


@pytest.fixture
def catalogued(store: Store) -> Store:
    store.save_catalog(fabricate.CATALOG)
    return store


def made_up(store: Store, monkeypatch: pytest.MonkeyPatch, names: list[str], **said: Any) -> str:
    summary = fabricate.summary().model_copy(update=said)
    monkeypatch.setattr(fabricate, "summary", lambda: summary)
    request = UnlearnRequest(hparams=said.get("hparams", {}), probe_size=60)
    return fabricate.finished(store, "A title of one's own", names, request=request)


RUNS: dict[str, dict[str, Any]] = {
    "plain": {"names": [str(i) for i in range(10)]},
    "markup": {"names": [MARKUP] * 3, "headline": MARKUP, "verdict": MARKUP},
    "long": {
        "names": [f"{LONG}{i}" for i in range(10)],
        "verdict": fabricate.summary().verdict * 8,
        "headline": LONG,
        "hparams": KNOBS,
        "versions": {name: LONG for name in ("torch", "python", "machine")},
    },
    "control": {
        "names": ["a\x01b", "c\x0b", "\x1f"],
        "headline": "One\x02 word",
        "verdict": "It\x08 forgot.",
    },
    "older": {"names": ["a", "b"], "headline": ""},
    "bare": {"names": ["a", "b"], "metrics": {}, "original": {}, "retrained": None},
}


@pytest.fixture(params=RUNS)
def run(
    request: Any, catalogued: Store, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, RunRecord]]:
    yield catalogued, catalogued.run(made_up(catalogued, monkeypatch, **RUNS[request.param]))


def shown(store: Store, record: RunRecord, label: str) -> list[str]:
    """The texts on the page that the template has marked so, as typst has set them."""
    setting = pdf.setting(pdf.written(*pdf.drawn(store, record)))
    found = json.loads(typst.query(pdf.TEMPLATE.read_bytes(), f"<{label}>", **setting))
    letters = ["".join(_texts(one["body"])) for one in found]
    return [said.replace("\u200b", "").replace("\u00a0", " ") for said in letters]


def _texts(content: Any) -> Iterator[str]:
    """Of a piece of typst's content, its letters."""
    if isinstance(content, dict):
        if content.get("func") == "space":
            yield " "
        for name in ("text", "children", "body", "child"):
            part = content.get(name)
            if isinstance(part, str):
                yield part
            elif part is not None:
                yield from _texts(part)
    elif isinstance(content, list):
        for one in content:
            yield from _texts(one)


def test_whatever_it_holds_it_is_one_page(run: tuple[Store, RunRecord]) -> None:
    made = export.formats()["pdf"].make(*run)
    assert made.startswith(b"%PDF") and re.findall(rb"/Count (\d+)", made) == [b"1"]
    assert made == export.formats()["pdf"].make(*run)  # the same bytes at any time


def test_its_words_are_the_records_letter_by_letter(run: tuple[Store, RunRecord]) -> None:
    store, record = run
    summary = record.summary
    ten_words, whole = summary.headline or summary.verdict, summary.verdict
    ten_words, whole = (CONTROL.sub("", words) for words in (ten_words, whole))
    assert {*shown(store, record, "headline")} == {ten_words}
    assert {*shown(store, record, "sentence")} == ({whole} if summary.headline else set())


def test_its_figures_are_the_records(catalogued: Store) -> None:
    record = catalogued.run(fabricate.finished(catalogued))
    summary, cards = record.summary, {m.key: m for m in fabricate.CATALOG.metrics}
    order = ("forget_acc_test", "ta", "knn_probe_forget", "ra")
    models = (summary.original, summary.retrained or {}, summary.metrics)
    values = [[metric_text(model[key], cards[key]) for model in models] for key in order]
    assert shown(catalogued, record, "value") == [now for *_, now in values]
    assert shown(catalogued, record, "beside") == [text for own in values for text in own]


def test_its_two_maps_are_one_scale_and_show_every_sample(catalogued: Store) -> None:
    record = catalogued.run(fabricate.finished(catalogued, names=["a & b", "<c>"], points=80))
    _, maps = pdf.drawn(catalogued, record)
    forget = int(catalogued.reader(record.run_id).probe()["is_forget"].sum())  # type: ignore[index]
    kept = []
    for drawn in maps:
        assert drawn.count("<circle") == 80 - forget
        assert len(re.findall(r'<path d="M', drawn)) == forget
        assert "a &amp; b" in drawn and "&lt;c&gt;" in drawn
        kept.append(re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn))
    assert kept[0] == kept[1]  # what is kept does not move in this run, so it stands where it stood
    assert maps[0] != maps[1]


def test_the_sheet_shows_what_was_looked_at(catalogued: Store) -> None:
    """Its colours, and the classes that were looked at alone: the others step back."""
    record = catalogued.run(fabricate.finished(catalogued, names=["a", "b", "c"]))
    probe, last = catalogued.reader(record.run_id).probe(), 20
    pred = catalogued.reader(record.run_id).frame(last)["pred"]
    assert probe is not None

    def hues(colour: str) -> set[str]:
        _, (_, after) = pdf.drawn(catalogued, record, export.Order({"colour": colour}))
        return set(re.findall(r'<g fill="(rgb[^"]+)"[^>]*><path', after))

    gone = probe["is_forget"]
    assert len(hues("true")) == len({*probe["label"][gone]}) == 1
    assert len(hues("pred")) == len({*pred[gone]}) > 1
    _, (before, _) = pdf.drawn(catalogued, record, export.Order({"only": [2]}))
    faint = sum(part.count("<circle") + part.count("<path") for part in re.findall(
        r'opacity="0.12".*?</g>', before))  # fmt: skip
    assert faint == int((probe["label"] != 2).sum())


LACKS = [
    ({}, "compared with one retrained network"),
    ({"retrained": None}, "No retrained network"),
    ({"retrained_seeds": ("a", "b", "c")}, "compared with 3 retrained networks"),
    ({"looked_at": (500, 9000)}, "a draw of 500 of 9,000 images"),
    ({"counts": {"ta": 6}}, "fewer than 20 images"),
    ({"stopped": True}, "ended before its last update"),
    ({"metrics": {"ta": 1.0}}, "still tell apart was not measured"),
    ({"metrics": {"mia_loss_auc": 0.5}}, "a stronger one may see more"),
    ({}, "Whether an attack can tell who was forgotten was not tried"),
]


@pytest.mark.parametrize(("given", "sentence"), LACKS)
def test_what_a_run_does_not_show_is_told_from_its_record(
    given: dict[str, Any], sentence: str
) -> None:
    summary = fabricate.summary().model_copy(update=given)
    record = RunRecord("a", "a", "done", 0.0, UnlearnRequest(), summary=summary)
    said = limits(record, summary)
    assert said[0] == DELETION and len([one for one in said if sentence in one]) == 1
    plain = limits(RunRecord("a", "a", "done", 0.0, UnlearnRequest()), fabricate.summary())
    assert not given or not [one for one in plain if sentence in one]
    assert len(said) <= 10 and all(one.endswith(".") for one in said)


def test_a_run_without_a_verdict_is_refused(catalogued: Store) -> None:
    record = catalogued.run(fabricate.finished(catalogued, end=None))
    with pytest.raises(StoreError, match="has no verdict to put on paper"):
        export.formats()["pdf"].make(catalogued, record)


def test_an_empty_summary_has_no_figures_and_is_still_told() -> None:
    said = limits(RunRecord("a", "a", "done", 0.0, UnlearnRequest()), Summary(verdict="x."))
    assert any("No retrained network" in one for one in said)
