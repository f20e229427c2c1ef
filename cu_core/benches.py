"""The measurements in the ``bench`` folder that the command line can run: those with a
``main(argv)``.

They are found by reading the files, and imported only when one is run: the package does not need
them, and an installation may come without the folder.
"""

import ast
import importlib
import sys
from pathlib import Path

from cu_core.errors import BadRequest

ROOT = Path(__file__).resolve().parents[1]


def benches(root: Path = ROOT) -> dict[str, str]:
    """Name -> first line of its docstring. BadRequest when the folder is not there."""
    folder = root / "bench"
    if not folder.is_dir():
        raise BadRequest(
            f"There is no folder {folder}: this installation came without the measurements. "
            "Run them from a copy of the source."
        )
    found = {path.stem: _purpose(path) for path in sorted(folder.glob("*.py"))}
    return {name: purpose for name, purpose in found.items() if purpose is not None}


def run_bench(name: str, argv: list[str], root: Path = ROOT) -> int:
    """Runs ``bench/<name>.py`` with ``argv`` and returns its exit code."""
    there = benches(root)
    if name not in there:
        raise BadRequest(f"There is no bench called {name!r}; there are: {', '.join(there)}.")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    code: int | None = importlib.import_module(f"bench.{name}").main(argv)
    return code or 0


def _purpose(path: Path) -> str | None:
    """The first line of the docstring; None for a file without ``main(argv)``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "main":
            first = [argument.arg for argument in node.args.args[:1]]
            return (ast.get_docstring(tree) or "").partition("\n")[0] if first == ["argv"] else None
    return None
