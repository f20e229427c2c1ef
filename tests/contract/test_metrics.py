"""The contract every metric keeps, over the registry: a new file is tested without a line."""

import pytest

from cu_core.service.contract import Check
from cu_core.service.contract.metrics import CONTRACT
from cu_core.spec import Metric


@pytest.mark.parametrize("metric", CONTRACT.registered(), ids=CONTRACT.key)
@pytest.mark.parametrize("check", CONTRACT.checks, ids=lambda check: check.__name__)
def test_every_metric_keeps_the_contract(check: Check, metric: Metric) -> None:
    check(metric)
