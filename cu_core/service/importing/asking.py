"""From what a file and its owner say of a model to the way that it is asked."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch

from cu_core import models
from cu_core.models import Classifier
from cu_core.models.checkpoint import Imported
from cu_core.service.importing import orders, words
from cu_core.service.importing.looking import TRAIN, Sample, sample
from cu_core.service.importing.scalings import Scalings
from cu_core.service.importing.search import Search, Tried, Way, choose, stem
from cu_core.spec import Dataset, Fit, ImportWeights, Ints, Normalisation

SaidBy = Literal["file", "owner", "search", "data"]
GOOD = 90.0  # percent of training samples: below, what was said is looked at again
IN_FILE = "in the file"
NUMBERS = 3 * 64 * 64  # of a sample, up to which many of them are looked at
MANY, SOME = 600, 200
LEFT_ASIDE = ("label_",)  # how transformers calls classes that nobody named


@dataclass(frozen=True)
class Asking:
    """How a model is to be asked. ``model``: in the data's order of classes, colours as the data
    has them; ``classes``: their names in the file's order; ``searched``: whether other ways were
    tried; ``told``: sentences."""

    model: Classifier
    normalisation: Normalisation
    said_by: SaidBy
    classes: tuple[str, ...]
    searched: bool
    fits: tuple[Fit, ...]
    told: tuple[str, ...]


class Settling:
    """What the owner says is obeyed; what nobody says is found out on training samples."""

    def __init__(
        self, brought: Imported, dataset: Dataset, asked: ImportWeights, device: str
    ) -> None:
        self.brought, self.dataset, self.asked, self.device = brought, dataset, asked, device
        self.scalings, self.aside, self.told = Scalings(dataset), list[str](), list[str]()
        self.level: list[Tried] = []
        self.sure = True  # whether the owner or the file says how it is normalised
        self.said_by, self.way = self._said()
        self.named = self._orders()

    def _said(self) -> tuple[SaidBy, Normalisation]:
        if self.asked.normalise:
            return "owner", self.scalings.named(self.asked.normalise)
        makers = models.get(self.brought.model.architecture)
        for says in (self.brought, makers):
            if says.mean and says.std:
                found = self.scalings.of_numbers(says.mean, says.std)
                if found:
                    self.sure = says is self.brought
                    return "file", found
                self.aside.append(words.strange_numbers(says.mean, self.dataset.shape[0]))
        self.sure = False
        return "data", self.scalings.data

    def _orders(self) -> Mapping[str, Ints]:
        """The orders of the classes that come into question, the likeliest first."""
        names, given = self.dataset.class_names, self.brought.classes
        given = given or models.get(self.brought.model.architecture).classes
        if self.asked.classes:
            title, order = orders.written(self.asked.classes, names)
            return {title: order}
        usual = orders.usual(names)
        order_in_file = orders.matched(given, names) if given else None
        if order_in_file is not None:
            return {IN_FILE: order_in_file} | usual
        if given and not all(one.lower().startswith(LEFT_ASIDE) for one in given):
            self.aside.append(words.strange_classes(given, names))
        return usual

    @cached_property
    def search(self) -> Search:
        brought = self.brought
        networks = (brought.model.architecture, *brought.variants)
        return Search(brought.model, networks, self.named, self.shown, self.device)

    @cached_property
    def shown(self) -> Sample:
        few = torch.Size(self.dataset.shape).numel() > NUMBERS and self.device == "cpu"
        least = orders.PER_CLASS * self.dataset.n_classes
        return sample(self.dataset, TRAIN, max(SOME if few else MANY, least))

    def settle(self, doubted: bool = False) -> Asking:
        """The way that is taken. Every other that was tried stands in ``fits``. ``doubted``: its
        accuracy is not what its owner says, so that others are tried in any case."""
        self.told.clear()
        free = not self.asked.classes
        first_way = Way(self.way, self.brought.model.architecture)
        tried = self.search.tried(first_way, self.shown, free)
        first = next(one for one in tried if one.title == next(iter(self.named)))
        chosen, fits = first, tried
        if doubted or not self.sure or first.accuracy < GOOD:
            coarse = self.search.all_of(self.scalings.usual, free)
            close = self.search.closely(coarse, first_way, free)
            close = [*tried, *(one for one in close if one.way != first_way)]
            seen = {one.way for one in close}
            fits = [*close, *(one for one in coarse if one.way not in seen)]
            chosen = self._chosen(first, close, len(self.scalings.usual))
            if self.level:  # nothing tells these apart: some may not have been looked at closely
                self.level += [one for one in coarse if one.way not in seen and one.levels(coarse)]
        elif tried[0].clearly_above(first):
            chosen = tried[0]
            self.told += words.taken(chosen, first, (), 0)
        self.fits, self.first = fits, first
        return self.take(chosen)

    def take_for(self, tried: Tried) -> Asking:
        """One of ``level``, because it has the number that its owner says."""
        self.told.append(words.by_number(tried))
        return self.take(tried)

    def _chosen(self, first: Tried, close: list[Tried], n: int) -> Tried:
        """What is taken of what was looked at closely, as far as the owner leaves it open."""
        fitting, level = choose(close, first)
        if self.said_by != "owner":
            self.level = level
            self.told += words.taken(fitting, first, level, n)
            return fitting
        open_to = [one for one in close if one.way.normalisation == self.way]
        mine, _ = choose(open_to, first)
        if mine is not first:
            self.told += words.taken(mine, first, (), 0)
        if fitting.clearly_above(mine):
            self.told.append(words.beside(mine, fitting))
        return mine

    def take(self, chosen: Tried) -> Asking:
        """The model, to be asked in this way."""
        way, names, fits = chosen.way.normalisation, self.dataset.class_names, self.fits
        changed = chosen.way != self.first.way and self.said_by != "owner"
        model = copy.deepcopy(self.search.model(chosen.way.network)).to("cpu")
        arrange(model, chosen.order)
        if chosen.way.turned:
            turn(model)
            way = replace(way, mean=way.mean[::-1], std=way.std[::-1])
        in_file = tuple(names[i] for i in chosen.order)
        order = [words.order(in_file, chosen.title)] if in_file != names else []
        listed = sorted(fits, key=lambda one: (len(one.right), *one.rank), reverse=True)
        return Asking(
            model,
            way,
            "search" if changed else self.said_by,
            in_file,
            len({one.way for one in fits}) > 1,
            tuple(one.fit for one in listed),
            (*self.aside, *self.told, *order),
        )


def arrange(model: Classifier, order: Ints) -> None:
    """Puts the outputs, each of which stands for the class ``order`` of the data, into the data's
    order."""
    place = torch.from_numpy(order)
    with torch.no_grad():
        for held in model.fc.parameters():
            held[place] = held.clone()


def turn(model: Classifier) -> None:
    """Makes a network that sees blue, green, red see red, green, blue."""
    first = stem(model)
    assert first is not None
    with torch.no_grad():
        first.copy_(first.flip(1))
