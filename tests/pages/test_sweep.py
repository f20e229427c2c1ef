"""The Sweep page: the form asks for what it shows, buttons leave commands, one choice for all."""

import time
from html import escape
from types import SimpleNamespace
from typing import Any

import pytest

from cu_core.figures.sweeps import figures
from cu_core.service import spawn
from cu_core.spec import (
    METHOD,
    Axis,
    SweepProgress,
    SweepRequest,
    Trial,
    UnlearnRequest,
)
from tests.pages import fabricate
from tests.pages.test_pages import words
from tests.sweeps.made_up import made_up_sweep, request
from ui import session, sweep_card, sweep_chosen, sweep_figures, sweep_table, sweep_words


@pytest.fixture
def led(monkeypatch) -> list[str]:
    """The sweeps that somebody was asked to lead."""
    asked: list[str] = []
    monkeypatch.setattr(spawn, "lead", lambda store, sweep_id: asked.append(sweep_id))
    return asked


@pytest.fixture
def form(page, store, led, monkeypatch) -> Any:
    """The page, its questions answered."""
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    store.save_catalog(fabricate.CATALOG)
    return answered(page("sweep"), store)


def answered(app: Any, store: Any) -> Any:
    while fabricate.answer_all(store):
        app.run()
    return app.run()


def started(app: Any, store: Any) -> SweepRequest:
    answered(app, store)
    app.button(key="sweep/go").click().run()
    assert not app.exception
    found = store.sweeps()[0].request
    assert found is not None
    return found


USUAL_AXES = {"temperature": Axis(low=0.05, high=2), "contrast_weight": Axis(low=0, high=10)}


def test_the_main_knobs_are_ranges_at_first_and_one_click_starts(form, store, led):
    assert started(form, store) == SweepRequest(base=UnlearnRequest(), axes=USUAL_AXES)
    assert [one.sweep_id for one in store.sweeps()] == led == [form.query_params["sweep"]]
    assert "Waiting to begin" in words(form)


def test_what_is_set_is_what_is_asked(form, store):
    for knob, how in (("temperature", "one value"), ("lr", "a range")):
        form.segmented_control(key=f"sweep/contrastive/{knob}/how").set_value(how).run()
    form.select_slider(key="sweep/contrastive/lr/range").set_value((1e-4, 1e-1))
    form.slider(key="sweep/contrastive/contrast_weight/range").set_value((1.0, 5.0))
    form.slider(key="knob/contrastive/temperature").set_value(1.2)
    form.checkbox(key="sweep/contrastive/variant/official").check()
    form.multiselect(key="sweep/objectives").set_value(["ta_gap", "seconds"])
    form.selectbox(key="sweep/sampler").select("qmc")
    form.number_input(key="sweep/trials").set_value(12)
    form.number_input(key="sweep/minutes").set_value(7.5)
    form.segmented_control(key="sweep/seeds").set_value(3)
    form.number_input(key="sweep/floor").set_value(80.0)
    form.number_input(key="sweep/slots").set_value(2)
    form.number_input(key="sweep/seed").set_value(5)
    form.number_input(key="run/seed").set_value(9).run()
    assert started(form, store) == SweepRequest(
        base=UnlearnRequest(hparams={"temperature": 1.2}, seed=9),
        axes={
            "contrast_weight": Axis(low=1, high=5),
            "lr": Axis(low=1e-4, high=1e-1, log=True),
            "variant": Axis(choices=("paper", "official")),
        },
        objectives=("ta_gap", "seconds"),
        sampler="qmc",
        sampler_seed=5,
        trials=12,
        minutes=7.5,
        seeds=3,
        floor=80,
        slots=2,
    )


def test_a_grid_counts_its_own_trials(form, store):
    form.selectbox(key="sweep/sampler").select("grid").run()
    form.number_input(key="sweep/points").set_value(4).run()
    assert "A grid of 16 trials." in words(form)
    asked = started(form, store)
    assert (asked.sampler, asked.trials) == ("grid", 16)
    assert {axis.points for axis in asked.axes.values()} == {4}


def test_several_methods_are_an_axis_and_share_the_knobs_that_all_have(form, store):
    form.multiselect(key="sweep/methods").set_value(["contrastive", "fine-tune"]).run()
    assert "The knobs that all of them have:" in words(form)
    form.segmented_control(key="sweep/contrastive+fine-tune/lr/how").set_value("a range").run()
    assert started(form, store).axes == {
        METHOD: Axis(choices=("contrastive", "fine-tune")),
        "lr": Axis(low=1e-5, high=1, log=True),
    }


