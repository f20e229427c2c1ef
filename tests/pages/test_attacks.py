"""The fold of the attacks: asked when it is opened, said in sentences, counted at a threshold."""

import html
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cu_core import metrics
from cu_core.metrics import attacks
from cu_core.metrics.attacked import Attacked, Placed, attacked
from cu_core.spec import ATTACKS, AttackFacts, Attacks, ModelOutputs, Origin, Summary
from cu_core.store import Store
from cu_core.store.names import name_arrays
from tests.pages import fabricate
from ui import attack_panel, attack_words

MANY, FEW = 1400, 400  # points, of which a tenth are to be forgotten


def scene(probe: dict[str, Any], seed: int, gap: float) -> ModelOutputs:
    """A model whose answers are noise, but that forget samples lie ``gap`` logits higher."""
    rng, p = np.random.default_rng(seed), len(probe["label"])
    test_label = np.resize(np.arange(10), p)
    logits, test_logits = rng.normal(size=(p, 10)), rng.normal(size=(p, 10))
    forget = np.flatnonzero(probe["is_forget"])
    logits[forget, probe["label"][forget]] += gap
    z, test_z = rng.normal(size=(p, 4)), rng.normal(size=(p, 4))
    arrays = [a.astype(np.float32) for a in (z, logits, test_logits, test_z)]
    return ModelOutputs(
        arrays[0], arrays[1], probe["label"], probe["is_forget"],
        arrays[2], test_label, (5,), arrays[3],
    )  # fmt: skip


def attack_all(store: Store, run: str, gap: float) -> dict[str, Attacked]:
    """Plays the worker: every attack on three models, kept with the run."""
    probe = store.reader(run).probe()
    assert probe is not None
    gaps = {"unlearned": gap, "retrained": 0.0, "original": 2.0}
    scenes = {model: scene(probe, seed, g) for seed, (model, g) in enumerate(gaps.items())}
    made = {key: attacked(one, scenes) for key, one in attacks().items()}
    facts = AttackFacts(
        version=metrics.fingerprint("references"),
        readings={key: dict(one.readings) for key, one in made.items()},
    )
    arrays = {name: array for one in made.values() for name, array in one.arrays().items()}
    store.save_view(run, ATTACKS, arrays, facts.model_dump())
    return made


def finished(store: Store, points: int, **said: Any) -> str:
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, points=points, frames=2)
    if said:
        writer = store.writer(run)
        writer.finish(store.run(run).summary.model_copy(update=said))
        writer.close()
    return run


def opened(page: Any, run: str) -> Any:
    app = page("unlearn", run=run)
    app.session_state[f"attacks-{run}"] = True
    app.run()
    assert not app.exception
    return app


def text(app: Any) -> str:
    """All that the page says in HTML, as a person reads it."""
    said = " ".join(block.proto.body for block in app.get("html"))
    return html.unescape(re.sub(r"<[^>]+>", " ", said)).replace("\u00a0", " ")


def cells(app: Any) -> dict[str, list[str]]:
    """The table of counts: model -> "hits of n" of each side."""
    (table,) = (b.proto.body for b in app.get("html") if 'lethe-attack">' in b.proto.body)
    rows = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', table)
    return {m.lower(): re.findall(r"([\d,]+ of [\d,]+)", row) for m, row in rows}


def threshold(app: Any) -> Any:
    return next(one for one in app.select_slider if one.label.startswith("Called a member"))


def charts(app: Any) -> list[Any]:
    return list(app.get("plotly_chart"))


def test_nothing_is_asked_until_it_is_opened_and_then_once(page, store):
    run = finished(store, FEW)
    app = page("unlearn", run=run)
    fabricate.answer_all(store)
    assert not app.exception and charts(app) == []
    app.session_state[f"attacks-{run}"] = True
    app.run()
    app.run()
    assert not app.exception
    asked = [q for q in iter(store.next_question, None) if q.kind == Attacks.kind]
    assert [q.payload for q in asked] == [{"run": run}]
    assert "Waiting for the engine" in text(app) or "Every attack is asked" in text(app)
    attack_all(store, run, -2.0)
    (question,) = asked
    store.reply(question.id, AttackFacts())
    app.run()
    assert not app.exception and len(charts(app)) == 2


