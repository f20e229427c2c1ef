"""The usual ways in which a script makes numbers of pixels: (pixel - mean) / std, pixels in 0..1.

Each is declared here and nowhere else; the search over them, the command line and the page's list
are made of these. Those without numbers are found from the training part.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cu_core.errors import BadRequest

SCALE = 255  # of a byte: what "pixels in 0..1" are divided by


@dataclass(frozen=True)
class Normalisation:
    """``mean``, ``std``: one number a channel, or one for all; empty: of the training part itself.
    ``of``: what it is for, images or rows of numbers."""

    key: str
    title: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    of: tuple[str, ...] = ("images",)


DATA, OWN = "data", "own numbers"  # the training part's mean and std; what somebody wrote
_ALL = (
    Normalisation(DATA, "the data's own mean and std", of=("images", "rows")),
    Normalisation("totensor", "ToTensor alone, 0 to 1", (0.0,), (1.0,)),
    Normalisation("half", "0.5 and 0.5, -1 to 1", (0.5,), (0.5,)),
    Normalisation("imagenet", "ImageNet's", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    Normalisation(
        "cifar10", "CIFAR-10's, std .2470", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    ),
    Normalisation(
        "cifar10-2023", "CIFAR-10's, std .2023", (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
    ),
    Normalisation("cifar100", "CIFAR-100's", (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    Normalisation("svhn", "SVHN's", (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    Normalisation(
        "tiny-imagenet", "Tiny ImageNet's", (0.4802, 0.4481, 0.3975), (0.2302, 0.2265, 0.2262)
    ),
    Normalisation(
        "clip",
        "CLIP's",
        (0.48145466, 0.4578275, 0.40821073),
        (0.26862954, 0.26130258, 0.27577711),
    ),
    Normalisation("mnist", "MNIST's", (0.1307,), (0.3081,)),
    Normalisation("fashion-mnist", "Fashion-MNIST's", (0.2860,), (0.3530,)),
    Normalisation("bytes", "raw bytes, 0 to 255", (0.0,), (1 / SCALE,)),
    Normalisation("data-one", "the data's mean and std over all channels"),
    Normalisation("centred", "the data's mean taken off, std 1"),
    Normalisation("as-is", "the numbers as they are", of=("rows",)),
    Normalisation("min-max", "each column from 0 to 1", of=("rows",)),
    Normalisation("largest", "divided by the largest number", of=("rows",)),
)
NORMALISATIONS: Mapping[str, Normalisation] = {n.key: n for n in _ALL}
_ALSO = {"none": "totensor", "raw": "bytes", "0.5": "half", "inception": "half"}


def channels(numbers: tuple[float, ...], n: int) -> tuple[float, ...] | None:
    """The numbers for ``n`` channels: one stands for all, and one grey channel has the mean of
    three; None where they do not fit."""
    if len(numbers) in (1, n):
        return numbers * (n // len(numbers))
    return (sum(numbers) / len(numbers),) if n == 1 else None


def normalisation(text: str, n_channels: int) -> Normalisation:
    """What ``text`` names: "imagenet", "0.5,0.5" (mean, std) or "MEAN;STD", one number a channel.

    Numbers over 1 are those of bytes. BadRequest for what is none of these.

    >>> normalisation("0.49,0.48,0.45;0.25,0.24,0.26", 3).std
    (0.25, 0.24, 0.26)
    >>> normalisation("127.5;51", 1).mean
    (0.5,)
    """
    key = text.strip().lower()
    if found := NORMALISATIONS.get(_ALSO.get(key, key)):
        return found
    usual = ", ".join(n.key for n in NORMALISATIONS.values() if "images" in n.of)
    mean, std = _numbers(text, usual)
    if max(map(abs, (*mean, *std))) > 1 and max(map(abs, mean)) > 1:
        mean, std = (tuple(v / SCALE for v in part) for part in (mean, std))
    if not all(math.isfinite(v) for v in (*mean, *std)) or min(std) <= 0:
        raise BadRequest(f"--normalise {text}: every std must be a number above 0.")
    fitted = channels(mean, n_channels), channels(std, n_channels)
    if fitted[0] is None or fitted[1] is None:
        raise BadRequest(
            f"--normalise {text} has {len(mean)} numbers for the mean and {len(std)} for the std, "
            f"and the images have {n_channels} channels. Give one number, or one a channel."
        )
    return Normalisation(OWN, text.strip(), *fitted)  # type: ignore[arg-type]


def _numbers(text: str, usual: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    try:
        parts = [
            tuple(float(word) for word in re.split(r"[,\s]+", part.strip(" ,()[]")))
            for part in re.split(r";|/|\)\s*,\s*\(|\]\s*,\s*\[", text)
        ]
    except ValueError:
        parts = []
    if len(parts) == 1 and len(parts[0]) % 2 == 0:
        half = len(parts[0]) // 2
        parts = [parts[0][:half], parts[0][half:]]
    if len(parts) != 2 or not all(parts):
        raise BadRequest(
            f"No normalisation is called {text!r}. Write one of {usual}, two numbers (0.5,0.5), or "
            "MEAN;STD with one number a channel (0.49,0.48,0.45;0.25,0.24,0.26)."
        )
    return parts[0], parts[1]
