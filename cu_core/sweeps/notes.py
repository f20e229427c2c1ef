"""What a reader of a sweep has to know, in sentences."""

from cu_core.spec import OBJECTIVES, TUNING, SweepRequest
from cu_core.sweeps.book import SEEDS
from cu_core.sweeps.reading import metrics_of

HALVES = (
    "Settings are chosen by test accuracy on one half of the test set; what is reported of it is "
    "of the other half, which the choice cannot flatter."
)
WORST = "Each value is the worst of three seeds, which change the batches and not the original."


def notes(request: SweepRequest, most: int) -> tuple[str, ...]:
    """``most``: trials that there can be at most."""
    objectives = [OBJECTIVES[key] for key in request.objectives]
    said = [f"{one.title}: {one.warning}" for one in objectives if one.warning]
    if any(TUNING in metrics_of(one) for one in objectives):
        said.append(HALVES)
    if request.seeds == SEEDS:
        said.append(WORST)
    if request.sampler == "grid" and request.trials != most:
        part = f"{request.trials:,} of them" if request.trials < most else "each once"
        said.append(f"The grid has {most:,} settings; {part} will be tried.")
    return tuple(said)
