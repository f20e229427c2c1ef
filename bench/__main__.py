"""``python -m bench`` lists the measurements, ``python -m bench NAME`` runs one.

A measurement is a file of this folder with a ``main(argv)``: found by reading the files, imported
only when it is run.
"""

import ast
import json
import sys
from importlib import import_module
from pathlib import Path

from cu_core.errors import BadRequest
from cu_core.process import keep_memory, prepare

prepare()
keep_memory()
MARK = "\ndef main(argv: "


def benches() -> dict[str, str]:
    """Name -> first line of its docstring."""
    files = {path: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))}
    return {
        path.stem: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        for path, text in files.items()
        if MARK in text and path.stem != "__main__"
    }


def main(argv: list[str]) -> int:
    there, name = benches(), next(iter(argv), "--list")
    if name in there:
        try:
            code: int = import_module(f"bench.{name}").main(argv[1:])
            return code
        except BadRequest as refusal:
            print(refusal, file=sys.stderr)
            return 2
    if name == "--json":
        print(json.dumps(there))
    elif name.startswith("-"):
        print("\n".join(f"{name:10} {purpose}" for name, purpose in there.items()))
    else:
        print(f"There is no bench called {name!r}; there are: {', '.join(there)}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
