"""One self-contained page that plays a run offline: the Stage's own files and the run inside."""

from __future__ import annotations

import base64
import functools
import html
import zlib
from pathlib import Path

from ui.stage import source, wire


def player_html(data: bytes, title: str) -> str:
    """The page for a whole run's blob (its frames from 0 on); it loads nothing from anywhere.

    The header's ``verdict`` is the headline where there is one, else ``title``; its ``command``
    is shown below. The run travels as base64 of deflate, so no name in it can end a script.
    """
    header, _ = wire.unpack(data)
    if header["start"] != 0:
        raise ValueError(
            f"A page plays a run from its first frame; this blob starts at frame {header['start']}."
        )
    return _page() % {
        "title": html.escape(title),
        "headline": html.escape(str(header.get("verdict") or title)).replace(" %", "\u00a0%"),
        "footer": _footer(header.get("command"), header.get("recorded")),
        "run": base64.b64encode(zlib.compress(data, 6)).decode("ascii"),
        "style": source.style(),
        "markup": source.markup(),
        "script": source.script().replace("export default function mount", "function mount"),
    }


def _footer(command: object, recorded: object) -> str:
    parts = []
    if recorded:
        parts.append(f"Recorded {html.escape(_told(recorded))}.")
    if command:
        parts.append(f"Made by <code>{html.escape(str(command))}</code>")
    return f"<footer>{' '.join(parts)}</footer>" if parts else ""


def _told(recorded: object) -> str:
    if isinstance(recorded, dict):
        return ", ".join(str(value) for value in recorded.values())
    return str(recorded)


@functools.cache
def _page() -> str:
    return Path(__file__).with_name("player.html").read_text(encoding="utf-8")
