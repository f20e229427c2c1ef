"""The Stage's files as one page wants them: markup, style, and one JavaScript module.

The files in ``js/`` are plain ES modules, so that ``node --test`` and an editor read them as they
are. A Streamlit component takes one inline module, and an exported page has no server to import
from, so they are joined here: each module is a function of its own scope that returns what it
exports, and an import is a destructuring of what another one returned. The order follows from the
imports. A module brings the files of the folder of its name: a view is there because its file is
(``js/views.js``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from cu_core.stage.moment import PARTS

FOLDER = Path(__file__).parent
JS = FOLDER / "js"
ENTRY = "mount"  # the module whose default export the component is

IMPORT = re.compile(
    r'^import\s+(?:\{(?P<names>[^}]*)\}\s*from\s*)?"(?P<path>\.[\w./-]*)\.js";\n', re.MULTILINE
)
EXPORT = re.compile(
    r"^export (?P<default>default )?(?P<rest>(?:class|(?:async )?function\*?|const) (?P<name>\w+))",
    re.MULTILINE,
)
PIECE = re.compile(r"\{(?P<name>\w+)\}")
OTHER = re.compile(r"^(?:import|export)\b(?!\s*\().*", re.MULTILINE)


@functools.cache
def script(js: Path = JS, entry: str = ENTRY) -> str:
    """The modules that ``entry`` reaches as one, which exports as its default what ``entry`` does:
    ``mount(component)``.

    ValueError, with the file and the line, for an import of a file that is not there, a circle of
    imports, and a form of import or export that is not joined.
    """
    files = sorted(js.rglob("*.js"))
    texts = {file.relative_to(js).with_suffix("").as_posix(): file for file in files}
    parts = {name: _module(name, file.read_text("utf-8")) for name, file in texts.items()}
    for name, (wanted, _) in parts.items():
        for lost in wanted - parts.keys():
            raise ValueError(f"{name}.js imports {lost}.js, which is not in {js}.")
    wanted = _reached(entry, {name: needs for name, (needs, _) in parts.items()})
    try:
        order = TopologicalSorter({name: sorted(parts[name][0]) for name in sorted(wanted)})
        joined = "\n".join(parts[name][1] for name in order.static_order())
    except CycleError as circle:
        raise ValueError(f"JavaScript modules import in a circle: {circle.args[1]}.") from None
    end = f'const mount = __modules["{entry}"].default;\nexport default mount;\n'
    return f"const __modules = {{}};\n{joined}\n{end}"


def _reached(entry: str, needs: Mapping[str, set[str]]) -> set[str]:
    """What ``entry`` imports, and the files of each folder whose own module is among them: a view
    is there because ``views.js`` is (nobody imports it)."""
    found: set[str] = set()
    open_ones = [entry] if entry in needs else []
    while open_ones:
        name = open_ones.pop()
        if name not in found:
            found.add(name)
            open_ones += [*needs[name], *(one for one in needs if one.startswith(f"{name}/"))]
    return found


def _module(name: str, text: str) -> tuple[set[str], str]:
    """(names of the modules that it imports, the module as a function called at once)."""
    wanted: set[str] = set()

    def taken(found: re.Match[str]) -> str:
        path = _resolved(name, found["path"])
        wanted.add(path)
        names = re.sub(r"\s+as\s+", ": ", found["names"] or "")
        return f'const {{{names}}} = __modules["{path}"];\n' if names.strip() else ""

    body = IMPORT.sub(taken, text)
    given = [
        f"default: {found['name']}" if found["default"] else found["name"]
        for found in EXPORT.finditer(body)
    ]
    body = EXPORT.sub(lambda found: found["rest"], body)
    if other := OTHER.search(body):
        raise ValueError(
            f"{name}.js says {other[0]!r}; write import {{ … }} from a relative file, and export "
            "before a named class, function or const."
        )
    return (
        wanted,
        f'__modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(given)} }};\n}})();',
    )


def _resolved(name: str, path: str) -> str:
    """ "run" for "../run" in "views/map"."""
    parts: list[str] = []
    for part in (*PurePosixPath(name).parent.parts, *path.split("/")):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


@functools.cache
def markup(name: str = "stage") -> str:
    """What the script finds itself in: "stage", or "together" of several runs side by side. It
    says itself which parts of a page can be hidden. ``{more}`` stands for ``more.html``."""
    text = _html(name).replace("{parts}", ",".join(PARTS))
    return PIECE.sub(lambda found: _html(found["name"]), text)


def _html(name: str) -> str:
    return (FOLDER / f"{name}.html").read_text(encoding="utf-8")


@functools.cache
def style() -> str:
    """Every style sheet of the folder; ``stage.css``, on which the others stand, first."""
    sheets = sorted(FOLDER.glob("*.css"), key=lambda sheet: (sheet.name != "stage.css", sheet.name))
    return "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
