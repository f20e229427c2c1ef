"""What measurements are made of: runs and trainings as the app does them, and clocks."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from cu_core.runs import reference_models
from cu_core.runs.execute import execute
from cu_core.runs.resolve import Setup
from cu_core.spec import Request, RunRecord, TrainRequest, UnlearnRequest
from cu_core.store import ModelRecord, Store

BEGAN = time.perf_counter()


def say(text: str) -> None:
    """To standard error, with the seconds so far: standard output holds the results alone."""
    print(f"{time.perf_counter() - BEGAN:6.0f} s  {text}", file=sys.stderr, flush=True)


def now(device: str = "cpu") -> float:
    """Seconds, once the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
    return time.perf_counter()


@contextmanager
def booked(spent: dict[str, Any], name: str, device: str = "cpu") -> Iterator[None]:
    """Adds the seconds of what is done inside."""
    began = now(device)
    yield
    spent[name] = spent.get(name, 0.0) + now(device) - began


def ms_of(act: Callable[[], object], device: str = "cpu") -> float:
    began = now(device)
    act()
    return 1000 * (now(device) - began)


def asked(**fields: Any) -> UnlearnRequest:
    return UnlearnRequest.model_validate(fields)


@contextmanager
def executed(store: Store, request: Request, keep: bool = False) -> Iterator[RunRecord]:
    """A request run to its end as the app does it; its files go afterwards, unless ``keep``."""
    run_id = store.enqueue(request, "bench")
    try:
        execute(store, store.claim_run(run_id))
        yield store.run(run_id)
    finally:
        if not keep:
            store.delete(run_id)


def trained(store: Store, request: UnlearnRequest, forget: str | None = None) -> ModelRecord:
    """The request's original model, or the one retrained without a set; trained unless kept."""
    shared = request.model_dump(include=set(TrainRequest.model_fields) - {"kind", "forget"})
    wanted = TrainRequest(**shared, forget=forget, forget_seed=request.seed)
    setup = Setup(wanted, store.home)
    model = reference_models.model_id(setup, setup.forget)
    if not store.has_model(model):
        say(f"training, seed {request.model_seed}, without {forget or 'nothing'}")
        with executed(store, wanted):
            pass
    return store.model(model)