def test_a_refusal_is_said(page, store):
    run = finished(store, FEW)
    app = opened(page, run)
    questions = [q for q in iter(store.next_question, None) if q.kind == Attacks.kind]
    store.reply(questions[0].id, None, "digits no longer holds what the run forgot.")
    app.run()
    assert any("no longer holds" in error.value for error in app.error) and not charts(app)


def test_what_other_measures_have_kept_is_asked_again(page, store, monkeypatch):
    run = finished(store, FEW)
    attack_all(store, run, 0.0)
    monkeypatch.setattr(metrics, "VERSION", "another")
    assert charts(opened(page, run)) == []
    assert any(q.kind == Attacks.kind for q in iter(store.next_question, None))


def test_the_counts_are_those_of_a_loop_wherever_the_threshold_stands(page, store):
    run = finished(store, MANY)
    found = attack_all(store, run, -1.0)["loss"]
    app = opened(page, run)
    slider = threshold(app)
    for label in (slider.value, slider.options[0], slider.options[60], slider.options[-1]):
        threshold(app).set_value(label).run()
        assert not app.exception
        shown = float(label.replace("\u2212", "-"))
        cut = min(found.cuts("unlearned"), key=lambda c: abs(found.attack.shown(c) - shown))
        for model, told in cells(app).items():
            for side, cell in zip(("forget", "test", "retain"), told, strict=True):
                own = found.scores[model][side].tolist()
                assert cell == f"{sum(s >= cut for s in own)} of {len(own)}"


def test_images_on_either_side_say_what_they_are(page, store):
    run = finished(store, MANY)
    found = attack_all(store, run, -1.0)["loss"]
    app = opened(page, run)
    threshold(app).set_value(threshold(app).options[60]).run()
    (above, below) = (b.proto.body for b in app.get("html") if "<figure>" in b.proto.body)
    assert above.count("<figure>") == below.count("<figure>") == 8
    assert above.count("data:image/png;base64,") == 8
    assert "to forget" in above + below and "kept" in above + below
    assert "keeps no pictures" in text(app)
    assert set(found.rows) == {"forget", "test", "retain"}


def test_a_file_is_called_by_the_last_part_of_its_path(store):
    reader = store.reader(finished(store, 20))
    probe, progress = reader.probe(), reader.progress()
    files = tuple(f"train/deep/{k}.png" for k in range(20))
    probe |= name_arrays(Origin(np.arange(20), file=files))
    made = attacked(next(iter(attacks().values())), {"unlearned": scene(probe, 0, 3.0)})
    said = attack_panel._cards(probe, progress, made, [Placed("forget", 4, 0.5)])
    assert "<span>4.png</span>" in said and 'title="train/deep/4.png"' in said
    assert re.sub(r"<[^>]+>", " ", said).count("train") == 0


def test_another_attack_and_another_model_s_threshold_can_be_chosen(page, store):
    run = finished(store, MANY)
    found = attack_all(store, run, -1.0)
    app = opened(page, run)
    (kinds, models) = app.get("button_group")[-2:]
    kinds.set_value("embedding").run()
    assert not app.exception and len(charts(app)) == 2
    assert [len(row) for row in cells(app).values()] == [2, 2, 2]  # nothing of retain samples
    (kinds, models) = app.get("button_group")[-2:]
    models.set_value("original").run()
    usual = found["embedding"].usual_cut("original")
    count = found["embedding"].counts("original", usual)["forget"]
    assert cells(app)["original"][0] == f"{count.hits} of {count.n}"


