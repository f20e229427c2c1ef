"""Which of the usual ways to ask a model fits it: what it says is looked at on training samples
alone, so that the accuracy on the test part, measured afterwards, was chosen by nobody.

A few samples go through all ways, many through the best of them. Two ways that answer alike are
told apart by what BatchNorm remembers of its training, where there is one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor, nn

from cu_core import models
from cu_core.models import Classifier
from cu_core.service.importing import orders
from cu_core.service.importing.looking import COLOURS, Look, Sample, look
from cu_core.spec import SPREADS, Fit, Ints, Normalisation

FEW, PER_CLASS, MOST_FEW = 128, 4, 400  # samples that go through every way
BEST, TURNED = 4, 2  # ways that are looked at closely; and that are tried with colours turned
CLEAR = 2.0  # standard deviations of a paired difference
NEARER = 0.5  # of the other's mismatch: clearly what BatchNorm was trained on
TURNED_WORD = "BGR"


@dataclass(frozen=True)
class Way:
    """A way to ask: normalised so, with the weights in this network, colours turned or not."""

    normalisation: Normalisation
    network: str
    turned: bool = False


@dataclass(frozen=True, eq=False)
class Tried:
    """What came of a way on a sample, in one order of the classes."""

    way: Way
    seen: Look
    shown: Sample
    title: str
    order: Ints

    @cached_property
    def right(self) -> np.ndarray:
        """(N,) whether each sample is answered right."""
        return np.asarray(self.order[self.seen.logits.argmax(1)] == self.shown.y)

    @property
    def accuracy(self) -> float:
        return 100.0 * float(self.right.mean()) if len(self.right) else 0.0

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy."""
        place = np.argsort(self.order)  # class -> output
        logits = self.seen.logits.astype(np.float64)
        logits = logits - logits.max(1, keepdims=True)
        spoken = logits[np.arange(len(logits)), place[self.shown.y]]
        return float((np.log(np.exp(logits).sum(1)) - spoken).mean())

    @property
    def rank(self) -> tuple[float, float]:
        """The better, the larger: right answers, then what speaks for it without them."""
        mismatch = self.seen.mismatch
        return self.accuracy, -(self.loss if mismatch is None else mismatch)

    def clearly_above(self, other: "Tried") -> bool:
        """Whether it answers more of the same samples right than chance would have it."""
        if len(self.right) != len(other.right):
            return False
        won = int((self.right & ~other.right).sum())
        lost = int((other.right & ~self.right).sum())
        return won - lost >= max(SPREADS, CLEAR * math.sqrt(won + lost))

    def levels(self, others: Sequence["Tried"]) -> bool:
        """Whether none of the others, tried on the same samples, is clearly above it."""
        return not any(one.clearly_above(self) for one in others)

    @property
    def fit(self) -> Fit:
        return Fit(
            normalisation=self.way.normalisation.key,
            title=self.way.normalisation.title,
            order=self.title,
            network=self.way.network,
            channels=TURNED_WORD * self.way.turned,
            accuracy=self.accuracy,
            n=len(self.right),
        )


