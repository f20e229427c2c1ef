"""What a person should hear of a request before it runs: what its forget set could not take, and
that a preset made for large sets does next to nothing on this one, with the epochs that would."""

from cu_core.runs.cadence import of_size
from cu_core.runs.resolve import Setup
from cu_core.spec import Method, UnlearnRequest

FEW_UPDATES = 100
MADE_FOR = 5_000, 45_000  # images to forget and to keep: a class, or a tenth, of CIFAR-10


def notes(setup: Setup, method: Method) -> tuple[str, ...]:
    """Whole sentences, none where there is nothing to say."""
    request = setup.request
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    sizes = len(setup.new), len(setup.retain_index(setup.forget))
    said = _few_updates(request.preset, method, *sizes)
    return (*setup.forget.notes, *([said] if said else []))


def _few_updates(preset: str | None, method: Method, n_forget: int, n_retain: int) -> str:
    if not preset or "epochs" not in type(method).model_fields:
        return ""
    here, there = of_size(method, n_forget, n_retain), of_size(method, *MADE_FOR)
    updates, meant = method.total_steps(here), type(method).make(preset).total_steps(there)
    if updates >= min(FEW_UPDATES, meant):
        return ""
    most = int(type(method).model_json_schema()["properties"]["epochs"]["maximum"])
    made = ((e, _with(method, e).total_steps(here)) for e in range(1, most + 1))
    epochs, reached = next((pair for pair in made if pair[1] >= meant), (most, 0))
    offer = f"--set epochs={epochs} gives as many"
    if not reached:
        offer = f"the most epochs, {most}, give {_with(method, most).total_steps(here):,}"
    return (
        f"The preset {preset} makes {updates:,} updates here. On the {MADE_FOR[0]:,} images to "
        f"forget that it is made for, it makes {meant:,}; {offer}."
    )


def _with(method: Method, epochs: int) -> Method:
    return method.model_copy(update={"epochs": epochs})
