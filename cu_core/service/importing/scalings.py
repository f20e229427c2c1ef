"""The usual normalisations as numbers for one data set, and which of them some numbers are."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cu_core.data.batches import Scaling, statistics
from cu_core.data.memory import parts
from cu_core.errors import BadRequest
from cu_core.spec import DATA, NORMALISATIONS, OWN, Dataset, Normalisation, channels, normalisation

SAME = 1e-4  # of pixels in 0..1: numbers that differ by less were rounded


@dataclass(frozen=True)
class Scalings:
    """Ways to normalise this data, each with one number a channel or column."""

    dataset: Dataset

    @property
    def _of(self) -> str:
        return "images" if self.dataset.is_image else "rows"

    @cached_property
    def own(self) -> Scaling:
        return statistics(self.dataset)

    @cached_property
    def usual(self) -> list[Normalisation]:
        """The data's own first; those that come out alike once."""
        found: list[Normalisation] = []
        for declared in NORMALISATIONS.values():
            way = self._resolved(declared) if self._of in declared.of else None
            if way and not any(alike(way, other) for other in found):
                found.append(way)
        return found

    @property
    def data(self) -> Normalisation:
        """The mean and std of the training part."""
        return replace(NORMALISATIONS[DATA], mean=self.own[0], std=self.own[1])

    def named(self, text: str) -> Normalisation:
        """What somebody wrote. BadRequest for what does not fit the data."""
        declared = normalisation(text, self.dataset.shape[0])
        way = self._resolved(declared) if self._of in declared.of else None
        if way is None:
            numbers = ", or MEAN;STD" * self.dataset.is_image
            raise BadRequest(
                f"--normalise {text} is not for {self._of} of shape {self.dataset.shape}. Write "
                f"one of {', '.join(n.key for n in self.usual)}{numbers}."
            )
        return self._known(way)

    def of_numbers(self, mean: tuple[float, ...], std: tuple[float, ...]) -> Normalisation | None:
        """What a file says, under its usual name if it has one; None where it does not fit."""
        width = self.dataset.shape[0]
        fitted = channels(mean, width), channels(std, width)
        if fitted[0] is None or fitted[1] is None:
            return None
        return self._known(Normalisation(OWN, "numbers in the file", fitted[0], fitted[1]))

    def _known(self, way: Normalisation) -> Normalisation:
        """The usual one of the same numbers, the data's own before all."""
        return next((other for other in self.usual if alike(other, way)), way)

    def _resolved(self, declared: Normalisation) -> Normalisation | None:
        """With its numbers for this data; None where its channels are not those of the data."""
        if not declared.mean:
            mean, std = self._found(declared.key)
            return replace(declared, mean=mean, std=std)
        width = self.dataset.shape[0]
        fitted = channels(declared.mean, width), channels(declared.std, width)
        if fitted[0] is None or fitted[1] is None:
            return None
        return replace(declared, mean=fitted[0], std=fitted[1])

    def _found(self, key: str) -> Scaling:
        """What is found from the training part, by key."""
        mean, std = (np.array(part) for part in self.own)  # (C,) or (D,)
        none, one = np.zeros_like(mean), np.ones_like(std)
        if key == "data-one":
            spread = np.sqrt((std**2 + mean**2).mean() - mean.mean() ** 2)
            mean, std = one * mean.mean(), one * spread
        elif key == "centred":
            std = one
        elif key == "as-is":
            mean, std = none, one
        elif key in ("min-max", "largest"):
            low = np.min([part.min(0) for part in parts(self.dataset.train_x)], 0)
            high = np.max([part.max(0) for part in parts(self.dataset.train_x)], 0)
            wide = np.where(high > low, high - low, 1.0)
            most = max(abs(low.min()), abs(high.max())) or 1.0
            mean, std = (low, wide) if key == "min-max" else (none, one * most)
        return tuple(mean.tolist()), tuple(std.tolist())


def alike(one: Normalisation, other: Normalisation) -> bool:
    """Whether they have the same numbers, as far as these were written."""
    pairs = ((one.mean, other.mean), (one.std, other.std))
    return all(np.allclose(a, b, rtol=SAME, atol=SAME) for a, b in pairs)
