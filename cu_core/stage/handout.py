"""What stands below the player of a page that is handed out: the verdict in its three lengths, what
was asked for, what it does not show, and the words that it uses. HTML without a script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from cu_core import glossary
from cu_core.glossary import Term
from cu_core.stage import limits
from cu_core.stage.account import Account
from cu_core.stage.numbers import HEADS, Cell, Row


def about(told: Account) -> str:
    """Every name in it is text, whatever it holds; a part without anything to say is left out."""
    verdict = _part(told.headline, f"<p>{escape(told.sentence)}</p>", "verdict")
    lacks = "".join(f"<li>{escape(one)}</li>" for one in told.limits)
    facts = [*told.facts, ("Knobs", told.knobs), ("Run", told.date), ("Versions", told.versions)]
    asked = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts if text
    )
    beside = _part(limits.TITLE, f"<ul>{lacks}</ul>") + _part("What was done", f"<dl>{asked}</dl>")
    return (
        f'<article class="about">{verdict}<div class="beside">{beside}</div>'
        f"{_table(told)}{_words(told)}</article>"
    )


def _part(title: str, inside: str, name: str = "") -> str:
    """``name``: of a part that an address may hide (``moment.PARTS``)."""
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return f'<section class="{name}">{head}{inside}</section>'


def _table(told: Account) -> str:
    if not told.rows:
        return ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEADS)
    groups = groupby(told.rows, lambda row: row.group)
    bodies = "".join(
        f'<tbody><tr><th colspan="{len(HEADS) + 1}" scope="rowgroup">{escape(name)}</th></tr>'
        f"{''.join(map(_row, own))}</tbody>"
        for name, own in groups
    )
    head = f'<thead><tr><th scope="col">Metric</th>{heads}</tr></thead>'
    note = f"<p><small>{escape(told.small_print)}</small></p>"
    inside = f'<div class="wide"><table>{head}{bodies}</table></div>{note}'
    return _part("In figures", inside, "table")


def _row(row: Row) -> str:
    kind = ' class="part"' if row.part else ""
    cells = _cells(row.cells) if row.cells else "<td></td>" * len(HEADS)
    return f'<tr{kind}><th scope="row">{escape(row.title)}</th>{cells}</tr>'


def _cells(cells: Sequence[Cell]) -> str:
    """Of a row without any value the reason alone, across its cells."""
    if cells[0].why and not any(cell.text for cell in cells):
        return f'<td class="why" colspan="{len(cells)}"><small>{escape(cells[0].why)}</small></td>'
    return "".join(map(_cell, cells))


def _cell(cell: Cell) -> str:
    more = cell.more if cell.text else cell.why
    small = f"<small>{escape(more)}</small>" if more else ""
    return f"<td>{escape(cell.text or '–')}{small}</td>"


def _words(told: Account) -> str:
    said = [told.headline, told.sentence, *told.limits, *HEADS, told.small_print]
    said += [name for name, _ in told.facts]
    used = [term for term in glossary.terms().values() if _is_used(term, told.rows, said)]
    cards = "".join(
        f"<div>{term.svg}<dt>{escape(term.title)}</dt><dd>{escape(term.says)}</dd></div>"
        for term in used
    )
    style = f"<style>.words svg {{{glossary.STYLE}}}</style>"
    return _part("Words", f'{style}<dl class="words">{cards}</dl>')


def _is_used(term: Term, rows: Sequence[Row], said: Iterable[str]) -> bool:
    """Whether a metric of the table is told by it, or a sentence has one of its names."""
    if any(row.key == term.metric for row in rows if row.cells and row.cells[0].text):
        return True
    names = "|".join(re.escape(name) for name in term.names)
    return any(re.search(rf"\b(?:{names})s?\b", text, re.IGNORECASE) for text in said)
