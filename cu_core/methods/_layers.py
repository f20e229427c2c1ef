"""The layers of a network in the order that its input meets them, and its learned positions."""

from torch import nn


def kernels(model: nn.Module) -> list[nn.Parameter]:
    """The kernels and matrices, no biases and no norms: from the first layer on as a network made
    elsewhere was seen to compute (``order`` of its body), else as they are declared."""
    named = {
        name.rpartition(".")[0]: weight
        for name, weight in model.named_parameters()
        if name.endswith(".weight") and weight.ndim > 1 and not _of_positions(name)
    }
    order = getattr(getattr(model, "body", None), "order", None)
    if order is None:
        return list(named.values())
    reached = [name for name in (f"body.net.{layer}" for layer in order) if name in named]
    return [named[name] for name in (*reached, "fc") if name in named]


def positions(model: nn.Module) -> list[nn.Parameter]:
    """What a transformer adds to its patches by their place."""
    return [weight for name, weight in model.named_parameters() if _of_positions(name)]


def _of_positions(name: str) -> bool:
    """``positions``, ``pos_embed``, ``pos_embedding``, ``position_embedding.weight``."""
    last = name.removesuffix(".weight").rpartition(".")[2]
    return last.startswith("pos") and not name.endswith("bias")
