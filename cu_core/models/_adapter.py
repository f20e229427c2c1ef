"""Any network whose last layer is linear, as a ``Classifier``: by what it computes, not by a list.

    samples -> the network without its last Linear = body -> z -> that Linear = fc -> logits

That Linear is looked for where networks name it, then among those that a pass reached. It is taken
only if ``linear(z)`` equals the network's own logits, z being what it was given in that pass, and
if the network without it gives z. For the trial its weights are drawn at random, since a last
layer that starts at zero would agree with anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from cu_core.errors import BadRequest
from cu_core.models._base import Classifier, Shape
from cu_core.models.evaluate import observing

TOLERANCE = 1e-5  # of the largest number compared
TRIED = 2  # samples of a trial
PARTS = ("classifier", "head", "fc", "heads")  # of a network, that hold its last layer

Maker = Callable[[Shape, int], nn.Module]  # the network for samples of a shape and so many classes

_proved: dict[tuple[Maker, Shape, int], tuple[str, tuple[str, ...]]] = {}  # in this process


class Body(nn.Module):
    """A network without its last layer: samples (B, ...) -> z (B, D).

    ``order``: the names of its layers with weights of two axes and more, as a pass reaches them.
    """

    def __init__(self, net: nn.Module, order: tuple[str, ...], anew: Callable[[], nn.Module]):
        super().__init__()
        self.net, self.order, self.anew = net, order, anew

    def forward(self, x: Tensor) -> Tensor:
        return logits_of(self.net(x))

    def reset_parameters(self) -> None:
        """Draws anew what no layer inside draws by itself: positions, class tokens, scales."""
        fresh = self.anew().state_dict()
        self.net.load_state_dict({name: fresh[name] for name in self.net.state_dict()})


@dataclass(frozen=True)
class _Pass:
    """One pass over the trial's samples: ``given``: what each Linear got, by name, in order."""

    given: dict[str, Tensor]
    order: tuple[str, ...]
    logits: Tensor


def classifier(key: str, maker: Maker, shape: Shape, n_classes: int) -> Classifier:
    """The network that a maker makes, as a Classifier. BadRequest names the layer that was tried.

    Made on the CPU wherever the context would put it: what it computes is looked at, and buffers
    that no file holds must have their values.
    """
    with torch.device("cpu"):
        net = _made(key, maker, shape, n_classes)
        known = _proved.get((maker, shape, n_classes))
        name, order = known or _last_layer(key, net, shape, n_classes)
        last = net.get_submodule(name)
        assert isinstance(last, nn.Linear)
        net.set_submodule(name, nn.Identity())
        body = Body(net, order, lambda: _made(key, maker, shape, n_classes))
        if not known:
            _check_body(key, body, name, shape, last.in_features)
            _proved[maker, shape, n_classes] = name, order
        model = Classifier(key, body, last.in_features, tuple(shape), n_classes, "plain")
        model.fc = last
    return model


def ours(net: nn.Module, renamed: Callable[[str], str] = str) -> Callable[[str], str]:
    """A name in a file of ``net`` -> in its Classifier, by the last layer that it names.
    ``renamed``: first, from the file's names to those of its state dict."""
    last = declared_last_layer(net)

    def our(name: str) -> str:
        if name.startswith("body.net."):
            return name
        name = renamed(name)
        layer, _, weight = name.rpartition(".")
        return f"fc.{weight}" if layer == last else f"body.net.{name}"

    return our


def declared_last_layer(net: nn.Module) -> str | None:
    """Where a network says that its last Linear is, None if it does not: of a part that it names,
    the last one inside."""
    ask: Any = getattr(net, "get_classifier", None)  # timm's way
    said = ask() if callable(ask) else None
    names = {id(module): str(name) for name, module in net.named_modules()}
    for part in (said, *(getattr(net, name, None) for name in PARTS)):
        inside = [m for m in part.modules() if _linear(m)] if isinstance(part, nn.Module) else []
        if inside and id(inside[-1]) in names:
            return names[id(inside[-1])]
    return None


def logits_of(output: Any) -> Tensor:
    """The logits in what a network gives: itself, ``.logits``, "logits", or the first of several,
    where those of auxiliary classifiers follow. TypeError if there are none."""
    if isinstance(output, Tensor):
        return output
    if isinstance(found := getattr(output, "logits", None), Tensor):
        return found
    if isinstance(output, Mapping) and output:
        return logits_of(output["logits"] if "logits" in output else next(iter(output.values())))
    if isinstance(output, tuple | list) and output:
        return logits_of(output[0])
    raise TypeError(f"its output is a {type(output).__name__}, not logits")


def _linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear)


