"""The Stage's files as one page wants them: markup, style, and one JavaScript module.

The files in ``js/`` are plain ES modules. A Streamlit component takes one inline module, and an
exported page has no server to import from, so they are joined here in the fixed order below, each
after those it imports, with the import lines and the word ``export`` taken out. Nothing is built.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = (
    "blob",
    "layers",
    "run",
    "palette",
    "camera",
    "paint",
    "trails",
    "shaders",
    "map_gl",
    "raster",
    "map_splat",
    "overlay",
    "plane",
    "projected",
    "answers",
    "solid",
    "clock",
    "scrubber",
    "card",
    "legend",
    "handles",
    "series",
    "curves",
    "map",
    "texts",
    "compare",
    "chooser",
    "memory",
    "keys",
    "stage",
    "mount",
)
STYLES = ("stage.css", "compare.css")

IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@functools.cache
def script() -> str:
    """All modules as one; it ends in ``export default function mount(component)``."""
    parts = []
    for name in MODULES:
        text = (FOLDER / "js" / f"{name}.js").read_text(encoding="utf-8")
        parts.append(f"// {name}.js\n" + EXPORT.sub("", IMPORT.sub("", text)))
    return "\n".join(parts)


@functools.cache
def markup() -> str:
    return (FOLDER / "stage.html").read_text(encoding="utf-8")


@functools.cache
def style() -> str:
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)
