"""The pages of the app, found by a scan of ``pages/``: a file there is a page of that name.

A page's title is what its docstring says before the first colon, its place in the bar ``ORDER``.
Both are read without running it. The first page is the one that opens.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cu_core.files import ROOT


@dataclass(frozen=True)
class Declared:
    """A page: ``name`` (of its file, and in its address), ``title``, ``order``."""

    name: str
    title: str
    order: float


@cache
def pages(folder: Path = ROOT / "pages") -> tuple[Declared, ...]:
    """In the order of the bar; those that declare no ``ORDER`` come last, by name."""
    files = [file for file in folder.glob("*.py") if not file.name.startswith("_")]
    return tuple(sorted(map(_declared, files), key=lambda page: (page.order, page.name)))


def _declared(file: Path) -> Declared:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    title, colon, _ = (ast.get_docstring(tree) or "").partition(":")
    if not colon or "\n" in title:
        raise ValueError(
            f"pages/{file.name} has no title. "
            'Begin its docstring with one: """Title: what it shows."""'
        )
    return Declared(file.stem, title, _order(tree))


def _order(tree: ast.Module) -> float:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ORDER":
            return float(ast.literal_eval(node.value))
    return float("inf")
