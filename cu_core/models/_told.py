"""What a file tells of a network beside its weights, and what of it is left aside, in sentences."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from cu_core.models._choose import AVERAGES, Choice
from cu_core.models._content import NEST, Content, is_fact, scale_of
from cu_core.models._foreign import BODY
from cu_core.models._heads import shown, tokens
from cu_core.models._names import COUNTER

SHOWN = 5  # things named in a note
MEANS = re.compile(r"^(?!running_)(.*?)(mean|mu)$")
STDS = {"mean": ("std", "sigma", "stdev"), "mu": ("sigma", "std")}
Scale = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Told:
    """``mean``, ``std``: of pixels in 0..1, one a channel; ``accuracy``: percent."""

    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    accuracy: float | None


def told(choice: Choice, content: Content, channels: int, notes: list[str]) -> Told:
    """What the file says; notes say where it stands, and what of the file is left aside."""
    used = list(choice.match.names.values())
    inside = _scale_inside(content.tensors, used, channels)
    if inside:
        used += inside[1]
        notes.append(f"{shown(inside[1][0])} and std are read as the normalisation of its input.")
    mean, std = inside[0] if inside else content.scale(channels) or (None, None)
    notes += _left_notes(choice, content, used)
    said = content.accuracy()
    if said:
        notes.append(_accuracy_note(*said))
    return Told(mean, std, said[2] if said else None)


def _scale_inside(
    tensors: Mapping[str, Tensor], used: Iterable[str], channels: int
) -> tuple[Scale, tuple[str, str]] | None:
    """Mean and std that a layer of the network itself applies to its input, and their names."""
    taken = set(used)
    for key, mean in tensors.items():
        word = MEANS.match(tokens(key)[-1])
        if key in taken or not word or mean.numel() > channels:
            continue
        stem = key[: -len(word[2])]
        for std in STDS[word[2]]:
            other = tensors.get(stem + std)
            if other is None or other.numel() > channels:
                continue
            if found := scale_of(mean, other, channels):
                return found, (key, stem + std)
    return None


def way_notes(choice: Choice) -> list[str]:
    """Where the weights were, and how their names became ours."""
    match, notes = choice.match, []
    place = match.prefix
    while NEST in place:
        nest, _, place = place.partition(NEST)
        notes.append(f'The weights were taken from "{nest}" inside the file.')
    if place and place != BODY:
        notes.append(f'The prefix "{place}" was removed from the names.')
    renamed = sum(
        ours.removeprefix(BODY) != theirs.removeprefix(match.prefix).removeprefix(BODY)
        for ours, theirs in match.names.items()
    )
    if renamed:
        notes.append(f"{renamed} of {len(match.names)} names were translated to this app's.")
    if AVERAGES.search(choice.label) or AVERAGES.search(match.prefix):
        notes.append(
            f'The weights are averaged ones, of "{shown(match.prefix).rstrip(".")}" (EMA).'
        )
    for label in choice.others:
        notes.append(f'The file also holds "{label}"; --weights {label} takes these.')
    return notes


def _left_notes(choice: Choice, content: Content, used: Iterable[str]) -> list[str]:
    """What is neither the network's nor another set's: tensors by where they lie, and objects."""
    taken = set(used) | {key for m in choice.others.values() for key in m.names.values()}
    left = [
        key
        for key, tensor in content.tensors.items()
        if key not in taken and not key.endswith(COUNTER) and not is_fact(key, tensor)
    ]
    groups = Counter(_place(key) for key in left)
    notes = []
    if groups:
        words = [f"{k} ({n} tensors)" if n > 1 else k for k, n in groups.most_common(SHOWN)]
        more = f", and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
        notes.append(f"Left aside, as no part of the network: {', '.join(words)}{more}.")
    if content.objects:
        most = [name for name, _ in content.objects.most_common(SHOWN)]
        more = f", and {len(content.objects) - SHOWN} more" if len(content.objects) > SHOWN else ""
        notes.append(f"Objects beside the weights were not run: {', '.join(most)}{more}.")
    return notes


def _place(key: str) -> str:
    """The mapping, or else the module, that a tensor lies in."""
    nest, sign, rest = key.partition(NEST)
    if sign and NEST in rest:
        return shown(nest)
    head, point, _ = rest.rpartition(".") if sign else nest.rpartition(".")
    return shown(f"{nest}{NEST}{head}" if sign and point else head if point else key)


def _accuracy_note(word: str, number: float, percent: float) -> str:
    if number == percent:
        return f"The file says {word}: {percent:.4g} %."
    return f"The file says {word}: {number:.4g}, a share, read as {percent:.4g} %."
