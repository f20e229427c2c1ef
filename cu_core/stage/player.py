"""One self-contained page that plays a run offline: the Stage's own files and the run inside."""

from __future__ import annotations

import base64
import functools
import html
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cu_core.stage import source, wire


def player_html(data: bytes, title: str, about: str = "") -> str:
    """The page for a whole run's blob (its frames from 0 on); it loads nothing from anywhere.

    ``title`` is the headline: the header's ``verdict`` is said by the Stage, when its clock has
    come to the end. The header's ``command`` is shown below, and its ``opens`` says how the page
    opens. ``about``: HTML for below the player. The run travels as base64 of deflate, so no name in
    it can end a script.
    """
    header, sections = wire.unpack(data)
    if header["start"] != 0:
        raise ValueError(
            f"A page plays a run from its first frame; this blob starts at frame {header['start']}."
        )
    data = wire.pack({**header, **_final(header)}, sections)
    return _page() % {
        "title": html.escape(title),
        "headline": html.escape(title),
        "about": about,
        "footer": _footer(header.get("command"), header.get("recorded")),
        "run": base64.b64encode(zlib.compress(data, 6)).decode("ascii"),
        "style": source.style(),
        "markup": source.markup(),
        "script": source.script(),
    }


def together_html(data: bytes, title: str, said: str) -> str:
    """The same for several runs on one clock, by ``comparison.together``'s blob. ``said``: HTML
    below them."""
    return _page() % {
        "title": html.escape(title),
        "headline": html.escape(title),
        "about": "",
        "footer": f"<footer>{said}</footer>" if said else "",
        "run": base64.b64encode(zlib.compress(data, 6)).decode("ascii"),
        "style": source.style(),
        "markup": source.markup("together"),
        "script": source.script(entry="together"),
    }


def _final(header: Mapping[str, Any]) -> dict[str, Any]:
    """What a page with nobody behind it cannot make is either there already or never will be."""
    out = {name: header.get(name) for name in ("exact", "solid")}
    for name, facts in out.items():
        out[name] = {**facts, "recorded": True} if facts and facts["state"] == "done" else None
    return out


def _footer(command: object, recorded: object) -> str:
    parts = []
    if recorded:
        parts.append(f"Recorded {html.escape(_recorded_on(recorded))}.")
    if command:
        parts.append(f"Made by <code>{html.escape(str(command))}</code>")
    return f"<footer>{' '.join(parts)}</footer>" if parts else ""


def _recorded_on(recorded: object) -> str:
    if isinstance(recorded, dict):
        return ", ".join(str(value) for value in recorded.values())
    return str(recorded)


@functools.cache
def _page() -> str:
    return Path(__file__).with_name("player.html").read_text(encoding="utf-8")