def test_an_attack_that_decides_nothing_says_so_and_finds_nobody(page, store):
    why = "3 retrained seeds read 0 to 100: decided by its bias"
    run = finished(store, MANY, void={"mia_efficacy": why})
    attack_all(store, run, -1.0)
    app = opened(page, run)
    assert not app.warning  # of the attack that is shown first nothing is void
    app.get("button_group")[-2].set_value("confidence").run()
    (warning,) = app.warning
    said = warning.value.replace("\\", "")
    assert why in said and "counts for nothing" in said
    assert "It calls" not in text(app) and len(charts(app)) == 2


def test_scores_that_are_all_alike_have_no_threshold_to_move(page, store, monkeypatch):
    run, made = finished(store, FEW), scene
    same = np.zeros((FEW, 10), np.float32)
    monkeypatch.setitem(
        globals(), "scene", lambda *of: replace(made(*of), logits=same, test_logits=same)
    )
    attack_all(store, run, 0.0)
    app = opened(page, run)
    assert "no threshold parts them" in text(app) and len(charts(app)) == 2
    assert not any(one.label.startswith("Called a member") for one in app.select_slider)


def test_runs_without_an_end_have_no_attacks(page, store):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, end=None)
    app = page("unlearn", run=run)
    assert not app.exception
    assert not any(fold.label.startswith("Attacks") for fold in app.expander)


# --- sentences ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``said(points, gap)``: what is attacked, and the sentences on its loss attack."""
    store = Store(tmp_path_factory.mktemp("said"), bundled=None)
    runs = {points: finished(store, points) for points in (MANY, FEW)}

    def of(points: int, gap: float, key: str = "loss") -> tuple[Attacked, list[str]]:
        found = attack_all(store, runs[points], gap)[key]
        return found, attack_words.sentences(found, Summary())

    return of


def test_the_first_sentence_is_whom_it_finds_at_one_percent(said):
    found, (first, second, *others) = said(MANY, 4.0)
    read = {model: found.readings[model].found for model in found.scores}
    assert first.startswith(
        f"At 1 % false alarms the loss attack finds {read['unlearned'][0]:.1f} %"
    )
    assert f"interval {read['unlearned'].low:.1f} % to {read['unlearned'].high:.1f} %" in first
    assert f"the retrained model {read['retrained'].value:.1f} %" in first
    assert f"AUC of {found.readings['unlearned'].auc.value:.3g} " in second
    assert second.endswith("guessing reads 0.5.") and others == []


def test_few_test_samples_are_counted_and_said_to_be_few(said):
    found, (first, *_) = said(FEW, 4.0)
    score = found.scores["unlearned"]
    hits, n = int((score["forget"] > score["test"].max()).sum()), len(score["forget"])
    assert f"With no false alarm the loss attack finds {hits} of {n} forget samples" in first
    assert first.endswith(f"1 % of {n} test samples of the same classes is none.")


def test_what_is_stranger_than_unseen_is_a_leak_with_its_two_sided_value(said):
    found, sentences = said(MANY, -3.0)
    reading = found.readings["unlearned"]
    first, leak, *_ = sentences
    assert "can be told" in first and "stranger" in first and reading.auc.high < 0.5
    assert f"reads an AUC of {1 - reading.auc.value:.3g} (" in leak
    assert f"interval {1 - reading.auc.high:.3g} to {1 - reading.auc.low:.3g})" in leak
    assert f"that finds {reading.stranger.value:.1f} % of them" in leak
    retrained = found.readings["retrained"].auc.value
    assert f"the retrained model {max(retrained, 1 - retrained):.3g}" in leak


@pytest.mark.parametrize("gap", [0.0, 3.0])
def test_what_is_not_stranger_is_no_leak(said, gap):
    found, sentences = said(MANY, gap)
    assert not any("stranger" in text for text in sentences)
    within = found.readings["unlearned"].auc.low <= 0.5
    assert within == (gap == 0.0) == any("no more than guessing" in text for text in sentences)


def test_a_model_without_a_reading_has_the_reason(said):
    _, sentences = said(MANY, 0.0, "rmia")
    assert sentences == ["It says nothing of this run: one retrained seed at least is needed."]
