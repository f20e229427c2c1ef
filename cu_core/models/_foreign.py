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
from functools import lru_cache
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
from cu_core.models._names import COUNTER, DIALECTS, Dialect, plain

PREFIXES = 12  # that are tried for a network, those with most names behind them
OTHER_SHAPE = 0.1
NEAR, NEAR_NAMES = 0.5, 0.9  # of a network's weights, with their shapes or by their names
BODY = "body."  # what the names of all layers but the last begin with in a Classifier


@dataclass
class Match:
    """How far one network is found behind one prefix of a file.

    ``names``: ours -> the file's; ``found``, ``wanted``: weights that are there with their shape,
    and that there should be, counters aside; ``differ``: a phrase for each that is not there, and
    for each in the file that is inside the network and unknown to it; ``statistics``: how many of
    these are means and variances of BatchNorm; ``translated``: whether the names are another's.
    """

    architecture: str
    prefix: str
    head: Head = "plain"
    names: dict[str, str] = field(default_factory=dict)
    found: int = 0
    wanted: int = 1
    differ: list[str] = field(default_factory=list)
    statistics: int = 0
    translated: bool = False
    last: LastLayer = field(default_factory=LastLayer)

    @property
    def fits(self) -> bool:
        return not self.differ and not self.last.fault

    @property
    def nearness(self) -> tuple[bool, float, int]:
        """A name with another shape counts a little: it tells of a network of another width."""
        there = self.found + OTHER_SHAPE * (len(self.names) - self.found)
        return self.fits, there / self.wanted, -len(self.differ)

    @property
    def near(self) -> bool:
        """Whether it is worth to be named; a file with less of it is of another kind."""
        return max(self.found / NEAR, len(self.names) / NEAR_NAMES) >= self.wanted


@lru_cache(maxsize=128)
def expected(architecture: str, shape: Shape, n_classes: int, head: Head) -> Mapping[str, Any]:
    """Name -> shape of every weight and buffer, without making them."""
    with torch.device("meta"):
        model = build(architecture, shape, n_classes, head)
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def matches(found: Shapes, architecture: str, shape: Shape, n_classes: int) -> list[Match]:
    """The network behind every prefix where some of it is found, the nearest first."""
    wanted = expected(architecture, shape, n_classes, "plain")
    ours = get(architecture).ours
    body = {k.removeprefix(BODY): size for k, size in wanted.items() if k.startswith(BODY)}
    tried: list[Match] = []
    seen: set[tuple[str, ...]] = set()
    for dialect in (plain,) if ours else DIALECTS:
        said = {dialect(key): key for key in found} if not ours else {key: key for key in found}
        if len(said) < len(found) or tuple(said) in seen:
            continue
        seen.add(tuple(said))
        votes = _votes(said, found, wanted if ours else body, ours)
        for prefix, _ in votes.most_common(PREFIXES):
            behind = {
                n.removeprefix(prefix): key for n, key in said.items() if n.startswith(prefix)
            }
            match = Match(architecture, prefix, translated=bool(ours) or dialect is not plain)
            if ours:
                _compare(match, {ours(name): key for name, key in behind.items()}, found, wanted)
                match.last = _own_last_layer(match, found)
            else:
                _compare(match, {BODY + n: k for n, k in behind.items()}, found, _under(body))
                _add_head(match, said, found, wanted["fc.weight"][1])
            tried.append(match)
    return sorted(tried, key=lambda match: match.nearness, reverse=True)


def _under(body: Shapes) -> Shapes:
    return {BODY + name: size for name, size in body.items()}


def _votes(
    said: Mapping[str, str], found: Shapes, wanted: Shapes, ours: Dialect | None
) -> Counter[str]:
    """How many of the wanted names stand behind each prefix; with their shape they count more."""
    votes: Counter[str] = Counter()
    for name, key in said.items():
        for prefix, rest in _splits(name):
            rest = ours(rest) if ours else rest
            if rest in wanted:
                votes[prefix] += 1 + 9 * (wanted[rest] == found[key])
    return votes


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
        theirs = match.names.get(name)
        if name.endswith(COUNTER):
            continue
        if theirs is None:
            missing.append(f"{name.removeprefix(BODY)} is missing")
            match.statistics += "running_" in name
        elif found[theirs] != size:
            shapes.append(f"{shown(theirs)} is {found[theirs]} in the file and {size} in it")
        else:
            match.found += 1
    match.wanted = sum(not name.endswith(COUNTER) for name in wanted)
    match.differ = shapes + missing + unknown


def _module(name: str) -> str:
    """The part of the network that a name of ours lies in; the places of a Sequential are one."""
    first = tokens(name)[1] if name.startswith(BODY) else tokens(name)[0]
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
    last = match.last
    own = {f"{shown(key)} is unknown to it" for key in (last.weight, last.bias) if key}
    match.differ = [phrase for phrase in match.differ if phrase not in own]
    if last.weight:
        match.names["fc.weight"] = last.weight
    if last.bias:
        match.names["fc.bias"] = last.bias


def _own_last_layer(match: Match, found: Shapes) -> LastLayer:
    """Of a network that says itself where it is; another number of classes is no difference."""
    weight, bias = match.names.get("fc.weight", ""), match.names.get("fc.bias", "")
    if not weight:
        return LastLayer(fault="its last layer is missing")
    own = tuple(f"{shown(key)} is " for key in (weight, bias) if key)
    match.differ = [phrase for phrase in match.differ if not phrase.startswith(own)]
    match.differ = [phrase for phrase in match.differ if phrase != "fc.bias is missing"]
    return LastLayer(weight, bias, found[weight][0])
