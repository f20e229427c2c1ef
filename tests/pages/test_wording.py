"""What a run is called: the sidebar's sentence again, with every knob that was turned."""

import pytest

from cu_core.spec import UnlearnRequest
from tests.pages import fabricate
from ui import blocks, wording


def test_two_runs_that_differ_by_a_knob_read_differently(store):
    asked = {"forget": "class:3,5", "preset": "paper", "seed": 1}
    hparams = {"ce_weight": 2.0, "lr": 1e-5}
    record = store.run(store.enqueue(UnlearnRequest(**asked, hparams=hparams)))
    assert wording.settings(record) == (
        "Forget classes 3, 5 of digits in small-cnn with contrastive (paper), "
        "cross-entropy weight 2, learning rate 1e-5, seed 1"
    )


@pytest.mark.parametrize(
    ("value", "retrained", "said"),
    [(79.2, 61.5, "+17.7 points"), (97, 99.5, "\u22122.5 points"), (1.01, 1.03, "0.0 points")],
)
def test_a_gap_has_a_sign_unless_it_rounds_to_nothing(value, retrained, said):
    assert blocks.gap(value, retrained, fabricate.metric("ra", "RA")) == said


def test_the_table_of_metrics_names_a_unit_once(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("unlearn", run=fabricate.finished(store))
    said = " ".join(block.proto.body for block in app.get("html"))
    assert "Distance to own class (1 - cosine)" in said and "RA, retain accuracy (%)" not in said
