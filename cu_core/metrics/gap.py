"""How far a model is from the one retrained without the forget set: the number that counts."""

from typing import Any


def gaps(values: dict[str, Any], retrained: dict[str, Any] | None) -> dict[str, float | None]:
    """|unlearned - retrained| of every metric that both have; None where either is missing."""
    if retrained is None:
        return {}
    pairs = {key: (values[key], retrained.get(key)) for key in values}
    return {k: None if a is None or b is None else abs(a - b) for k, (a, b) in pairs.items()}