def test_it_begins_where_unlearn_stands(page, store, led):
    store.save_catalog(fabricate.CATALOG)
    app = answered(page("unlearn"), store)
    app.multiselect(key="run/classes/digits").set_value([3]).run()
    app.selectbox(key="method").select("fine-tune").run()
    app.switch_page(str(session.page("sweep"))).run()
    time.sleep(session.SETTLE_S)
    asked = started(app, store)
    assert (asked.base.forget, asked.base.method) == ("class:3", "fine-tune")
    assert asked.axes == {"lr": Axis(low=1e-5, high=1, log=True)}


def test_what_is_missing_is_said_beside_a_grey_button(form, store):
    def refused(sentence: str) -> None:
        assert form.button(key="sweep/go").disabled and sentence in words(form)

    for knob in USUAL_AXES:
        form.segmented_control(key=f"sweep/contrastive/{knob}/how").set_value("one value")
    form.run()
    refused("Choose a range for at least one knob")
    form.checkbox(key="sweep/contrastive/variant/official").check().run()
    form.multiselect(key="sweep/objectives").set_value([]).run()
    refused("Choose at least one objective.")
    form.multiselect(key="sweep/objectives").set_value(["avg_gap"])
    form.toggle(key="run/reference").set_value(False).run()
    refused("Mean gap to retrained is a distance to a retrained model")
    form.toggle(key="run/reference").set_value(True)
    form.number_input(key="sweep/trials").set_value(5000).run()
    refused("The sweep.trials must be")
    assert store.sweeps() == []


def test_what_is_offered_depends_on_what_it_is_good_for(form, store):
    assert "home" not in form.multiselect(key="sweep/objectives").options
    assert any("Gaussian" in title for title in form.selectbox(key="sweep/sampler").options)
    form.number_input(key="sweep/trials").set_value(60).run()
    assert not any("Gaussian" in title for title in form.selectbox(key="sweep/sampler").options)
    form.multiselect(key="sweep/objectives").set_value(["rho"]).run()
    assert "rho is noise" in words(form)


def test_the_price_is_of_the_trials_and_the_models(form, store):
    assert "About 32 s: 30 trials of about 1 s, first the models in about 9 s." in words(form)
    asked = request(trials=10, minutes=0.2)
    told = sweep_words.price(asked, fabricate.PREFLIGHT, 2)
    assert "10 trials of about 1 s, 2 at once" in told
    assert "About 6 of them begin within 0.2 min." in told


# --- a sweep that is followed -----------------------------------------------------------------


def shown(page: Any, store: Any, sweep_id: str) -> Any:
    store.save_catalog(fabricate.CATALOG)
    return answered(page("sweep", sweep=sweep_id), store)


def test_a_sweep_is_opened_by_its_address_and_says_where_it_stands(page, store, led):
    app = shown(page, store, made_up_sweep(store))
    assert not app.exception
    said = words(app)
    assert "11 of 12 done, 1 failed; " in said and "retrained seeds differ by 0.5" in said
    assert "The loss is no number." in said and escape(sweep_words.HONEST) in said
    assert "Set up another sweep" in [button.label for button in app.button]  # no form before it


