"""What the model that a request names brings with it: its network, its data, its contract."""

from typing import Any, TypeVar

from cu_core.errors import StoreError
from cu_core.spec import ModelContract, Request, UnlearnRequest, planted_in
from cu_core.store import ModelRecord, Store

Asked = TypeVar("Asked", bound=Request)


def complete(store: Store, request: Asked) -> Asked:
    """The request with the network, head, size and data of the original that it names, as far as
    it does not say these itself."""
    if not isinstance(request, UnlearnRequest):
        return request
    record = _record(store, request.original)
    if record is None:
        return request  # refused where it is checked
    dataset, plant = planted_in(record.dataset)
    brings: dict[str, Any] = {"model": record.architecture, "head": record.head}
    if "dataset" not in request.model_fields_set:
        brings |= {"dataset": dataset}
    wanted = brings.get("dataset", request.dataset)
    if wanted == dataset:
        brings |= {"plant": plant, "size": record.size}
    more = {name: value for name, value in brings.items() if name not in request.model_fields_set}
    return request.model_copy(update=more)


def contract_of(store: Store, model_id: str | None) -> ModelContract | None:
    """What a model that somebody brought is asked by; None for one that Lethe trained."""
    record = _record(store, model_id)
    return record.contract if record else None


def _record(store: Store, model_id: str | None) -> ModelRecord | None:
    """None where there is no such model, or none yet."""
    try:
        return store.model(model_id) if model_id else None
    except StoreError:
        return None
