"""Lethe's library: train, unlearn, measure, lay out and store, with no page in sight.

    import cu_core as lethe
    for event in lethe.unlearn("digits", forget="class:5", contrast_weight=3):
        ...  # a StepLog or a Snapshot each, and last the Summary
    with lethe.watch(model, forget=forget_set, retain=retain_set, test=test_set) as w:
        ...  # one's own loop, one's own model, and after each update: w.step(loss=loss)

Importing this package costs nothing: torch, umap and scikit-learn load where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cu_core.spec import DataCard, Dataset, Snapshot, StepLog, Summary
    from cu_core.store import Store
    from cu_core.watching import watch

__all__ = ["Snapshot", "StepLog", "Summary", "datasets", "load", "methods", "unlearn", "watch"]
__version__ = "0.2.0"


def unlearn(
    dataset: str | None = None,
    *,
    forget: str,
    method: str = "contrastive",
    home: Path | str | None = None,
    name: str | None = None,
    **settings: Any,
) -> Iterator[StepLog | Snapshot | Summary]:
    """One run: a StepLog an update, a Snapshot every so many, last the Summary.

    ``dataset``: None for that of an ``original`` that the settings name, else "digits".
    ``settings`` are fields of a request (``model="resnet18"``, ``seed=1``, ``every=5``, ...) and
    knobs of the method (``temperature=0.5``). The run is the same as the page's and the command
    line's, kept in ``home`` (else $LETHE_HOME, else ~/.lethe): models are cached there, the app
    shows it, and one that was left early, by ``break``, is resumed by ``lethe resume RUN``.

    BadRequest, before anything is computed, with a sentence on what cannot run; a LetheError later
    with one on what went wrong. While it is iterated, torch's threads are the run's.
    """
    from pydantic import ValidationError

    from cu_core.errors import BadRequest, explain
    from cu_core.runs.execute import check
    from cu_core.runs.originals import complete
    from cu_core.spec import UnlearnRequest
    from cu_core.store import Store

    fields = {key: settings.pop(key) for key in [*settings] if key in UnlearnRequest.model_fields}
    fields |= {"forget": forget, "method": method, "hparams": settings}
    fields |= {"dataset": dataset} if dataset is not None else {}
    try:
        request = UnlearnRequest(**fields)
    except ValidationError as error:
        raise BadRequest(explain(error, UnlearnRequest)) from None
    store = Store(home)
    request = complete(store, request)
    check(store, request)
    return _events(store, request, name)


def _events(store: Store, request: Any, name: str | None) -> Iterator[StepLog | Snapshot | Summary]:
    from cu_core.runs.execute import events

    yield from events(store, store.claim_new(request, name))


def load(
    dataset: str, home: Path | str | None = None, plant: str = "", size: int | None = None
) -> Dataset:
    """A data set by its key: "digits", "folder:PATH", "parquet:PATH", "npz:PATH", "cifar10".

    ``home``: where downloads lie and decoded images are kept; None: $LETHE_HOME, else ~/.lethe.
    ``plant``: what is planted in its training part, "wrong-labels:0.1" say. ``size``: pixels a side
    that images are read at. BadRequest for a key that names none, BadData for data that cannot be
    used.
    """
    from cu_core import data
    from cu_core.store import Store

    return data.load(dataset, Store(home).home, plant, size)


def datasets(home: Path | str | None = None) -> dict[str, DataCard]:
    """Every data source by its key, with what it needs and whether it is on this machine."""
    from cu_core.service.catalog import data_cards
    from cu_core.store import Store

    return {card.key: card for card in data_cards(Store(home).home)}


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for; ``methods`` is the room that holds them, which can
    be called."""
    if name == "methods":
        return import_module(f"{__name__}.methods")
    if name in ("Snapshot", "StepLog", "Summary"):
        return getattr(import_module(f"{__name__}.spec"), name)
    if name == "watch":
        return import_module(f"{__name__}.watching").watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
