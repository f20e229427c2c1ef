"""Finds in a foreign checkpoint the weights of one of our networks, by names and shapes.

Only names and shapes are looked at here, never the numbers: a file can declare a tensor of a
billion elements in a hundred bytes, and it is refused before anything is copied.

A network's names can stand behind any prefix, in any mapping of the file, in the words of any of
the ``DIALECTS``; the prefix is the one behind which most of them are found with their shapes. What
else is in the file is none of the network's business, unless it lies inside one of its modules.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import torch

from cu_core.models import build, get
from cu_core.models._base import UNIT_SPHERE, Head, Shape
from cu_core.models._content import NEST
from cu_core.models._heads import (
    LastLayer,
    Shapes,
    find_last_layer,
    find_projection,
    shown,
    tokens,
)
from cu_core.models._names import COUNTER, DIALECTS, Dialect

PREFIXES = 12  # that are tried for a network, those with most names behind them
BROUGHT = "body.net."  # and of a network made elsewhere
LAST = "fc."  # and those of the last one
OTHER_SHAPE = 0.1
NEAR, NEAR_NAMES = 0.5, 0.9  # of a network's weights, with their shapes or by their names
BODY = "body."  # what the names of all layers but the last begin with in a Classifier


@dataclass
class Match:
    """How far one network is found behind one prefix of a file.

    ``names``: ours -> the file's; ``wanted``: weights that there should be, counters aside,
    ``named``: that are there, ``found``: with their shape, ``unknown``: in the file, inside the
    network, and none of its; ``differ``: a phrase for each that is amiss; ``statistics``: how many
    means and variances of BatchNorm are missing.
    """

    architecture: str
    prefix: str
    head: Head = "plain"
    names: dict[str, str] = field(default_factory=dict)
    wanted: int = 0
    named: int = 0
    found: int = 0
    unknown: int = 0
    differ: list[str] = field(default_factory=list)
    statistics: int = 0
    last: LastLayer = field(default_factory=lambda: LastLayer(fault="it has no last layer"))

    @property
    def fits(self) -> bool:
        return not self.differ and not self.last.fault

    @property
    def nearness(self) -> tuple[bool, float, int]:
        """A name with another shape counts a little: it tells of a network of another width."""
        there = self.found + OTHER_SHAPE * (self.named - self.found)
        return self.fits, there / max(self.wanted + self.unknown, 1), -len(self.differ)

    @property
    def near(self) -> bool:
        """Whether it is worth to be named; a file with less of it is of another kind."""
        return max(self.found / NEAR, self.named / NEAR_NAMES) >= self.wanted


@lru_cache(maxsize=128)
def expected(architecture: str, shape: Shape, n_classes: int, head: Head) -> Mapping[str, Any]:
    """Name -> shape of every weight and buffer, without making them."""
    with torch.device("meta"):
        model = build(architecture, shape, n_classes, head)
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def matches(found: Shapes, architecture: str, shape: Shape, n_classes: int) -> list[Match]:
    """The network behind every prefix where some of it is found, the nearest first."""
    wanted = expected(architecture, shape, n_classes, "plain")
    inner = BROUGHT if all(k.startswith((BROUGHT, LAST)) for k in wanted) else BODY
    body = {k.removeprefix(inner): size for k, size in wanted.items() if k.startswith(inner)}
    if ours := get(architecture).ours:
        whole = {key: key for key in found}
        our = partial(_ours, wanted, ours)
        prefixes = _votes(whole, found, wanted, our)
        own = (_named_by_itself(architecture, p, our, found, wanted) for p in prefixes)
        return sorted(own, key=lambda match: match.nearness, reverse=True)
    tried: list[Match] = []
    seen: set[tuple[str, ...]] = set()
    for dialect in DIALECTS:
        said = _translated(dialect, tuple(found))
        if len(said) < len(found) or tuple(said) in seen or any(match.fits for match in tried):
            continue
        seen.add(tuple(said))
        for prefix in _votes(said, found, body):
            match = Match(architecture, prefix)
            inside = {inner + n: key for n, key in _behind(prefix, said).items()}
            _compare(match, inside, found, {inner + n: size for n, size in body.items()})
            _add_head(match, said, found, wanted["fc.weight"][1])
            tried.append(match)
    return sorted(tried, key=lambda match: match.nearness, reverse=True)


@lru_cache(maxsize=16)
def _translated(dialect: Dialect, names: tuple[str, ...]) -> dict[str, str]:
    return {dialect(name): name for name in names}


def _ours(wanted: Shapes, ours: Dialect, name: str) -> str:
    return name if name in wanted else ours(name)


def _behind(prefix: str, said: Mapping[str, str]) -> dict[str, str]:
    return {n.removeprefix(prefix): key for n, key in said.items() if n.startswith(prefix)}


def _named_by_itself(
    architecture: str, prefix: str, ours: Dialect, found: Shapes, wanted: Shapes
) -> Match:
    """A network that says how its makers' names are ours, and so which layer is the last; another
    number of classes there is no difference."""
    match = Match(architecture, prefix)
    own = {ours(n): key for n, key in _behind(prefix, {key: key for key in found}).items()}
    last = {name: own[name] for name in ("fc.weight", "fc.bias") if name in own}
    same = dict(wanted)
    same.update((name, found[key]) for name, key in last.items() if name in wanted)
    _compare(match, own, found, same)
    if "fc.weight" in last and len(found[last["fc.weight"]]) == 2:
        weight = last["fc.weight"]
        match.last = LastLayer(weight, last.get("fc.bias", ""), found[weight][0])
    return match


def _votes(
    said: Mapping[str, str], found: Shapes, wanted: Shapes, ours: Dialect = str
) -> list[str]:
    """The prefixes behind which most wanted names stand; with their shape these count more."""
    votes: Counter[str] = Counter()
    for name, key in said.items():
        for prefix, rest in _splits(name):
            rest = ours(rest)
            if rest in wanted:
                votes[prefix] += 1 + 9 * (wanted[rest] == found[key])
    return [prefix for prefix, _ in votes.most_common(PREFIXES)]


def _splits(name: str) -> Iterator[tuple[str, str]]:
    yield "", name
    for i, sign in enumerate(name):
        if sign in (".", NEST):
            yield name[: i + 1], name[i + 1 :]


def _compare(match: Match, said: Mapping[str, str], found: Shapes, wanted: Shapes) -> None:
    """Fills in what is there, what is not, and what is there besides. ``said``: ours -> theirs."""
    modules = {_module(name) for name in wanted}
    shapes, missing, unknown = [], [], []
    for name, key in said.items():
        if name in wanted:
            match.names[name] = key
        elif _module(name) in modules and not name.endswith(COUNTER):
            unknown.append(f"{shown(key)} is unknown to it")
    for name, size in wanted.items():
        place = match.names.get(name)
        if name.endswith(COUNTER):
            continue
        match.wanted += 1
        match.named += place is not None
        if place is None:
            missing.append(f"{theirs(name)} is missing")
            match.statistics += "running_" in name
        elif found[place] != size:
            shapes.append(f"{shown(place)} is {found[place]} in the file and {size} in it")
        else:
            match.found += 1
    match.unknown = len(unknown)
    match.differ = shapes + missing + unknown


def theirs(name: str) -> str:
    """A name of ours as it is without what every Classifier puts before it."""
    return name.removeprefix(BROUGHT if name.startswith(BROUGHT) else BODY)


def _module(name: str) -> str:
    """The part of the network that a name of ours lies in; the places of a Sequential are one."""
    first = tokens(theirs(name))[0]
    return "0" if first.isdigit() else first


def _add_head(match: Match, said: Mapping[str, str], found: Shapes, width: int) -> None:
    """The last layer, and before it a projection head if the network was trained with one."""
    used = set(match.names.values())
    free = {name: key for name, key in said.items() if key not in used}
    projection = {}
    if "normalised" in get(match.architecture).heads:
        projection = find_projection(free, found, width)
        free = {name: key for name, key in free.items() if key not in projection.values()}
    if projection:
        last = find_last_layer(match.prefix, free, found, UNIT_SPHERE)
        if last.weight:
            match.head, match.last = "normalised", last
            match.names |= projection
    if match.head == "plain":
        match.last = find_last_layer(match.prefix, free, found, width)
    if projection and match.last.fault:
        two = " and ".join(shown(k) for k in projection.values() if k.endswith(".weight"))
        match.last = LastLayer(fault=f"a projection head follows, {two}, and no classifier")
    last = match.last
    own = {f"{shown(key)} is unknown to it" for key in (last.weight, last.bias) if key}
    kept = [phrase for phrase in match.differ if phrase not in own]
    match.unknown -= len(match.differ) - len(kept)
    match.differ = kept
    if last.weight:
        match.names["fc.weight"] = last.weight
    if last.bias:
        match.names["fc.bias"] = last.bias