class Search:
    """Of the ways to ask ``model``, with weights that fit ``networks`` too.

    ``named``: the orders of the classes that come into question, the likeliest first.
    """

    def __init__(
        self,
        model: Classifier,
        networks: Sequence[str],
        named: Mapping[str, Ints],
        shown: Sample,
        device: str,
    ) -> None:
        self.named, self.shown, self.device = named, shown, device
        self.n_classes = model.n_classes
        self._models: dict[str, nn.Module] = {model.architecture: model.to(device)}
        self._first, self._networks = model, networks

    def model(self, network: str) -> Classifier:
        """The weights in that network, on the device."""
        if network not in self._models:
            of = self._first
            made = models.build(network, of.shape, of.n_classes, of.head)
            made.load_state_dict(of.state_dict())
            self._models[network] = made.to(self.device)
        return self._models[network]  # type: ignore[return-value]

    def tried(self, way: Way, shown: Sample, free: bool = True) -> list[Tried]:
        """What came of it in each order, the best first; ``free``: also in the one that it answers
        in, where that is another and the same in both halves of the sample."""
        ways = way.normalisation
        seen = look(self.model(way.network), shown, (ways.mean, ways.std), way.turned)
        known = dict(self.named)
        if free and (order := self._answered(seen, shown)) is not None:
            known[orders.ANSWERED] = order
        made = [Tried(way, seen, shown, title, order) for title, order in known.items()]
        best = max(made, key=lambda one: one.accuracy)  # of equals the likeliest
        return [best, *(one for one in made if one is not best)]

    def _answered(self, seen: Look, shown: Sample) -> Ints | None:
        halves = [
            orders.answered(orders.counts(seen.logits[half::2], shown.y[half::2], self.n_classes))
            for half in (0, 1)
        ]
        known = [order.tolist() for order in self.named.values()]
        same = halves[0].tolist() == halves[1].tolist() and halves[0].tolist() not in known
        return halves[0] if same else None

    def all_of(self, normalisations: Sequence[Normalisation], free: bool) -> list[Tried]:
        """A few samples through every way: the best order of each, the best way first."""
        few = self.shown.first_of_each(min(max(FEW, PER_CLASS * self.n_classes), MOST_FEW))
        ways = [Way(n, network) for network in self._networks for n in normalisations]
        coarse = [self.tried(way, few, free)[0] for way in ways]
        coarse.sort(key=lambda one: one.rank, reverse=True)
        if stem(self._first) is not None and not grey(few):
            again = [Way(c.way.normalisation, c.way.network, True) for c in coarse[:TURNED]]
            coarse += [self.tried(way, few, free)[0] for way in again]
            coarse.sort(key=lambda one: one.rank, reverse=True)
        return coarse

    def closely(self, coarse: Sequence[Tried], first: Way, free: bool) -> list[Tried]:
        """The best few, ``first`` and what BatchNorm remembers, on all samples, in every order."""
        known = [one for one in coarse if one.seen.mismatch is not None]
        remembered = sorted(known, key=lambda one: one.seen.mismatch or 0.0)[:1]
        ways = [one.way for one in (*coarse[:BEST], *remembered)]
        ways = list(dict.fromkeys(ways))
        return [
            one for way in [first, *(w for w in ways if w != first)]
            for one in self.tried(way, self.shown, free)
        ]  # fmt: skip


def stem(model: Classifier) -> Tensor | None:
    """The weights (K, 3, h, w) of the convolution that sees the colours; None where there is no
    such first layer."""
    weights = next((held for held in model.body.parameters() if held.ndim > 1), None)
    seen = weights is not None and weights.ndim == 4 and weights.shape[1] == COLOURS
    return weights if seen else None


def grey(shown: Sample) -> bool:
    """Whether all channels are alike, so that their order says nothing."""
    return bool((shown.x == shown.x[:, :1]).all())


def choose(close: Sequence[Tried], first: Tried) -> tuple[Tried, list[Tried]]:
    """(what fits, others that fit as well). ``first``, what is asked for without a search, stays
    unless another is clearly above it, or as good and clearly what BatchNorm was trained on."""
    best = max(close, key=lambda one: one.rank)
    level = [one for one in close if not best.clearly_above(one)]
    plain = [one for one in level if not one.way.turned and one.way.network == first.way.network]
    level = plain or level
    usual = [one for one in level if one.title == first.title]
    level = usual or level
    chosen = max(level, key=lambda one: one.rank)
    measured = [one for one in level if one.seen.mismatch is not None]
    if measured:
        chosen = min(measured, key=lambda one: one.seen.mismatch or 0.0)
    if first in level and not _nearer(chosen, first):
        chosen = first
    others = [one for one in level if one.way != chosen.way and not _nearer(chosen, one)]
    return chosen, list({one.way: one for one in others}.values())


def _nearer(chosen: Tried, other: Tried) -> bool:
    """Whether BatchNorm was clearly trained on what ``chosen`` gives it, and not ``other``."""
    mine, theirs = chosen.seen.mismatch, other.seen.mismatch
    return mine is not None and theirs is not None and mine < NEARER * theirs
