"""How one live network is looked at: (logits, embeddings) of fixed samples, without a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from cu_core.errors import BadRequest, Diverged, LetheError
from cu_core.models.embedding import Head, find_head, passes_of
from cu_core.spec import Floats, Snapshot
from cu_core.watching.fence import fenced
from cu_core.watching.parts import kind
from cu_core.watching.samples import Batch, Samples, moved

SOME = 8  # samples that a network's head is found with
SHARDED = ("FullyShardedDataParallel", "FSDPModule", "DeepSpeedEngine")

Embed = Callable[[nn.Module, Any], tuple[Tensor, Tensor]]


class Looker:
    """Looks at one network. BadRequest, with a sentence, for one that cannot be looked at.

    ``embed``: (model, batch) -> (logits, embeddings), for a network whose last layer is not linear.
    """

    def __init__(self, model: nn.Module, samples: Samples, embed: Embed | None = None) -> None:
        self.model, self.samples, self.embed = bare(model), samples, embed
        self.head: Head | None = None
        self.sizes: tuple[int, int] | None = None  # of a sample's logits and embedding
        self._few = _first(*samples.batches[0], SOME)
        try:
            with fenced(self.model):
                self._find()
                logits, z = self._outputs(self._few)
        except LetheError:
            raise
        except Exception as fault:  # the person's own code: whatever it raises
            raise BadRequest(
                f"{kind(self.model)} could not be asked about the first forget samples "
                f"({type(fault).__name__}: {fault}). Give samples as the model takes them, and the "
                "model on the device where it is trained."
            ) from fault
        self.sizes = logits.shape[1], z.shape[1]

    def _find(self) -> None:
        """The head, and anew where the loop has put another one in its place."""
        if self.embed is None:
            held = self.head and self.head.layer
            if not any(module is held for module in self.model.modules()):
                self.head = find_head(self.model, lambda: self._call(self._few))

    @property
    def n_classes(self) -> int:
        assert self.sizes is not None
        return self.sizes[0]

    def snapshot(self, step: int) -> Snapshot:
        """Diverged where some outputs are no numbers."""
        with fenced(self.model):
            self._find()
            logits, z = self._pass(self.samples.batches)
            test_logits, test_z = self._pass(self.samples.test_batches)
        if not (np.isfinite(z).all() and np.isfinite(logits).all()):
            raise Diverged("output of the model", step)
        return Snapshot(step, z, logits, test_logits, test_z)

    def _pass(self, batches: Sequence[Batch]) -> tuple[Floats, Floats]:
        assert self.sizes is not None
        parts = [[part.float().cpu() for part in self._outputs(x)] for x, _ in batches]
        empty = [torch.zeros(0, size) for size in self.sizes]
        logits, z = (torch.cat([first, *some]) for first, *some in zip(empty, *parts, strict=True))
        return logits.numpy(), z.numpy()

    def _outputs(self, x: Any) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and embeddings (B, D)."""
        if self.embed is not None:
            logits, z = self.embed(self.model, self._placed(x))
        else:
            assert self.head is not None
            with passes_of(self.head) as taken:
                self._call(x)
            logits, z = taken[-1]
        if logits.ndim != 2 or z.ndim != 2 or len(logits) != len(z):
            raise LetheError(
                f"The logits and embeddings of {kind(self.model)} must be (samples, classes) and "
                f"(samples, features); got {tuple(logits.shape)} and {tuple(z.shape)}."
            )
        if self.sizes not in (None, (logits.shape[1], z.shape[1])):
            raise LetheError(
                f"{kind(self.model)} gives {logits.shape[1]} logits and {z.shape[1]} features a "
                f"sample, and gave {self.sizes[0]} and {self.sizes[1]} when the watch began."
            )
        return logits.detach(), z.detach()

    def _call(self, x: Any) -> Any:
        x = self._placed(x)
        return self.model(**x) if isinstance(x, Mapping) else self.model(x)

    def _placed(self, x: Any) -> Any:
        """On the network's device, fractions in its precision."""
        first = next(self.model.parameters(), torch.zeros(0))
        return moved(x, first.device, first.dtype if first.is_floating_point() else None)


def bare(model: Any) -> nn.Module:
    """The network inside what compiles it or spreads it over processes."""
    if not isinstance(model, nn.Module):
        raise BadRequest(f"model must be a torch.nn.Module; got {kind(model)}.")
    if any(type(module).__name__ in SHARDED for module in model.modules()):
        raise BadRequest(f"{kind(model)} holds its weights in shares, which Lethe cannot look at.")
    if any(is_lazy(weight) for weight in model.parameters()):
        raise BadRequest(
            f"{kind(model)} has lazy layers without weights yet; send one batch through it first."
        )
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    outer: nn.Module = model
    while True:
        inner = getattr(outer, "_orig_mod", None)
        if inner is None and isinstance(outer, parallel):
            inner = outer.module
        if inner is None:
            return outer
        outer = inner


def _first(x: Any, n: int, count: int) -> Any:
    """The first samples of a batch of ``n``."""
    if isinstance(x, Tensor):
        return x[:count] if x.ndim and len(x) == n else x
    if isinstance(x, Mapping):
        return {key: _first(value, n, count) for key, value in x.items()}
    if isinstance(x, tuple | list):
        return type(x)(_first(value, n, count) for value in x)
    return x
