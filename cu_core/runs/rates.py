"""Rates of work as this machine was measured to do it: whoever did it keeps them for forecasts."""

from contextlib import suppress

import torch

from cu_core.errors import DiskFull
from cu_core.models import calibrate
from cu_core.runs.resolve import Setup
from cu_core.spec import Method
from cu_core.store.rates import load_rate, save_rate


class Rates:
    """Seconds a unit of work, as measured here under the plan and the network of one request."""

    def __init__(self, setup: Setup) -> None:
        request, plan = setup.request, setup.plan
        self.home = setup.home
        self._here = (
            calibrate.processor(), calibrate.ALL, torch.__version__, setup.device, plan.precision,
            plan.threads, request.model, request.head, setup.dataset.shape,
        )  # fmt: skip

    def known(self, *what: object) -> float | None:
        return load_rate(self.home, self._key(what))

    def keep(self, seconds: float, *what: object) -> None:
        with suppress(DiskFull):  # it is measured again
            save_rate(self.home, self._key(what), seconds)

    def _key(self, what: tuple[object, ...]) -> str:
        return ", ".join(map(str, (*what, *self._here)))


def training(setup: Setup) -> tuple[object, ...]:
    """What a rate of training is kept under: one update."""
    return "training", setup.recipe.batch_size, setup.recipe.augment


def updating(method: Method) -> tuple[object, ...]:
    """What a rate of unlearning is kept under: one update."""
    return "unlearning", type(method).__name__, getattr(method, "batch_size", 0)
