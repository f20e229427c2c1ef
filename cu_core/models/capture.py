"""A model's forward and backward pass as a CUDA graph: one launch in place of some five hundred.

A small network on a large GPU waits for Python, not for arithmetic. So the body's passes are
recorded once for each shape of batch that keeps coming and then replayed. LossLog, updates and
whatever else a method does stay as they are, so no method hears of it.

A replay computes what was recorded, so a graph is kept under everything that was recorded with it:
shape, modes, which weights learn, where weights lie. A new graph is compared with the ordinary
passes before it is used; where one cannot be recorded, or differs, the ordinary passes are taken.
Each pass with gradients of one update has a graph of its own: a second replay of the same one would
overwrite what the first keeps for its backward pass.
"""

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from cu_core.seeding import preserve_random_state

SEEN = 3  # times that a shape comes before it is worth recording
MOST = 8  # graphs; each holds the memory of its passes
TOLERANCE = {"float32": 5e-3, "bfloat16": 5e-2}  # relative, of outputs and gradients

FUSED = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)

Passes = Callable[[Tensor], Tensor]


class Body(nn.Module):
    """The passes to record: images (B, ...) to float32 features (B, D). The cache of cast weights
    is off, since a replay would find it as it was when it was recorded."""

    def __init__(self, body: nn.Module, precision: str) -> None:
        super().__init__()
        self.body, self.reduced = body, precision == "bfloat16"

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, self.reduced, cache_enabled=False):
            z: Tensor = self.body(x)
        return z.float()


def cuda_graph(passes: Body, x: Tensor) -> Passes:
    """``passes`` recorded for batches like ``x``, on aliases of the weights: what adds up a
    weight's own gradients may be alive, on the stream of the training, and a recording that runs
    into another stream fails."""
    names, weights = zip(*passes.named_parameters(), strict=True)
    aliases = (w.detach().requires_grad_(w.requires_grad) for w in weights)

    def on(x: Tensor, *values: Tensor) -> Tensor:
        z: Tensor = functional_call(passes, dict(zip(names, values, strict=True)), (x,))
        return z

    with torch.cuda.stream(torch.cuda.current_stream()), warnings.catch_warnings():
        # a recording that fails leaves its own stream behind; the warm-up of one warns of it
        warnings.filterwarnings("ignore", "The AccumulateGrad node's stream does not match")
        graph: Any = torch.cuda.make_graphed_callables(on, (x, *aliases), allow_unused_input=True)
    return lambda x: graph(x, *weights)


def record_passes(model: Any, optimizer: Any) -> None:
    """For training on a GPU: the passes of a ``Classifier`` become graphs, the optimizer's kernels
    one."""
    if isinstance(optimizer, FUSED):
        for group in optimizer.param_groups:
            group.update(fused=True, foreach=False)
    if hasattr(model, "capture"):
        model.capture = Capture(model.body, model.plan.precision)


def next_update(model: Any) -> None:
    """Before each update: the memory of the graphs, if there are any, is free again."""
    if capture := getattr(model, "capture", None):
        capture.passed = 0


def release(model: Any) -> None:
    """After the last update: the graphs go, and their memory with them."""
    if getattr(model, "capture", None):
        model.capture = None


class Capture:
    """The graphs of one model while it is being unlearned. ``record`` is another way to make one,
    for machines without a GPU."""

    def __init__(
        self, body: nn.Module, precision: str, record: Callable[[Body, Tensor], Passes] = cuda_graph
    ) -> None:
        self.body, self.precision, self.record = body, precision, record
        self.fault = ""  # why ordinary passes are taken, once they are
        self._seen: Counter[Any] = Counter()
        self._graphs: dict[Any, Passes | None] = {}
        self.passed = 0  # in this update
        self._layers = list(body.modules())

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        """A copy of the model, a teacher say, has other weights: it has no graphs."""

    def passes(self, x: Tensor) -> Passes | None:
        """The recorded passes for a batch like ``x``; None when the ordinary ones are to be taken.

        Looked at or differentiated otherwise than in training, a model has none: a backward pass
        that was recorded consumes what the forward pass kept, so it cannot be asked twice.
        """
        if x.requires_grad or not (self.body.training and torch.is_grad_enabled()):
            return None
        key = self._key(x)
        self.passed += 1
        if key not in self._graphs:
            self._seen[key] += 1
            if self._seen[key] < SEEN or len(self._graphs) >= MOST:
                return None
            self._graphs[key] = self._recorded(x)
        return self._graphs[key]

    def _key(self, x: Tensor) -> Any:
        """Everything that a recording depends on beside the values of ``x`` and of the weights."""
        modes, weights = [], []  # read layer by layer: asking the body for them takes ten times
        for layer in self._layers:  # as long, in every update
            modes.append((layer.training, getattr(layer, "momentum", None), *layer._forward_hooks))
            own = layer._parameters.values()
            weights += [(p.data_ptr(), p.requires_grad) for p in own if p is not None]
        return self.passed, tuple(x.shape), x.stride(), tuple(modes), tuple(weights)

    def _recorded(self, x: Tensor) -> Passes | None:
        """The graph, if recording works and it computes what the ordinary passes do. Statistics
        and random streams are as they were before."""
        if any(m._forward_hooks or m._backward_hooks for m in self.body.modules()):
            return None
        before = [(b, b.clone()) for b in self.body.buffers()]
        plain = Body(self.body, self.precision)
        try:
            with preserve_random_state(str(x.device)):
                graph = self.record(Body(self.body, self.precision), x.clone())
                off = self._difference(plain, graph, x)
        except RuntimeError as fault:
            self.fault = f"not recorded: {fault}"
            return None
        finally:
            for buffer, value in before:
                buffer.data.copy_(value)  # unseen by a pass of this update that is yet to go back
        if off <= TOLERANCE[self.precision]:
            return graph
        self.fault = f"the recorded passes differ from the ordinary ones by {off:.2g}"
        return None

    def _difference(self, plain: Passes, graph: Passes, x: Tensor) -> float:
        """The largest relative difference of features and of weight gradients: the norm of the
        difference over the norm."""
        learning = [p for p in self.body.parameters() if p.requires_grad]
        found = []
        for passes in (plain, graph):
            z = passes(x)
            found.append([z.detach(), *torch.autograd.grad(z.square().mean(), learning)])
            found[-1] = [value.clone() for value in found[-1]]  # a replay writes them anew
        pairs = zip(*found, strict=True)
        return max(float((a - b).norm() / a.norm().clamp(min=1e-12)) for a, b in pairs)
