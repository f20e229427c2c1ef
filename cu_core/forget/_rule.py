"""What a file of this folder declares: ``RULE = Rule(...)``, under the word before the colon."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cu_core.errors import BadForgetSet
from cu_core.spec import Dataset, Ints


@dataclass(frozen=True)
class Picked:
    """Training samples with what is to be said of them. ``index``: int64 (F,), each once;
    ``notes``: what was named and could not be taken."""

    index: Ints
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A way to choose training samples.

    ``select(argument, dataset, seed) -> indices``: the text after the colon; int64 (F,), in any
    order, each once, inside the training part, or a ``Picked`` of them. BadForgetSet with a
    sentence for anything else.
    ``control``: what asks for that text on a page; "share" gives a fraction, "file" the path of a
    file with one of ``endings``, "text" whatever is typed, "none" asks for nothing.
    ``words(argument)``: the samples as a sentence names them, by default as the request does.
    """

    key: str
    title: str
    example: str
    help: str
    select: Callable[[str, Dataset, int], Ints | Picked]
    control: Literal["classes", "share", "file", "text", "none"] = "text"
    endings: tuple[str, ...] = ()
    words: Callable[[str], str] | None = None


def fraction(text: str, rule: str) -> float:
    """A number strictly between 0 and 1, as both fraction rules need it."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < 1:
        raise BadForgetSet(
            f"{rule} needs a fraction between 0 and 1, both excluded, got {text!r}; "
            f"{rule}:0.1 is a tenth."
        )
    return value


def percent(text: str, rule: str) -> str:
    """The fraction in percent: "0.05" is "5 %"."""
    return f"{fraction(text, rule) * 100:g} %"