def test_one_figure_is_drawn_at_a_time_and_the_front_at_first(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    way = app.segmented_control(key=sweep_figures.figure_key(sweep_id))
    assert way.options == [figure.title for figure in figures().values()]
    for key in ("front", "parallel", "heat_map"):
        if key != "front":
            app.segmented_control(key=sweep_figures.figure_key(sweep_id)).set_value(key).run()
        (drawn,) = app.get("plotly_chart")
        assert drawn.key == sweep_chosen.picture_key(sweep_id, key)


def test_the_figure_comes_when_the_gallery_has_been_drawn(page, store, led):
    sweep_id = made_up_sweep(store)
    app = page("sweep", sweep=sweep_id)
    assert not app.get("plotly_chart") and "Gallery" in words(app)
    assert len(app.run().get("plotly_chart")) == 1


def test_the_table_is_there_once_it_is_unfolded(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    assert not app.dataframe and "Table of 12" in [fold.label for fold in app.expander]
    app.session_state[f"sweep-rows-{sweep_id}"] = True
    app.run()
    assert len(app.dataframe) == 1 and not app.exception


def test_the_form_is_out_of_the_way_of_a_sweep_until_it_is_asked_for(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    assert not app.multiselect
    app.button(key=f"sweep-another-{sweep_id}").click().run()
    started(app, store)
    assert app.query_params["sweep"] == store.sweeps()[0].sweep_id != sweep_id
    assert not app.multiselect  # the new one is followed


@pytest.mark.parametrize(
    ("label", "verb", "value"),
    [("50 more", "more", 50), ("Confirm the front with three seeds", "confirm", None)],
)
def test_a_button_leaves_a_command_and_calls_for_an_owner(page, store, led, label, verb, value):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    next(button for button in app.button if button.label == label).click().run()
    (given,) = store.pending(sweep_id)
    assert (given.verb, given.value) == (verb, value) and led == [sweep_id]
    assert "the sweep answers at its next look" in words(app)


def test_what_runs_can_be_stopped_and_what_is_lost_resumed(page, store, led):
    sweep_id = store.new_sweep(request())
    with store.owned(sweep_id):
        store.publish(sweep_id, SweepProgress(state="running", wanted=12))
        app = shown(page, store, sweep_id)
        labels = [button.label for button in app.button]
        assert "Stop" in labels and "Resume" not in labels
    app.run()
    labels = [button.label for button in app.button]
    assert "Resume" in labels and "ended unexpectedly" in words(app)
    app.button(key=f"sweep-resume-{sweep_id}").click().run()
    assert [given.verb for given in store.pending(sweep_id)] == ["resume"]


def test_a_sweep_that_is_gone_is_said_and_one_is_deleted_from_the_list(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, "20200101-000000-000-abcdef")
    assert "no sweep" in words(app) and "No sweep is open" in words(app)
    app.button(key=f"open-{sweep_id}").click().run()
    assert app.query_params["sweep"] == sweep_id
    app.button(key=f"delete-{sweep_id}").click().run()
    assert store.sweeps() == [] and "No sweep is open" in words(app)


def test_the_one_that_is_chosen_has_a_card(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    app.session_state[f"sweep/chosen/{sweep_id}"] = (2,)
    app.run()
    said = words(app)
    assert "Trial 2 chosen" in said and "other half" in said
    app.button(key=f"sweep-clear-{sweep_id}").click().run()
    assert "Draw a box in a picture" in words(app)


def test_the_best_settings_are_said_and_found_in_the_pictures(page, store, led):
    sweep_id = made_up_sweep(store)
    progress = store.sweep(sweep_id).progress
    front = sorted(
        (t for t in progress.trials if t.front), key=lambda t: t.values["forget_gap"] or 0
    )
    app = shown(page, store, sweep_id)
    said = words(app)
    places = [said.index(f'<th scope="row">Trial {trial.number}<') for trial in front]
    assert places == sorted(places) and len(places) > 1
    app.button(key=f"sweep-best-{sweep_id}").click().run()
    assert app.session_state[f"sweep/chosen/{sweep_id}"] == tuple(sorted(t.number for t in front))
    assert app.button(key=f"sweep-best-{sweep_id}").disabled


def test_the_heat_map_is_of_the_objective_that_a_person_chooses(page, store, led):
    sweep_id = made_up_sweep(store)
    app = shown(page, store, sweep_id)
    app.segmented_control(key=sweep_figures.figure_key(sweep_id)).set_value("heat_map").run()

    def drawn() -> str:
        return str(app.get("plotly_chart")[0].proto.spec)

    assert "Test accuracy gap (points) %{text}" not in drawn()
    app.segmented_control(key=f"sweep-heat-{sweep_id}").set_value("ta_gap").run()
    assert "Test accuracy gap (points) %{text}" in drawn()


def test_a_grid_whose_settings_are_all_asked_for_offers_no_more(page, store, led):
    grid = {
        "contrast_weight": Axis(low=1, high=2, points=2),
        "temperature": Axis(low=0.1, high=1, points=3),
    }
    for trials, offered in ((4, True), (6, False)):
        app = shown(page, store, made_up_sweep(store, trials, sampler="grid", axes=grid))
        assert ("50 more" in [button.label for button in app.button]) is offered


# --- words, rows, brushes ---------------------------------------------------------------------


def test_no_better_than_retraining_again_is_said_as_that():
    asked = request()
    trial = Trial(number=0, state="done", values={"forget_gap": 0.4, "ta_gap": 1.0})
    said = SweepProgress(trials=(trial,), band={"forget_gap": 0.5})
    assert sweep_words.best(asked, said) == [
        "best forget gap 0.4 points: no different from retraining again, whose seeds differ by 0.5"
    ]


def test_the_table_has_both_halves_and_the_csv_the_same_columns(store):
    record = store.sweep(made_up_sweep(store, 4))
    assert record.request is not None
    found = sweep_table.columns(record.request, record.progress.trials)
    assert list(found) == [
        "Trial",
        "Front",
        "Contrast weight",
        "Temperature",
        "Forget gap (points)",  # the test set has no say in it
        "Test accuracy gap (points), tuning half",
        "Test accuracy gap (points), other half",
        "Took (s)",
        "State",
    ]
    lines = sweep_table.as_csv(found).splitlines()
    assert len(lines) == 5 and lines[0].startswith("Trial,Front,Contrast weight,Temperature,Forget")
    assert lines[4].startswith("3,False,") and lines[4].endswith(",failed")


def test_a_brush_is_the_trials_of_its_marks_each_once():
    points = [{"customdata": 4}, {"customdata": [4]}, {"customdata": [7]}, {"x": 1}]
    assert sweep_chosen.in_selection({"points": points}) == {4, 7}


def test_what_was_drawn_before_the_last_choice_is_not_heard(monkeypatch):
    nothing = SimpleNamespace(selection=SimpleNamespace(rows=[]))
    before = sweep_chosen.table_key("one"), sweep_chosen.picture_key("one", "front")
    sweep_chosen.choose("one", (9,))
    monkeypatch.setitem(sweep_chosen.st.session_state, before[0], nothing)
    sweep_chosen.ticked("one", before[0], [9])
    sweep_chosen.brushed("one", "front", before[1])
    assert sweep_chosen.numbers("one") == (9,)
    now = sweep_chosen.table_key("one")
    monkeypatch.setitem(sweep_chosen.st.session_state, now, nothing)
    sweep_chosen.ticked("one", now, [9])
    assert sweep_chosen.numbers("one") == () and sweep_chosen.table_key("one") == now


def test_a_replay_is_the_trials_own_request_with_pictures(store):
    sweep_id = made_up_sweep(store, 4)
    record = store.sweep(sweep_id)
    asked = UnlearnRequest(
        hparams={"temperature": 0.3}, every=10**9, trial=f"{sweep_id}/0", floor=9
    )
    trial = record.progress.trials[0].model_copy(update={"run_ids": (store.enqueue(asked),)})
    assert sweep_card.replayed(record, trial) == UnlearnRequest(hparams={"temperature": 0.3})
    second = record.progress.trials[1]  # its run is gone, as of a study that ships
    assert sweep_card.replayed(record, second) == UnlearnRequest(hparams=second.knobs)


def with_a_run(store: Any) -> str:
    """A made-up sweep whose trial 0 has its run on record."""
    sweep_id = made_up_sweep(store, 4)
    said = store.sweep(sweep_id).progress
    run_id = store.enqueue(UnlearnRequest(trial=f"{sweep_id}/0", every=9))
    store.move(run_id, "queued", "stopped")
    first = said.trials[0].model_copy(update={"run_ids": (run_id,), "weights_sha256": "ab"})
    store.publish(sweep_id, said.model_copy(update={"trials": (first, *said.trials[1:])}))
    return str(sweep_id)


def chosen(app: Any, sweep_id: str, *numbers: int) -> Any:
    app.session_state[f"sweep/chosen/{sweep_id}"] = numbers
    return app.run()


def test_replay_queues_the_run_with_pictures_and_opens_it(page, store, led):
    sweep_id = with_a_run(store)
    app = chosen(shown(page, store, sweep_id), sweep_id, 0)
    app.button(key=f"sweep-replay-{sweep_id}").click().run()
    (record,) = store.runs("unlearn")
    assert record.request == UnlearnRequest() and app.query_params["run"] == record.run_id
    assert not app.exception


@pytest.mark.parametrize(
    ("weights", "said"), [("ab", "the same weights, bit for bit"), ("cd", "other weights")]
)
def test_a_replay_that_has_ended_is_compared_with_its_trial(
    page, store, led, monkeypatch, weights, said
):
    summary = fabricate.summary().model_copy(update={"weights_sha256": weights})
    monkeypatch.setattr(fabricate, "summary", lambda: summary)
    sweep_id = with_a_run(store)
    fabricate.finished(store, request=UnlearnRequest())
    app = chosen(shown(page, store, sweep_id), sweep_id, 0)
    assert said in words(app).replace("\\", "")
