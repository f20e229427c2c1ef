"""Every page on every kind of home a person may have: drawn, without an exception, in words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cu_core.files import sources_hash
from cu_core.spec import (
    FetchRequest,
    Provenance,
    RunProgress,
    TrainRequest,
    UnlearnRequest,
    Wait,
)
from cu_core.store import Store
from tests.pages import fabricate
from tests.pages.conftest import ROOT
from tests.store.test_layouts import next_version
from ui import session

PAGES = ("watch", "unlearn", "sweep", "models")


def words(app) -> str:
    """All text of our own blocks, tags and style included, and every alert."""
    blocks = [block.proto.body for block in app.get("html") if "<style>" not in block.proto.body]
    alerts = [*app.error, *app.warning, *app.success]
    return " ".join([*blocks, *(alert.value for alert in alerts)])


def labels(app) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("name", PAGES)
def test_a_home_that_no_engine_has_seen(page, store, name):
    app = page(name)
    assert not app.exception and not app.error
    if name != "watch":
        assert "Starting the engine…" in words(app)


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_home(page, store, name):
    store.save_catalog(fabricate.CATALOG)
    app = page(name)
    assert not app.exception and not app.error
    if name == "unlearn":
        assert "No run is open" in words(app)
    if name == "models":
        assert "small-cnn · digits · original" in words(app)  # it comes with Lethe


def test_one_click_runs_the_defaults(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    assert app.button(key="run/go").disabled  # the classes are not known yet
    assert fabricate.answer_all(store) == 1
    app.run()
    app.button(key="run/go").click().run()
    (record,) = store.runs()
    assert record.request == UnlearnRequest()
    assert app.query_params["run"] == record.run_id
    assert "Starting" in words(app)
    app.button(key="run/go").click().run()
    assert len(store.runs()) == 1  # the same request is live: a second click adds nothing


@pytest.mark.parametrize("button", ["run/go", "run/now"])
def test_run_starts_what_the_widgets_show_at_the_click(page, store, button):
    """A knob and a click in one run: the page was last drawn with the old knob."""
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    app.slider(key="knob/contrastive/temperature").set_value(1.2)
    app.button(key=button).click().run()
    (record,) = store.runs()
    assert record.request == UnlearnRequest(hparams={"temperature": 1.2})
    assert app.query_params["run"] == record.run_id and not app.exception
    assert "Starting" in words(app) and "No run is open" not in words(app)


def test_a_click_on_what_is_unfinished_or_refused_by_now_starts_nothing(page, store, monkeypatch):
    monkeypatch.setattr("ui.session.SETTLE_S", 0.0)
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    for value, answers in ((0.7, {}), (1.2, {}), (0.7, {"preflight": "It is too high."})):
        fabricate.answer_all(store, **answers)  # to what the drawing before asked
        app.slider(key="knob/contrastive/temperature").set_value(value).run()
    assert not app.button(key="run/go").disabled
    app.slider(key="knob/contrastive/temperature").set_value(1.2)
    app.button(key="run/go").click().run()
    assert "It is too high" in words(app) and app.button(key="run/go").disabled
    app.slider(key="knob/contrastive/temperature").set_value(0.7).run()
    app.multiselect(key="run/classes/digits").set_value([])
    app.button(key="run/go").click().run()
    assert store.runs() == [] and app.button(key="run/go").disabled and not app.exception


def test_what_the_engine_does_for_an_answer_is_said_with_its_count(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    assert "Waiting for the engine" in words(app.run())
    question = store.next_question()
    store.tell(question.id, "Reading 50,000 images: 31,000")
    assert "Reading 50,000 images: 31,000" in words(app.run())


def test_a_page_that_is_being_drawn_is_not_cut_short_by_an_answer(page, store, monkeypatch):
    """The rest of it would not be drawn, and a click that waits there would be lost."""
    monkeypatch.setattr("ui.session.SETTLE_S", 0.0)
    monkeypatch.setattr(
        "ui.session.waiting",
        lambda text, ready, real=session.waiting: (fabricate.answer_all(store), real(text, ready)),
    )
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    assert app.button(key="run/go").disabled  # as drawn before the answer


def test_a_refusal_disables_run_and_is_said(page, store, monkeypatch):
    monkeypatch.setattr("ui.session.SETTLE_S", 0.0)
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    fabricate.answer_all(store)
    app.run()
    fabricate.answer_all(store, preflight="small-cnn cannot take this <b>shape</b>.")
    app.run()
    assert "small\\-cnn cannot take this \\<b\\>shape" in words(app)
    assert app.button(key="run/go").disabled


def test_the_preflight_says_what_the_run_costs(page, store, monkeypatch):
    monkeypatch.setattr("ui.session.SETTLE_S", 0.0)
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    for _ in range(2):
        fabricate.answer_all(store)
        app.run()
    said = words(app)
    assert "135 of 1,347 images, 36 steps. First picture in about 1 s" in said
    assert "verdict in about 13 s." in said and "guess" not in said
    assert ">Learn</abbr></dt><dd>ready</dd>" in said and "<dd>about 9 s</dd>" in said
    assert "<dd>21 ms</dd>" in said and "<dd>5.4 MB</dd>" in said


@pytest.fixture
def shelf(store):
    """A home with one run of each sort."""
    store.save_catalog(fabricate.CATALOG)
    names = [fabricate.HOSTILE, "b", "c"]
    made = {
        "done": fabricate.finished(store),
        "hostile": fabricate.finished(store, name=fabricate.HOSTILE, names=names),
        "damaged": fabricate.finished(store, name="Broken"),
        "lost": fabricate.finished(store, end=None),
        "failed": store.enqueue(UnlearnRequest(seed=3)),
        "waiting": store.enqueue(UnlearnRequest(seed=4)),
    }
    store.move(made["failed"], "queued", "failed", "The loss is not a number since step 7.")
    (store.paths.run(made["damaged"]) / "config.yaml").write_text("}{")
    return made


SAID = {
    "done": "Accuracy on the forgotten class 5 is 0\u00a0%",
    "hostile": "&lt;img src=x onerror=alert(1)&gt;",
    "damaged": "This run cannot be read",
    "lost": "Interrupted at step 20 of 20, forgetting 5",
    "failed": "Ended with an error at step 0",
    "waiting": "Waiting: one run is ahead",
}


@pytest.mark.parametrize("sort", SAID)
def test_each_sort_of_run_is_found_by_its_address(page, shelf, sort, store):
    if sort == "waiting":
        store.requeue(shelf["lost"])
    app = page("unlearn", run=shelf[sort])
    assert not app.exception
    assert SAID[sort] in words(app)
    assert "<img src=x" not in words(app)
    assert all(f"open-{run_id}" in [b.key for b in app.button] for run_id in shelf.values())


def test_a_finished_run_shows_its_numbers_beside_the_retrained_ones(page, shelf):
    said = words(page("unlearn", run=shelf["done"]))
    assert "retrained 61.5 % · gap +17.7 points" in said
    assert "not computed: no other sample of the class is in the probe" in said


def test_an_address_of_no_run_is_said_and_forgotten(page, shelf):
    for run_id in ("20990101-000000-000-aaaaaa", "../../etc/passwd", "<script>"):
        app = page("unlearn", run=run_id)
        assert not app.exception
        assert "There is no run" in app.warning[0].value
        assert "run" not in app.query_params and "No run is open" in words(app)


def test_a_notice_stays_until_it_can_have_been_read(page, shelf, monkeypatch):
    """The page draws itself anew as answers come in; a notice outlives that, drawn once."""
    app = page("unlearn", run="20990101-000000-000-aaaaaa")
    app.button(key=f"open-{shelf['done']}").click().run()
    assert len(app.warning) == 1 and not app.exception
    monkeypatch.setattr("ui.session.READ_S", 0.0)
    assert not app.run().warning


def test_a_home_that_was_brought_up_is_said_with_the_place_of_the_copies(page, store, monkeypatch):
    next_version(monkeypatch.setattr)
    said = words(page())
    assert "brought up to this one" in said and "/home/earlier" in said
    assert Store(store.home).db.brought_up == ""


def test_the_followed_run_survives_a_change_of_page(page, shelf):
    app = page("unlearn", run=shelf["done"])
    app.switch_page(str(ROOT / "pages/models.py")).run()
    del app.query_params["run"]  # as a browser does on a change of page
    app.switch_page(str(ROOT / "pages/unlearn.py")).run()
    assert SAID["done"] in words(app) and app.query_params["run"] == shelf["done"]


def test_runs_are_opened_renamed_and_deleted(page, shelf, store):
    app = page("unlearn", run=shelf["done"])
    app.button(key=f"open-{shelf['hostile']}").click().run()
    assert app.query_params["run"] == shelf["hostile"]
    app.text_input(key=f"name-{shelf['done']}").input("Renamed").run()
    app.button(key=f"keep-{shelf['done']}").click().run()
    assert store.run(shelf["done"]).name == "Renamed"
    for sort in ("damaged", "hostile"):
        app.button(key=f"delete-{shelf[sort]}").click().run()
        assert not app.exception
    assert "run" not in app.query_params  # the open one is gone
    assert {r.run_id for r in store.runs()} == set(shelf.values()) - {
        shelf["damaged"],
        shelf["hostile"],
    }


def test_a_lost_run_is_resumed(page, shelf, store):
    app = page("unlearn", run=shelf["lost"])
    app.button(key="run-go-on").click().run()
    assert store.run(shelf["lost"]).state == "queued"
    assert not app.exception


def test_commands_reach_the_worker_by_id(page, store):
    store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(store, end=None)
    store.requeue(run_id)
    with store.claim_run(run_id) as claimed:
        store.move(claimed.run_id, "starting", "running")
        app = page("unlearn", run=run_id)
        app.number_input(key="step-by").set_value(7)
        app.button(key="run-step").click().run()
        app.number_input(key="rewind-to").set_value(8)
        app.button(key="run-rewind").click().run()
        app.button(key="run-stop").click().run()
        told = [(c.verb, c.value) for c in store.pending(run_id)]
        assert told == [("step", 7), ("rewind", 8), ("stop", None)]
        assert "Stop is taken up after the step that is under way." in words(app)
        for command in store.pending(run_id):
            store.acknowledge(command.id, "done")
        app.run()
        assert "taken up" not in words(app)


def test_a_queued_run_is_taken_out_of_the_queue(page, shelf, store):
    app = page("unlearn", run=shelf["waiting"])
    app.button(key="run-stop").click().run()
    assert store.run(shelf["waiting"]).state == "stopped"
    assert not app.exception


def test_knobs_that_differ_from_the_live_run_say_when_they_apply(page, shelf, store):
    app = page("unlearn", run=shelf["waiting"])
    fabricate.answer_all(store)
    app.run()
    assert "applies to the next run" not in words(app)  # the form is as the run
    app.number_input(key="run/seed").set_value(9).run()
    assert "applies to the next run" in words(app)
    assert "Differs from the run shown: seed of the run 9, not 4." in words(app)


def test_models_are_listed_trained_and_deleted(page, store):
    store.save_catalog(fabricate.CATALOG)
    model_id = fabricate.cached_model(store, kind="retrained", forget="class:5")
    app = page("models")
    assert "small-cnn · digits without class 5 · retrained" in words(app)
    app.selectbox(key="train/architecture").select("resnet18").run()
    app.selectbox(key="train/head/resnet18").select("normalised").run()
    app.button(key="train/go").click().run()
    assert store.runs("train")[0].request == TrainRequest(model="resnet18", head="normalised")
    app.number_input(key="train/seed").set_value(4)
    app.selectbox(key="train/architecture").select("small-cnn")
    app.button(key="train/go").click().run()  # at the click, not when the page was last drawn
    assert TrainRequest(model_seed=4) in [r.request for r in store.runs("train")]
    app.button(key=f"drop-{model_id}").click().run()
    assert store.models() == [] and not app.exception


def test_nothing_is_downloaded_but_by_its_button(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("models")
    assert store.runs() == []
    app.button(key="fetch-cifar10").click().run()
    assert [r.request for r in store.runs("fetch")] == [FetchRequest(dataset="cifar10")]
    assert app.button(key="fetch-cifar10").disabled


def test_weights_are_received_checked_and_refused_in_words(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("models")
    assert app.button(key="import/go").disabled
    app.file_uploader(key="import/file").upload("../../evil.pt", b"not weights").run()
    app.text_input(key="import/name").set_value("Mine")
    app.button(key="import/go").click().run()
    assert app.session_state["import"].name == "Mine"
    question = store.next_question()
    path = Path(question.payload["path"])
    assert path.parent.parent == store.paths.incoming and path.name == "evil.pt"
    assert path.read_bytes() == b"not weights" and question.payload["architecture"] is None
    store.reply(question.id, None, "evil.pt holds no weights.")
    app.run()
    assert "evil\\.pt holds no weights\\." in words(app)


def test_no_page_needs_torch(tmp_path):
    code = (
        "import sys; from streamlit.testing.v1 import AppTest;"
        "import cu_core.service.spawn; cu_core.service.spawn.ensure_worker = lambda *a: False;"
        "app = AppTest.from_file('ui/entry.py', default_timeout=60).run();"
        "[app.switch_page(f'{sys.argv[1]}/pages/{p}.py').run() for p in ('unlearn', 'models')];"
        "assert not app.exception, app.exception;"
        "heavy = {'torch', 'sklearn', 'umap', 'torchvision'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)],
        cwd=ROOT,
        env=os.environ | {"LETHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["unlearn", "models"])
def test_an_installation_that_does_not_fit_says_so_with_its_remedy(page, store, name):
    told = "torch and torchvision do not fit together"
    store.save_catalog(fabricate.CATALOG.model_copy(update={"warning": told}))
    assert any(told in box.value for box in page(name).error)


@pytest.mark.parametrize("sources,said", [("0" * 16, True), (sources_hash(), False)])
def test_a_run_that_other_sources_made_says_so(page, store, monkeypatch, sources, said):
    store.save_catalog(fabricate.CATALOG)
    made = fabricate.summary().model_copy(
        update={"provenance": Provenance(method="contrastive", sources=sources)}
    )
    monkeypatch.setattr(fabricate, "summary", lambda: made)
    run = fabricate.finished(store)
    assert ("other sources of Lethe" in words(page("unlearn", run=run))) is said


def test_the_empty_page_offers_each_class_with_its_images(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn")
    pictured = fabricate.digits_info()
    pictured = pictured.model_copy(
        update={
            "classes": tuple(
                one.model_copy(update={"samples": ("data:image/png;base64,AA",)})
                for one in pictured.classes
            )
        }
    )
    fabricate.answer_all(store, dataset=pictured)
    app.run()
    assert words(app).count("data:image/png;base64,AA") == 10
    app.button(key="forget-7").click().run()
    assert app.multiselect(key="run/classes/digits").value == [7] and not app.exception


def test_the_ten_words_stand_large_and_the_whole_verdict_below(page, store):
    store.save_catalog(fabricate.CATALOG)
    said = words(page("unlearn", run=fabricate.finished(store)))
    assert '<h1 class="lethe-verdict">Class 5: 0\u00a0% right, the features forgot only' in said
    assert '<p class="lethe-words">Accuracy on the forgotten class 5 is 0\u00a0%' in said


def test_a_record_without_the_ten_words_has_its_verdict_large(page, store, monkeypatch):
    store.save_catalog(fabricate.CATALOG)
    older = fabricate.summary().model_copy(update={"headline": ""})
    monkeypatch.setattr(fabricate, "summary", lambda: older)
    said = words(page("unlearn", run=fabricate.finished(store, end="stopped")))
    assert '<h1 class="lethe-verdict long">Accuracy on the forgotten class 5' in said


def test_the_page_says_the_mean_gap_what_counts_for_nothing_and_what_to_know(
    page, store, monkeypatch
):
    store.save_catalog(fabricate.CATALOG)
    more = {"avg_gap_without_mia": 1.234, "void": {"ta": "decided by its bias"}}
    more |= {"notes": ("Few updates.",), "counts": {"forget_acc_test": 6}}
    known = fabricate.summary().model_copy(update=more)
    monkeypatch.setattr(fabricate, "summary", lambda: known)
    said = words(page("unlearn", run=fabricate.finished(store)))
    assert "Mean gap to retrained: 1.23 points without MIA." in said
    title = next(m.title for m in fabricate.CATALOG.metrics if m.key == "ta")
    assert f"{title} counts for nothing: decided by its bias." in said
    assert "Few updates." in said and "0 of 6" in said


def test_a_live_run_has_three_parts_and_its_phase_in_words(page, store):
    store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(store, end=None)
    store.requeue(run_id)
    with store.claim_run(run_id) as claimed:
        store.move(run_id, "starting", "running")
        writer = store.writer(claimed.run_id)
        waits = {"learn": Wait(spent=12.0, left=0.0), "forget": Wait(spent=3.0, left=5.0)}
        waits["compare"] = Wait(left=40.0, guess=True)
        writer.put(RunProgress(phase="unlearning", phase_done=12, phase_total=20, waits=waits))
        writer.close()
        said = words(page("unlearn", run=run_id))
        assert "<b>Learn</b> took 12 s" in said and "<b>Forget</b> about 5 s left" in said
        assert "<b>Compare</b> about 40 s (a guess)" in said and 'aria-valuenow="38"' in said
        assert "Forgetting 5: 12 of 20 updates" in said
        assert ">Forgetting 5</h1>" in said  # the number ticks below, the headline stands


def test_a_pause_between_pictures_names_the_step_of_its_figures(page, store):
    store.save_catalog(fabricate.CATALOG)
    run_id = fabricate.finished(store, end=None)
    store.requeue(run_id)
    with store.claim_run(run_id) as claimed:
        store.move(run_id, "starting", "paused")
        writer = store.writer(claimed.run_id)
        writer.put(RunProgress(phase="unlearning", step=18, total=20))
        writer.close()
        said = words(page("unlearn", run=run_id))
    assert "Paused at step 18 of 20, forgetting 5, in the picture of step 20:" in said


def test_runs_of_one_request_are_told_apart(page, store):
    store.save_catalog(fabricate.CATALOG)
    fabricate.finished(store)
    fabricate.finished(store)
    said = words(page("unlearn"))
    assert "seed 0, run 1" in said and "seed 0, run 2" in said


def test_a_title_has_neither_path_nor_id(page, store, tmp_path):
    store.save_catalog(fabricate.CATALOG)
    (tmp_path / "six.txt").write_text("1\n2\n3\n4\n5\n6\n")
    listed = UnlearnRequest(forget=f"indices:{tmp_path / 'six.txt'}", dataset="folder:/data/pets")
    store.enqueue(listed)
    said = words(page("unlearn"))
    assert "Forget listed images (six.txt) of pets in small-cnn" in said
    assert str(tmp_path) not in said and "/data/" not in said


def test_a_class_is_called_by_its_name(page, store):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, names=["a", "b", "c", "d", "e", "dog", "f"])
    assert "Forget class dog of digits in small-cnn" in words(page("unlearn", run=run))


def test_a_class_by_its_name_and_by_its_id_are_two_runs_of_one_request(page, store):
    store.save_catalog(fabricate.CATALOG)
    names = ["a", "b", "c", "d", "e", "dog", "f"]
    by_id = fabricate.finished(store, names=names)
    fabricate.finished(store, names=names, request=UnlearnRequest(forget="class:dog"))
    said = words(page("unlearn", run=by_id))
    title = "Forget class dog of digits in small-cnn with contrastive, seed 0"
    assert f"{title}, run 1" in said and f"{title}, run 2" in said


def test_a_network_of_ones_own_stands_in_a_title_without_its_folder(page, store):
    store.save_catalog(fabricate.CATALOG)
    fabricate.cached_model(store, architecture="python:/home/ada/nets.py:small")
    said = words(page("models"))
    assert "nets.py:small · digits · original" in said and "/home/ada" not in said


def test_a_model_and_data_are_used_from_their_rows(page, store):
    store.save_catalog(fabricate.CATALOG)
    model_id = fabricate.cached_model(store, seed=4)
    app = page("models")
    app.button(key=f"use-{model_id}").click().run()
    assert app.session_state["model"] == "new:small-cnn"
    assert app.session_state["run/model_seed"] == 4
    app = page("models")
    assert app.button(key="use-data-folder").disabled
    app.text_input(key="path-folder").set_value("/data/pets").run()
    app.button(key="use-data-folder").click().run()
    assert app.session_state["run/dataset"] == "folder"
    assert app.session_state["run/path/folder"] == "/data/pets"


@pytest.mark.parametrize("plant", ["wrong-labels:0.1", "trigger:0.05:3"])
def test_a_model_of_planted_data_is_used_with_what_is_planted(page, store, plant):
    store.save_catalog(fabricate.CATALOG)
    model_id = fabricate.cached_model(store, dataset=f"digits with {plant}")
    app = page("models")
    assert "digits with " in words(app)
    app.button(key=f"use-{model_id}").click().run()
    fabricate.answer_all(store)
    app.switch_page(str(ROOT / "pages/unlearn.py")).run()
    fabricate.answer_all(store)
    app.run().button(key="run/go").click().run()
    request = store.runs()[0].request
    assert (request.dataset, request.plant, request.forget) == ("digits", plant, "planted")


def test_the_runs_of_a_model_are_listed_alone(page, store):
    store.save_catalog(fabricate.CATALOG)
    model_id = fabricate.cached_model(store)
    run = store.enqueue(UnlearnRequest(original=model_id, seed=3))
    other = fabricate.finished(store)
    app = page("models")
    app.button(key=f"runs-of-{model_id}").click().run()
    app.switch_page(str(ROOT / "pages/unlearn.py")).run()
    keys = [button.key for button in app.button]
    assert f"open-{run}" in keys and f"open-{other}" not in keys
    app.button(key="runs-all").click().run()
    assert f"open-{other}" in [button.key for button in app.button]