def _made(key: str, maker: Maker, shape: Shape, n_classes: int) -> nn.Module:
    net = maker(shape, n_classes)
    if not isinstance(net, nn.Module):
        raise BadRequest(f"{key} gives a {type(net).__name__}; it must give a torch.nn.Module.")
    return net.float().train()


def _samples(shape: Shape) -> Tensor:
    return torch.randn(TRIED, *shape, generator=torch.Generator().manual_seed(0))


def _pass(key: str, net: nn.Module, shape: Shape) -> _Pass:
    """In eval mode, without a trace. BadRequest if the network fails on samples of this shape."""
    given: dict[str, Tensor] = {}
    order: dict[str, None] = {}

    def reached(name: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        order[name] = None
        if _linear(module) and args:
            given.pop(name, None)  # the last time counts
            given[name] = args[0]

    hooks = [
        module.register_forward_pre_hook(lambda m, args, name=name: reached(name, m, args))
        for name, module in net.named_modules()
        if any(weight.ndim > 1 for weight in module.parameters(recurse=False))
    ]
    try:
        with observing(net):
            logits = logits_of(net(_samples(shape)))
    except Exception as fault:  # the code is anyone's
        why = str(fault).strip().partition("\n")[0].rstrip(".") or type(fault).__name__
        raise BadRequest(f"{key} cannot compute samples of shape {shape}: {why}.") from fault
    finally:
        for hook in hooks:
            hook.remove()
    return _Pass(given, tuple(order), logits)


def _last_layer(
    key: str, net: nn.Module, shape: Shape, n_classes: int
) -> tuple[str, tuple[str, ...]]:
    """(name of the Linear that makes the logits, ``Body.order``)."""
    seen = _pass(key, net, shape)
    found = tuple(seen.logits.shape)
    if found != (TRIED, n_classes):
        if len(found) == 2 and found[0] == TRIED:
            raise BadRequest(
                f"{key} has {found[1]} outputs, and the data have {n_classes} classes."
            )
        raise BadRequest(f"{key} gives an output of shape {found} for {TRIED} samples; it must "
                         f"give logits ({TRIED}, {n_classes}).")  # fmt: skip
    named = declared_last_layer(net)
    tried = [name for name in (named, *reversed(seen.given)) if name in seen.given]
    tried = [n for n in dict.fromkeys(tried) if net.get_submodule(n).out_features == n_classes]
    if not tried:
        raise BadRequest(f"No Linear layer makes the {n_classes} logits of {key}; Lethe needs one.")
    faults = {}
    for name in tried:
        faults[name] = _fault(key, net, name, shape)
        if not faults[name]:
            return name, tuple(n for n in seen.order if n != name)
    raise BadRequest(f"{key}: the logits are not those of its layer {tried[0]}: "
                     f"{faults[tried[0]]}.")  # fmt: skip


def _fault(key: str, net: nn.Module, name: str, shape: Shape) -> str:
    """Why the logits are not ``linear(z)`` of this layer, with other weights than it has; "" if
    they are."""
    layer: Any = net.get_submodule(name)
    kept = [weight.detach().clone() for weight in layer.parameters()]
    stream = torch.Generator().manual_seed(1)
    try:
        with torch.no_grad():
            for weight in layer.parameters():
                weight.normal_(generator=stream)
            seen = _pass(key, net, shape)
            wanted = linear(seen.given[name], layer.weight, layer.bias)
    finally:
        with torch.no_grad():
            for weight, value in zip(layer.parameters(), kept, strict=True):
                weight.copy_(value)
    if wanted.shape == seen.logits.shape:
        for after in ("softmax", "log_softmax"):
            if _equal(getattr(wanted, after)(1), seen.logits):
                return f"a {after} follows it. Let the network return what that layer gives"
    if not _equal(wanted, seen.logits):
        return "they are made of more than that. Let the network return what one Linear gives"
    return ""


def _equal(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    return bool((a - b).abs().max() <= TOLERANCE * max(a.abs().max(), b.abs().max()))


def _check_body(key: str, body: Body, name: str, shape: Shape, width: int) -> None:
    """Without its last layer the network must give what that layer was given."""
    seen: list[Tensor] = []
    hook = body.net.get_submodule(name).register_forward_pre_hook(
        lambda _, args: seen.append(args[0])
    )
    try:
        z = _pass(key, body, shape).logits
    finally:
        hook.remove()
    if tuple(z.shape) != (TRIED, width) or not _equal(z, seen[-1]):
        raise BadRequest(f"{key}: without its layer {name} it does not give what that layer reads; "
                         "let the network return what its last Linear gives.")  # fmt: skip
