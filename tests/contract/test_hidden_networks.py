"""Networks that nobody picks keep the contract too, once weights from elsewhere are of them."""

import pytest
import torch

from cu_core import models
from cu_core.service.contract import Check
from cu_core.service.contract.networks import CONTRACT

DEEP = ("resnet32", "resnet34", "resnet50", "resnet101", "resnet44", "resnet56", "resnet110")
LARGE_ONLY = "resnet18-3x3"  # the usual stem of small images, at sizes where it is not


@pytest.mark.parametrize(
    "key", [k for k in models.hidden() if not k.startswith(DEEP) and k != LARGE_ONLY]
)
@pytest.mark.parametrize("check", CONTRACT.checks, ids=lambda check: check.__name__)
def test_every_hidden_network_keeps_the_contract(check: Check, key: str) -> None:
    check(models.get(key))


def test_none_of_them_is_offered_and_each_can_be_asked_for() -> None:
    hidden = models.hidden()
    assert not set(hidden) & set(models.names())
    assert not {a.key for a in models.info()} & set(hidden)
    assert all(models.get(key).variant_of in ("", *models.names()) for key in hidden)


def test_a_stem_is_a_variant_where_it_is_not_the_usual_one() -> None:
    small, large = (3, 32, 32), (3, 72, 72)
    stems = models.variants("resnet18")
    assert {"resnet18-3x3-pool", "resnet18-7x7-stride-pool", LARGE_ONLY} <= set(stems)
    assert "resnet18" in models.variants(LARGE_ONLY)
    assert "the usual stem at 32 x 32" in (models.supports(LARGE_ONLY, small) or "")
    assert models.supports(LARGE_ONLY, large) is None
    assert models.supports("resnet18-7x7-stride-pool", small) is None
    assert "the usual stem" in (models.supports("resnet18-7x7-stride-pool", large) or "")
    assert models.variants("mlp") == ()


@pytest.mark.parametrize("key", ["resnet18", "resnet18-3x3-pool", "resnet18-7x7"])
def test_variants_differ_in_what_they_compute(key: str) -> None:
    side = {"resnet18": 32, "resnet18-3x3-pool": 16, "resnet18-7x7": 32}[key]
    seen = []
    with torch.device("meta"):
        body = models.build(key, (3, 32, 32), 2).body
        body.layer1.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[-1]))
        body(torch.empty(2, 3, 32, 32))
    assert seen == [side]
