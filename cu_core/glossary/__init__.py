"""The words of the field that the pages use, each in two short lines and a small drawing.

A file of this folder is a group of them, found by a scan: its docstring says the group's title
before the first colon, its ``ORDER`` the group's place, and every ``Term`` in it is one.
"""

import sys
from collections.abc import Mapping
from functools import cache
from types import ModuleType

from cu_core import registry
from cu_core.glossary._drawing import STYLE
from cu_core.glossary._term import Term

__all__ = ["STYLE", "Term", "find", "groups", "of_metric", "terms"]


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its key. ImportError when two claim one."""
    return registry.scan(_here(), _declared, lambda term: term.key, "term")


@cache
def groups() -> Mapping[str, tuple[Term, ...]]:
    """The terms by their group's title, in the order in which they are read."""
    found = sorted(registry.modules(_here()), key=lambda module: module.ORDER)
    return {_title(module): tuple(_declared(module)) for module in found}


def find(name: str) -> Term | None:
    """The term that a page calls so, of one or of several; None where it is none."""
    said = name.casefold()
    return _named().get(said) or _named().get(said.removesuffix("s"))


def of_metric(key: str) -> Term | None:
    """The term that tells what this metric measures."""
    return next((term for term in terms().values() if term.metric == key), None)


@cache
def _named() -> Mapping[str, Term]:
    return {name.casefold(): term for term in terms().values() for name in term.names}


def _here() -> ModuleType:
    return sys.modules[__name__]


def _declared(module: ModuleType) -> list[Term]:
    return [value for value in vars(module).values() if isinstance(value, Term)]


def _title(module: ModuleType) -> str:
    title, colon, _ = (module.__doc__ or "").partition(":")
    if not colon or "\n" in title:
        raise ImportError(
            f"{module.__name__} has no title. Begin its docstring with one: Title: what it tells."
        )
    return title
