"""``planted``: exactly the training samples in which something was planted."""

from cu_core.errors import BadForgetSet
from cu_core.forget._rule import Rule
from cu_core.spec import Dataset, Ints


def select(argument: str, dataset: Dataset, seed: int) -> Ints:
    """Those of ``dataset.planted``."""
    if argument:
        raise BadForgetSet(f"planted takes nothing after it, got {argument!r}; write planted.")
    if dataset.planted is None:
        raise BadForgetSet(
            f"Nothing is planted in {dataset.key}; plant something first, with "
            "--plant wrong-labels:0.1 or --plant trigger:0.05, or choose another rule."
        )
    return dataset.planted


RULE = Rule(
    key="planted",
    title="What was planted",
    example="planted",
    help="Exactly the training samples with a wrong label or a mark.",
    select=select,
    control="none",
    words=lambda argument: "the planted samples",
)
