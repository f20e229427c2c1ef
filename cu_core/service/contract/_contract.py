"""What a contract is: the checks that everything of one kind keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Check = Callable[[Any], None]
"""Raises AssertionError with a sentence. Its name says what holds, its docstring what it means
when it does not."""


@dataclass(frozen=True)
class Contract:
    """Of one ``kind`` of thing.

    ``declared(module)``: what a file declares of this kind, none if it is of another; an
    ImportError says why the registry would refuse the file. ``registered()``: all that Lethe has.
    """

    kind: str
    declared: Callable[[ModuleType], Sequence[Any]]
    key: Callable[[Any], str]
    registered: Callable[[], Sequence[Any]]
    checks: Sequence[Check]


def require(holds: bool, sentence: str) -> None:
    """AssertionError with the sentence unless it ``holds``; it is kept under ``python -O`` too."""
    if not holds:
        raise AssertionError(sentence)
