"""What a place that networks come from declares, and the Architecture that each network becomes."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from cu_core.errors import BadRequest
from cu_core.models import _adapter
from cu_core.models._base import Architecture, Shape, needs_image

# Peak rates at batch 128: the ResNets' of Lethe, and that of a network without BatchNorm. Of 0.01,
# 0.03, 0.1 and 0.3 it was the best for a small ViT and a small ConvNeXt of timm's, one seed each,
# by 12 epochs of digits at 32 pixels and a fifth of them put aside.
LR, LR_NO_BATCHNORM = 0.1, 0.03
EPOCHS_CPU, EPOCHS_GPU = 5, 30


@dataclass(frozen=True)
class Origin:
    """A prefix of network keys. ``network(name)`` gives what stands behind it as an Architecture.

    ``example``: a whole key; ``needs``: the package that must be there, "" where Lethe has it
    anyway. ``weights``: the weights file in a folder that it saves, None for another folder; such a
    folder is the name of its network. ``own_code``: whether a key names code, which is run only
    where the person wrote the key, never because a file has it.
    """

    key: str
    title: str
    help: str
    example: str
    network: Callable[[str], Architecture]
    needs: str = ""
    own_code: bool = False
    weights: Callable[[Path], Path | None] | None = None

    @property
    def missing(self) -> str:
        """What is to be done before it can be used, a sentence; "" when nothing is."""
        if not self.needs or find_spec(self.needs) is not None:
            return ""
        return f"{self.key}: needs {self.needs}: pip install {self.needs}."


def unknown(name: str, there: Iterable[str], title: str) -> BadRequest:
    """The refusal of a name, with the nearest ones."""
    near = difflib.get_close_matches(name, list(there), 5, 0.5)
    offer = f"near it: {', '.join(near)}" if near else "none has a name near it"
    return BadRequest(f"{title} has no classifier called {name!r}; {offer}.")


def brought(
    key: str,
    network: _adapter.Maker,
    help: str,
    *,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    classes: tuple[str, ...] | None = None,
    fingerprint: str = "",
    refuses: Callable[[Shape], str | None] = needs_image,
    like: nn.Module | None = None,
    renamed: Callable[[str], str] = str,
) -> Architecture:
    """The declaration of a network made elsewhere. ``like``: one of the kind, its weights may be
    on the meta device: names and rates are read off it. ``renamed``: a name in its makers' files
    -> in its state dict."""
    return Architecture(
        key=key,
        title=key,
        help=help,
        body=partial(_body, key, network),
        refuses=refuses,
        lr=LR if like is None or _has_batchnorm(like) else LR_NO_BATCHNORM,
        epochs_cpu=EPOCHS_CPU,
        epochs_gpu=EPOCHS_GPU,
        size=size,
        mean=mean,
        std=std,
        ours=_adapter.ours(like, renamed) if like is not None else None,
        network=network,
        classes=classes,
        fingerprint=fingerprint,
    )


def _body(key: str, network: _adapter.Maker, shape: Shape) -> tuple[nn.Module, int]:
    model = _adapter.classifier(key, network, shape, 2)
    return model.body, model.embedding_dim


def _has_batchnorm(net: nn.Module) -> bool:
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())


def weightless(make: Callable[[], nn.Module]) -> nn.Module:
    """A network made on the meta device, which takes no time; on the CPU where it cannot be."""
    with torch.random.fork_rng(devices=[]):
        try:
            with torch.device("meta"):
                return make()
        except Exception:  # a constructor that computes; what that raises is anyone's
            with torch.device("cpu"):
                return make()
