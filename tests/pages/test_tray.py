"""The tray on the page: what is in it, how it is filled and emptied, and that Run receives it."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from cu_core.spec import (
    DescribeForget,
    Entangled,
    EntangledFacts,
    ForgottenClass,
    ForgottenFacts,
    Origin,
    Overview,
    OverviewFacts,
    Pick,
    Picked,
    Probe,
    SampleFacts,
    UnlearnRequest,
)
from cu_core.stage import unpack
from cu_core.store import RunReader
from cu_core.store.names import name_arrays
from tests.pages import fabricate
from ui import differs, gather, hand, overview, session, tray, wording

IMAGE = "data:image/png;base64,AAAA"
FACTS = ForgottenFacts(
    rule="indices:x",
    kind="sample",
    n_forget=3,
    n_retain=1344,
    hash="abcdef0123456789",
    classes=(
        ForgottenClass(name="7", forgotten=2, of=130),
        ForgottenClass(name="<i>9", forgotten=1, of=130),
    ),
    rows=tuple(SampleFacts(row=r, part="training", label="7", image=IMAGE) for r in (4, 8, 15)),
)
AMONG = EntangledFacts(
    share=91.2, k=15, asked=3, among=1347, of=1347,
    likeliest=(SampleFacts(row=77, part="training", label="1", image=IMAGE),), chosen=(4,),
)  # fmt: skip
WHY = EntangledFacts(why="The original model is not trained yet.")
ANSWERS = {DescribeForget.kind: FACTS, Entangled.kind: AMONG}


@pytest.fixture
def opened(page, store, monkeypatch):
    """``opened(*rows)``: Unlearn with these in the tray of digits, its questions answered."""
    monkeypatch.setattr("ui.session.SETTLE_S", 0.0)
    store.save_catalog(fabricate.CATALOG)

    def at(*rows, **answers):
        store.change_choice("digits", "set", rows)
        return settled(page("unlearn"), store, **answers)

    return at


def settled(app, store, **answers):
    for _ in range(3):
        fabricate.answer_all(store, **(ANSWERS | answers))
        app.run()
    assert not app.exception
    return app


def words(app):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.value)) for html in app.get("html"))


def test_nothing_is_said_of_a_tray_that_is_empty(opened):
    app = opened()
    assert "chosen by hand" not in words(app) and app.selectbox(key="run/rule").value == "class"


def test_an_empty_tray_that_is_to_be_forgotten_says_how_it_is_filled(opened, store):
    app = opened()
    app.selectbox(key="run/rule").select(hand.BY_HAND).run()
    assert "Nothing is chosen yet" in words(app) and app.button(key="run/go").disabled
    assert "Nothing yet" in app.caption[0].value
    assert "Choose at least one image by hand." in words(app)
    assert app.button(key="run/now").disabled and "As it stands" not in words(app)


def test_what_run_would_do_is_said_of_what_is_set(opened):
    assert "small-cnn forgets class 5 of digits" in words(opened())
    assert "forgets listed images (chosen by hand.csv) of digits" in words(opened(4))


def test_a_tray_that_cannot_be_read_stays_the_forget_set_and_says_why(opened, store):
    app = opened(4, 8)
    store.choice("digits").path.write_text("row\nfour\n")
    settled(app, store)
    assert app.selectbox(key="run/rule").value == hand.BY_HAND
    assert app.button(key="run/go").disabled and "cannot be read as a chosen set" in words(app)


def test_a_list_that_another_tab_has_changed_is_not_run_unseen(opened, store):
    app = opened(4, 8)
    store.change_choice("digits", "add", [15])  # in another tab
    app.button(key="run/go").click().run()
    assert store.runs() == [] and "3 images chosen by hand" in words(app)
    assert any("changed elsewhere" in box.value for box in app.warning)
    store.change_choice("digits", "set", [4])
    store.keep_choice("digits", "one")  # a kept set is a file of its own
    app.button(key="run/now").click().run()
    assert store.runs() == []
    app.button(key="run/go").click().run()
    assert len(store.runs()) == 1


def test_what_is_in_it_is_told_and_shown(opened):
    app = opened(4, 8, 15)
    said = words(app)
    assert "3 images chosen by hand" in said and "abcdef0123456789" in said
    assert "2 × 7" in " ".join(said.split()) and "1 × <i>9" in " ".join(said.split())
    assert "row 15" in said and "Take out row 15" in [b.label for b in app.button]
    assert "91 % of their 15 nearest neighbours are kept" in " ".join(said.split())
    assert "The 1 kept images likeliest to suffer" in said and "row 77" in said
    assert "4 of 15" in said


def test_a_model_that_is_not_there_yet_says_so(opened):
    assert WHY.why in words(opened(4, **{Entangled.kind: WHY}))


@pytest.mark.parametrize(
    ("share", "asked", "means"),
    [
        (3.0, 16, "apart"),
        (50.0, 16, "partly"),
        (97.0, 16, "amid"),
        (97.0, 4, "cannot be less than 80 %"),  # 3 of 15 neighbours are the others, at most
    ],
)
def test_a_share_has_a_meaning(share, asked, means):
    assert means in tray.meaning(EntangledFacts(share=share, k=15, asked=asked))


def test_a_refusal_of_the_list_is_its_sentence(opened):
    app = opened(4, **{DescribeForget.kind: "chosen by hand.csv lists the row 4."})
    assert any("lists the row 4" in box.value.replace("\\", "") for box in app.error)


def test_an_image_is_taken_out_and_all_are(opened, store):
    app = opened(4, 8, 15)
    app.button(key="tray/out/8").click().run()
    assert store.choice("digits").rows == (4, 15) and "2 images chosen" in words(app)
    app.button(key="tray/clear").click().run()
    assert store.choice("digits").rows == () and not app.exception


def test_more_than_a_page_is_turned(opened):
    app = opened(*range(60))
    assert "1 to 24 of 60" in words(app) and app.button(key="tray/Earlier").disabled
    app.button(key="tray/Later").click().run()
    app.button(key="tray/Later").click().run()
    assert "49 to 60 of 60" in words(app) and app.button(key="tray/Later").disabled
    assert app.button(key="tray/out/48") and "row 47" not in words(app)


def test_a_set_is_kept_opened_renamed_and_deleted(opened, store):
    app = opened(4, 8)
    app.text_input(key="tray/name").input("sevens").run()
    app.button(key="tray/keep").click().run()
    assert "sevens: 2 images chosen by hand" in words(app)
    store.change_choice("digits", "set", [1])
    app.run()
    app.button(key="tray/open/sevens").click().run()
    assert store.choice("digits").rows == (4, 8)
    app.text_input(key="tray/name").input("two sevens").run()
    app.button(key="tray/rename").click().run()
    assert [one.name for one in store.choices("digits")] == ["two sevens"]
    app.button(key="tray/drop/two sevens").click().run()
    assert store.choices("digits") == [] and store.choice("digits").rows == (4, 8)


def test_a_bad_name_is_told_in_a_sentence(opened, store):
    app = opened(4, 8)
    app.text_input(key="tray/name").input("../up").run()
    app.button(key="tray/keep").click().run()
    assert any("cannot be the name" in box.value for box in app.warning)
    assert store.choices("digits") == []


def test_run_receives_the_tray_and_no_title_shows_a_path(opened, store):
    app = opened(4, 8, 15)
    assert app.selectbox(key="run/rule").value == hand.BY_HAND  # a tab made anew goes on with it
    app.button(key="run/go").click().run()
    (record,) = store.runs()
    listed = record.request.forget.removeprefix("indices:")
    assert Path(listed).read_text() == "row\n4\n8\n15\n" and record.run_id in listed
    words_of = wording.settings(record, session.progress(record))
    for title in (record.name, words_of, wording.tab(record, session.progress(record))):
        assert "chosen by hand.csv" in title and str(store.home) not in title
    app.button(key="run/go").click().run()
    assert len(store.runs()) == 1  # the same list, in the run's own file


def test_another_list_under_the_same_name_is_another_request(store):
    one = store.change_choice("digits", "set", [4]).rule
    held = store.run(store.enqueue(UnlearnRequest(forget=one))).request
    assert store.same_request(held, UnlearnRequest(forget=one))
    store.change_choice("digits", "set", [5])
    assert not store.same_request(held, UnlearnRequest(forget=one))
    assert not store.same_request(None, held)


def test_the_same_list_by_another_name_is_the_same_set(store, tmp_path):
    one = store.change_choice("digits", "set", [4, 8]).rule
    copy = tmp_path / "two.csv"
    copy.write_bytes(store.choice("digits").path.read_bytes())
    mine, theirs = UnlearnRequest(forget=one), UnlearnRequest(forget=f"indices:{copy}")
    assert differs.same_set(mine, theirs, ()) and store.same_request(mine, theirs)
    copy.write_text("row\n4\n")
    assert not differs.same_set(mine, theirs, ())


def test_the_cost_is_asked_anew_when_the_list_has_changed(opened, store):
    app = opened(4, 8, 15)
    app.button(key="tray/out/8").click().run()
    app.run()
    kinds = []
    while question := store.next_question():
        kinds.append(question.kind)
        store.reply(question.id, None, "Another list.")
    assert {"preflight", "forget"} <= set(kinds)


def test_what_a_worker_finds_is_added_and_becomes_the_forget_set(opened, store):
    app = opened(4)
    app.selectbox(key="run/rule").select("class").run()
    app.selectbox(key="tray/way").select("uncertain").run()
    app.number_input(key="tray/n").set_value(2).run()
    app.button(key="tray/add").click().run()
    asked = []
    while question := store.next_question():
        if question.kind == Pick.kind:
            asked.append(question.payload)
            store.reply(question.id, Picked(rows=(90, 91), notes=("Looked at 10.",)))
        else:
            store.reply(question.id, None, "Another time.")
    assert [(q["how"], q["n"], q["of"]) for q in asked] == [("uncertain", 2, "")]
    app.run()
    assert store.choice("digits").rows == (4, 90, 91)
    assert app.selectbox(key="run/rule").value == hand.BY_HAND
    assert any("Looked at 10" in box.value for box in app.warning) and not app.exception


def test_a_list_in_a_file_is_received_once_and_its_column_asked_for(opened, store):
    app = opened(4)
    app.selectbox(key="tray/way").select("file").run()
    assert app.button(key="tray/add").disabled
    app.file_uploader(key=gather.LIST).upload("six.csv", b"mine,theirs\n3,4\n").run()
    app.text_input(key=f"{gather.LIST}/column").input("theirs").run()
    app.button(key="tray/add").click().run()
    asked = []
    while question := store.next_question():
        asked += [question.payload["of"]] if question.kind == Pick.kind else []
        store.reply(question.id, None, "Another time.")
    path, _, column = asked[0].rpartition("#")
    assert Path(path).read_bytes() == b"mine,theirs\n3,4\n" and column == "theirs"
    assert Path(path).name == "six.csv" and not app.exception


def test_what_a_worker_refuses_is_asked_anew_by_another_click(opened, store):
    app = opened(4)
    app.selectbox(key="tray/way").select("uncertain").run()
    for count in (1, 2):
        app.button(key="tray/add").click().run()
        fabricate.answer_all(store, **(ANSWERS | {Pick.kind: f"Refusal {count}."}))
        app.run()
        assert any(f"Refusal {count}" in box.value for box in app.warning)
        assert gather.PENDING not in app.session_state
    assert not app.exception and store.choice("digits").rows == (4,)


def test_of_other_data_nothing_is_chosen(opened, store):
    app = opened(4, 8)
    app.selectbox(key="run/plant").select("trigger").run()
    assert app.selectbox(key="run/rule").value != hand.BY_HAND
    assert store.choice("digits").rows == (4, 8) and "chosen by hand" not in words(app)


# --- the Stages


def probe_of(count):
    """Samples whose rows are not their places."""
    index = np.arange(count)
    rows = name_arrays(Origin(1000 - index, "the table"))
    return Probe(index, index % 2, index < 0, index[:2], index[:2] % 2), rows


def recorded(store):
    run_id = fabricate.finished(store)
    probe, names = probe_of(60)
    store.writer(run_id).probe(probe, **names)
    return store.run(run_id)


def test_what_is_chosen_on_a_run_is_kept_by_the_owners_rows(store, monkeypatch):
    monkeypatch.setattr(session, "store", lambda: store)
    record = recorded(store)
    reader = store.reader(record.run_id)
    assert hand.marks(record, reader) == {"chosen": []}
    hand.chosen(record, {"what": "choose", "how": "set", "index": [3, 5]})
    assert store.choice("digits").rows == (995, 997)
    hand.chosen(record, {"what": "choose", "how": "remove", "index": [5]})
    hand.chosen(record, {"what": "choose", "how": "paint", "index": [7]})  # of another version
    assert store.choice("digits").rows == (997,) and hand.marks(record, reader) == {"chosen": [3]}


def test_a_lasso_on_a_stage_leaves_what_it_does_not_show(store, monkeypatch):
    monkeypatch.setattr(session, "store", lambda: store)
    record = recorded(store)
    store.change_choice("digits", "set", [5, 7, 990, 998])  # the first two are on no picture
    hand.chosen(record, {"how": "set", "index": [3]})
    assert store.choice("digits").rows == (5, 7, 997)
    hand.chosen(record, {"how": "set", "index": []})  # its own Clear
    assert store.choice("digits").rows == (5, 7)


def test_what_a_stage_shows_is_read_once_and_not_for_an_empty_tray(store, monkeypatch):
    monkeypatch.setattr(session, "store", lambda: store)
    state, reads, probe = {}, [], RunReader.probe
    monkeypatch.setattr(hand.st, "session_state", state)
    monkeypatch.setattr(RunReader, "probe", lambda reader: reads.append(1) or probe(reader))
    record = recorded(store)
    reader = store.reader(record.run_id)
    assert hand.shown(record) is None and hand.marks(record, reader) == {"chosen": []}
    assert reads == []
    store.change_choice("digits", "set", [997])
    first = hand.shown(record)
    assert hand.shown(record) is first and hand.marks(record, reader) == {"chosen": [3]}
    assert len(reads) == 1
    made, names = probe_of(20)
    store.writer(record.run_id).probe(made, **names)
    assert hand.shown(record).row.size == 20 and len(reads) == 2


def test_a_loop_of_ones_own_keeps_its_marks_and_says_what_they_are_not(store, monkeypatch):
    said = []
    monkeypatch.setattr(session, "store", lambda: store)
    monkeypatch.setattr(session, "notice", said.append)
    record = store.run(fabricate.finished(store))
    watched = replace(record, request=None)
    assert hand.marks(watched, store.reader(record.run_id)) == {}
    hand.chosen(watched, {"how": "set", "index": [3]})
    assert "loop of your own" in said[0]
    store.change_choice("digits", "set", [3])  # and a recording without names
    assert hand.marks(record, store.reader(record.run_id)) == {}


def test_an_old_recording_says_that_its_samples_have_no_names(store, monkeypatch):
    said = []
    monkeypatch.setattr(session, "store", lambda: store)
    monkeypatch.setattr(session, "notice", said.append)
    record = store.run(fabricate.finished(store))
    hand.chosen(record, {"how": "set", "index": [3]})
    assert store.choice("digits").rows == () and "newer" in said[0]


def test_the_original_model_stands_where_a_run_will(opened, store, monkeypatch):
    shown = {}
    monkeypatch.setattr(overview, "stage", lambda data, **more: shown.update(data=data, **more))
    model = fabricate.cached_model(store)
    probe, names = probe_of(30)
    arrays = {"xy": np.random.default_rng(0).normal(size=(1, 30, 2)).astype(np.float32)}
    arrays |= {"pred": probe.label[None], "label": probe.label, "index": probe.index, **names}
    arrays |= {"share": np.full((1, 30, 2), 127, np.uint8)}
    facts = {"model": model, "class_names": ["a", "b"], "scale": 1.0, "quality": [{}]}
    asked = Overview(request=hand.standing(UnlearnRequest().model_dump()))
    store.save_overview(asked, arrays, facts)
    ready = {Overview.kind: OverviewFacts()}
    app = opened(996, **ready)
    assert "No run is open" not in words(app)
    header, _ = unpack(shown["data"])
    assert header["n"] == 30 and header["chosen"] == [4] and header["still"]
    store.delete_model(model)
    shown.clear()
    settled(app, store, **ready)
    assert not shown and "No run is open" in words(app)  # what it showed is gone
