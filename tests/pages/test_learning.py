"""The page of a run whose original model is yet to be trained."""

import numpy as np

from cu_core.spec import RunProgress
from cu_core.stage import learning
from cu_core.store.views import LEARNING
from tests.pages import fabricate
from tests.pages.test_pages import words
from tests.store.samples import P, arrays, probe, running


def test_the_learning_model_is_shown_until_the_runs_own_picture(page, store):
    store.save_catalog(fabricate.CATALOG)
    claimed, writer = running(store)
    writer.put(RunProgress(phase="training the original model", phase_done=3, phase_total=50))
    assert "The map appears here" in words(page("unlearn", run=claimed.run_id))
    writer.probe(probe())
    writer.put(RunProgress(class_names=("a", "b", "c")))
    frames = {"xy": arrays(0)["xy"][None], "pred": np.zeros((1, P), np.uint16)}
    facts = {"steps": [0], "accuracy": [8.0], "total": 50}
    store.save_view(claimed.run_id, LEARNING, frames, facts)
    said = words(page("unlearn", run=claimed.run_id))
    assert learning.words(facts) in said and "The map appears here" not in said
    writer.snapshot(0, **arrays(0))
    assert learning.words(facts) not in words(page("unlearn", run=claimed.run_id))
    writer.close()
    claimed.release()
