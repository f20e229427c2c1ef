"""The figures of a run that has ended: nothing until they are opened, then all that it has."""

import tomllib
from typing import Any

import pytest

from cu_core.figures import figures
from cu_core.spec import Summary
from tests.pages import fabricate
from tests.pages.conftest import ROOT


def summary(made: Summary) -> Summary:
    shares = {
        model: {f"prediction_share/{c}": 100.0 * (c == home) for c in range(10)}
        for model, home in (("original", 5), ("metrics", 3), ("retrained", 8))
    }
    return made.model_copy(
        update={model: getattr(made, model) | share for model, share in shares.items()}
    )


@pytest.fixture
def run(store, monkeypatch):
    made = summary(fabricate.summary())
    monkeypatch.setattr(fabricate, "summary", lambda: made)
    store.save_catalog(fabricate.CATALOG)
    return fabricate.finished(store)


def charts(app) -> list[Any]:
    return list(app.get("plotly_chart"))


def test_figures_are_drawn_when_they_are_opened(page, run, monkeypatch):
    asked = []
    for figure in figures().values():
        info = figure.info
        monkeypatch.setitem(
            figure.__dict__, "info", lambda v, info=info: asked.append(1) or info(v)
        )
    app = page("unlearn", run=run)
    assert not app.exception and charts(app) == [] and asked == []
    app.session_state[f"figures-{run}"] = True
    app.run()
    assert not app.exception and len(charts(app)) == len(figures()) == len(asked)
    assert any("Retrained" in chart.proto.spec for chart in charts(app))


def test_one_that_fails_is_said_and_the_others_are_drawn(page, run, monkeypatch):
    def fails(info: Any) -> Any:
        raise RuntimeError("no ink")

    monkeypatch.setitem(figures()["destinations"].__dict__, "draw", fails)
    app = page("unlearn", run=run)
    app.session_state[f"figures-{run}"] = True
    app.run()
    assert not app.exception and len(charts(app)) == len(figures()) - 1
    assert any("no ink" in error.value for error in app.error)


def test_a_run_that_is_going_has_none(page, store):
    store.save_catalog(fabricate.CATALOG)
    run = fabricate.finished(store, end=None)
    store.requeue(run)
    with store.claim_run(run):
        store.move(run, "starting", "running")
        app = page("unlearn", run=run)
    assert not app.exception
    assert "Figures" not in [fold.label for fold in app.expander]


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_charts_have_the_page_s_colours(ground):
    """Streamlit takes ten of each or, without a word, none."""
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"][ground]
    assert theme["chartCategoricalColors"][0] == theme["primaryColor"]
    for name in ("chartCategoricalColors", "chartSequentialColors"):
        assert len(set(theme[name])) == 10, name
