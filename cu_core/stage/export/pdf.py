"""One sheet of paper, A4, in lay words: for whoever decides and has no time to watch."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import fontpkg
import typst

from cu_core import glossary
from cu_core.spec import RunRecord
from cu_core.stage import unpack
from cu_core.stage.account import Account, account
from cu_core.stage.drawing.lettering import printable
from cu_core.stage.export import _whole
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.export._maps import before_and_after, by_answer
from cu_core.stage.limits import TITLE
from cu_core.stage.numbers import Tile
from cu_core.store import Store

TEMPLATE = Path(__file__).with_name("sheet.typ")
FONT = Path(fontpkg.path("source-sans-3"))
UNBROKEN = 32  # letters of a word that may run on before a line may end within it
LONGEST = 1500  # letters of a command that fit; of a longer one the run itself has the whole


def sheet(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """StoreError when there is no picture to print, or no verdict."""
    inputs = written(*drawn(store, record, order), by_answer(order.opens))
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", timestamp=int(record.created), **setting(inputs)
    )
    return made


def drawn(store: Store, record: RunRecord, order: Order = PLAIN) -> tuple[Account, tuple[str, str]]:
    """What the sheet says, and its two drawings."""
    header, sections = unpack(_whole.whole(store, record))
    return account(store, record), before_and_after(header, sections, order.opens)


def setting(inputs: dict[str, str]) -> dict[str, Any]:
    """What the template is set with: its data, and the font of the app."""
    return {"sys_inputs": inputs, "font_paths": [str(FONT.parent)]}


def written(told: Account, maps: tuple[str, str], answers: bool = False) -> dict[str, str]:
    """The data as the template reads them: plain strings, of which none is read as markup.
    ``answers``: whether the drawings are coloured by what the network answers."""
    command = told.command
    if len(command) > LONGEST:
        command = f"{command[:LONGEST]} … (the run's record has all of it)"
    plain = {
        "title": told.title,
        "headline": told.headline or told.sentence,
        "sentence": told.sentence if told.headline else "",
        "steps": f"{told.steps:,}",
        "colours": "what the network answers" if answers else "classes",
        "tiles": [_tile(tile) for tile in told.tiles],
        "lacks": TITLE,
        "limits": told.limits,
        "facts": told.facts,
        "knobs": told.knobs,
        "command": command,
        "date": told.date,
        "versions": told.versions,
        "maps": maps,
    }
    return {"sheet": json.dumps({**_breakable(plain), "maps": maps})}


def _tile(tile: Tile) -> dict[str, Any]:
    """Called as the glossary calls what it measures, where that is a word of it."""
    term = glossary.of_metric(tile.metric.key)
    title, shares = term.title if term else tile.metric.title, dict(tile.bars)
    figures = {"original": tile.original, "retrained": tile.retrained, "now": tile.value}
    beside = [[name, text, shares.get(name)] for name, text in figures.items() if text]
    return {"question": tile.question, "title": title, "value": tile.value, "beside": beside}


def _breakable(value: Any) -> Any:
    """The same without what no page may hold, with places in every very long word at which its
    line may end, and none between a figure and its sign."""
    if isinstance(value, str):
        value = re.sub(r"(?<=\d) %", "\u00a0%", printable(value))
        return re.sub(rf"(\S{{{UNBROKEN}}})(?=\S)", "\\1\u200b", value)
    if isinstance(value, dict):
        return {name: _breakable(one) for name, one in value.items()}
    return [_breakable(one) for one in value] if isinstance(value, list | tuple) else value


PDF = ExportFormat(
    key="pdf",
    title="one sheet of paper",
    noun="sheet",
    ending=".pdf",
    mime="application/pdf",
    help="One A4 page in lay words: the verdict, the map before and after, what it does not show.",
    make=sheet,
    seen=True,
)
