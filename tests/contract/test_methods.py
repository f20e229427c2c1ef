"""The contract every method file keeps, over the registry: a new file is tested without a line."""

from typing import Any

import pytest

from cu_core import methods
from cu_core.service.contract import Check
from cu_core.service.contract.methods import CONTRACT
from cu_core.service.contract.stepping import made
from cu_core.spec import Method


@pytest.mark.parametrize("cls", CONTRACT.registered(), ids=methods.method_key)
@pytest.mark.parametrize("check", CONTRACT.checks, ids=lambda check: check.__name__)
def test_every_method_keeps_the_contract(check: Check, cls: type[Method]) -> None:
    check(cls)


@pytest.mark.parametrize(
    ("key", "preset"),
    [
        (k, p)
        for k in methods.names()
        for p in methods.get(k).presets
        if p.startswith("coun") and k != "retrain"
    ],
)
def test_presets_named_after_coun_have_its_schedule(key: str, preset: str) -> None:
    """Fifty epochs under a cosine for every unlearning method (arXiv:2509.16391, E.2)."""
    method: Any = made(methods.get(key), **methods.get(key).presets[preset])
    assert (method.epochs, method.batch_size, method.schedule) == (50, 256, "cosine")
    assert (method.momentum, method.weight_decay) == (0.9, 5e-4)
