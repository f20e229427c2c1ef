"""Every measure that needs references: declared, in its range, absent with a reason."""

import json
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import metrics
from cu_core.service.catalog import metric_cards
from tests.metrics.scenes import beside, model

KEYS = {key for key, m in metrics.all_metrics().items() if m.over == "references"}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    p=st.sampled_from([3, 30, 150, 300]),
    kind=st.sampled_from(["class", "sample"]),
    seeds=st.integers(0, 3),
    degenerate=st.booleans(),
)
def test_values_lie_in_their_range_or_have_a_reason(
    seed: int, p: int, kind: str, seeds: int, degenerate: bool
) -> None:
    scene, original = (model(seed + k, p, p, kind=kind) for k in (0, 1))
    if degenerate:
        scene = replace(scene, z=np.zeros_like(scene.z), logits=1e6 * scene.logits)
    retrained = [model(seed + 2 + k, p, p, False, kind) for k in range(seeds)]
    scene = replace(beside(scene, original, *retrained), untrained=model(999, p, p, kind=kind))
    values, reasons = metrics.measure(scene, over="references")
    assert {key.split("/")[0] for key in values} == KEYS
    for key, value in values.items():
        low, high = metrics.all_metrics()[key.split("/")[0]].range
        if value is None:
            assert reasons[key].startswith("not computed: ")
        else:
            assert low <= value <= high and np.isfinite(value), key
    assert set(reasons) == {key for key, value in values.items() if value is None}


def test_they_are_taken_only_when_asked_for() -> None:
    scene = model(1)
    assert KEYS.isdisjoint({key.split("/")[0] for key in metrics.measure(scene)[0]})
    assert len(KEYS) >= 28


def test_the_page_gets_each_with_a_title_a_range_and_words() -> None:
    cards = {card.key: card for card in metric_cards()}
    json.dumps([card.model_dump() for card in cards.values()], allow_nan=False)
    for key in KEYS:
        card = cards[key]
        assert card.over == "references" and card.title and card.unit
        assert len(card.help.split()) > 6
    assert len({card.title for card in cards.values()}) == len(cards)


def test_the_fingerprint_is_of_the_set() -> None:
    plain, compared = metrics.fingerprint("all", "probe"), metrics.fingerprint("references")
    assert plain != compared and len(plain) == 8 and plain == metrics.fingerprint("probe", "all")
