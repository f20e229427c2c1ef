"""What every network keeps. Large ones are built without their weights where shapes are enough."""

from types import ModuleType

import torch

from cu_core import models
from cu_core.models import Architecture, Classifier
from cu_core.service.contract._contract import Contract, require

CLASSES, BATCH = 7, 5
SHAPES = ((1, 8, 8), (3, 32, 32), (3, 33, 40), (12,))


def the_declaration_is_complete(network: Architecture) -> None:
    """The page lists title and help; training reads the rate and the epochs."""
    require(bool(network.key and network.title), "A network needs a key and a title.")
    told = len(network.help) > 20 and network.help.endswith(".")
    require(told, f"The help must be a sentence, and is {network.help!r}.")
    require(0 < network.lr <= 1, f"The peak learning rate {network.lr} is not in (0, 1].")
    ordered = 1 <= network.epochs_cpu <= network.epochs_gpu
    require(ordered, f"epochs: {network.epochs_cpu} (CPU) and {network.epochs_gpu} (GPU).")
    require(bool(_taken(network)), f"It takes none of {', '.join(map(str, SHAPES))}.")


def it_gives_logits_and_the_embedding_it_declares(network: Architecture) -> None:
    """The width that ``body`` declares is not the one it gives, or it fails on a shape that
    ``refuses`` lets through."""
    for shape in _taken(network):
        for head in network.heads:
            with torch.device("meta"):  # shapes without the work
                model = models.assemble(network, shape, CLASSES, head)
                logits, z = model(torch.empty(BATCH, *shape))
            got = tuple(logits.shape), tuple(z.shape)
            wanted = (BATCH, CLASSES), (BATCH, model.embedding_dim)
            require(got == wanted, f"On {shape}, {head} head: shapes {got} instead of {wanted}.")


def another_shape_is_refused_in_words(network: Architecture) -> None:
    """A person who picks it for other data must read why it does not fit, not a traceback."""
    for shape in ((3, 4, 32), (2, 3), (12,), (3, 32, 32)):
        reason = network.refuses(shape)
        told = reason is None or len(reason.split()) > 3
        require(told, f"{shape} is refused with {reason!r}, which is no reason.")


def the_same_seed_gives_the_same_weights(network: Architecture) -> None:
    """Weights must come from torch's seed alone, else a model could not be trained again."""
    a, b, c = (_small(network, seed) for seed in (3, 3, 4))
    same = [torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True)]
    require(all(same), "Twice the same seed gave different weights.")
    require(not torch.equal(a.fc.weight, c.fc.weight), "Another seed gave the same weights.")
    flat = all(p.is_contiguous() for p in a.parameters())
    require(flat, "A weight is not contiguous; methods flatten weights with .view(-1).")


def the_embedding_is_what_the_last_layer_reads(network: Architecture) -> None:
    """The map would show something else than what the model decides by."""
    model = _small(network, 0).eval()
    with torch.no_grad():
        logits, z = model(torch.randn(4, *model.shape, generator=torch.Generator().manual_seed(0)))
    require(torch.equal(logits, model.fc(z)), "logits are not fc(embedding).")


def it_trains(network: Architecture) -> None:
    """No gradient reaches some weight, or an output is no number."""
    model = _small(network, 0).train()
    x = torch.randn(4, *model.shape, generator=torch.Generator().manual_seed(0))
    loss = torch.nn.functional.cross_entropy(model(x)[0], torch.tensor([0, 1, 2, 3]))
    require(bool(torch.isfinite(loss)), f"The loss of a fresh network is {loss.item()}.")
    loss.backward()
    cold = [name for name, p in model.named_parameters() if p.grad is None]
    require(not cold, f"No gradient reaches {', '.join(cold[:5])}.")


def _taken(network: Architecture) -> list[tuple[int, ...]]:
    return [shape for shape in SHAPES if network.refuses(shape) is None]


def _small(network: Architecture, seed: int) -> Classifier:
    return models.assemble(network, _taken(network)[0], CLASSES, "plain", seed)


def _declared(module: ModuleType) -> list[Architecture]:
    return list(getattr(module, "ARCHITECTURES", ()))


CONTRACT = Contract(
    kind="network",
    declared=_declared,
    key=lambda network: str(network.key),
    registered=models.info,
    checks=(
        the_declaration_is_complete,
        it_gives_logits_and_the_embedding_it_declares,
        another_shape_is_refused_in_words,
        the_same_seed_gives_the_same_weights,
        the_embedding_is_what_the_last_layer_reads,
        it_trains,
    ),
)
