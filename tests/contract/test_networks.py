"""The contract every network keeps, over the registry: a new file is tested without a line."""

import pytest

from cu_core.models import Architecture
from cu_core.service.contract import Check
from cu_core.service.contract.networks import CONTRACT


@pytest.mark.parametrize("network", CONTRACT.registered(), ids=CONTRACT.key)
@pytest.mark.parametrize("check", CONTRACT.checks, ids=lambda check: check.__name__)
def test_every_network_keeps_the_contract(check: Check, network: Architecture) -> None:
    check(network)
